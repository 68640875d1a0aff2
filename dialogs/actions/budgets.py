"""What somebody means to spend, in the shop's money. Another currency is read at the shop's
declared rate, and only to understand, never to charge."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from data.kernel.errors import Invalid
from data.kernel.money import Money, exponent
from data.merchants import Merchant
from dialogs.actions.base import ShopAction
from dialogs.actions.turn import Turn

Bounds = tuple[Money | None, Money | None]


class ValidateBudget(ShopAction):
    """In a currency that we have no rate for it is asked again, in the shop's own."""

    called = "validate_budget"

    def act(self, turn: Turn) -> None:
        if unknown_currency(turn):
            turn.set("budget", None)


def unknown_currency(turn: Turn) -> bool:
    """Says so, and in which money we count here."""
    said = _currency(turn.slots.get("budget"))
    shop = turn.merchant.currency
    if said in (None, shop) or said in _rates(turn.merchant):
        return False
    turn.say("utter_budget_currency", said=said, ours=shop)
    return True


def say_converted(turn: Turn) -> None:
    """Once for each budget: what it comes to in the shop's money."""
    budget = turn.slots.get("budget")
    if not isinstance(budget, Mapping) or _currency(budget) in (None, turn.merchant.currency):
        return
    if turn.slots.get("budget_told") == budget or unknown_currency(turn):
        return
    low, high = (_in_shop_money(budget[end], budget, turn.merchant) for end in ("min", "max"))
    turn.set("budget_told", budget)
    if low and high and low != high:
        turn.say("utter_budget_converted_range", low=low, high=high)
    else:
        turn.say("utter_budget_converted", about=high or low)


def budget_of(value: Any, merchant: Merchant) -> Bounds:
    """A bare number is an upper limit; "about" leaves a tenth of room."""
    if isinstance(value, int | float):
        return None, Money.of(str(value), merchant.currency)
    if not isinstance(value, Mapping):
        return None, None
    low, high = (_in_shop_money(value.get(end), value, merchant) for end in ("min", "max"))
    if low is not None and low == high:
        room = high.minor // 10 if value.get("approx") else 0
        return None, Money(high.minor + room, high.currency)
    return low, high


def _in_shop_money(amount: Any, value: Mapping[str, Any], merchant: Merchant) -> Money | None:
    if amount is None:
        return None
    said, rates = value.get("currency") or merchant.currency, _rates(merchant)
    if said != merchant.currency and said not in rates:
        raise Invalid("budget_currency", currency=said)
    rate = Decimal("1") if said == merchant.currency else Decimal(rates[said])
    minor = (Decimal(str(amount)) * rate).scaleb(exponent(merchant.currency))
    return Money(int(minor), merchant.currency)


def _currency(budget: Any) -> str | None:
    return budget.get("currency") if isinstance(budget, Mapping) else None


def _rates(merchant: Merchant) -> Mapping[str, str]:
    rates: Mapping[str, str] = merchant.settings.get("reading_rates", {})
    return rates


ACTIONS = (ValidateBudget,)
