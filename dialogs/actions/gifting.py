"""Finding a gift: ideas with reasons, narrower or wider as the person says, until one fits."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from data.catalogue import get_product, variants_of
from data.delivery.messages import Card, Option
from data.kernel.errors import Invalid, OutOfStock
from data.kernel.ids import ProductId
from data.kernel.money import Money, exponent
from data.merchants import Merchant
from data.occasions import gifts_given
from data.recommendations import Age, Idea, Reason, Wish, suggest_gifts
from dialogs.actions.adults import only_adults
from dialogs.actions.base import ShopAction
from dialogs.actions.products import product_card
from dialogs.actions.turn import Turn

_AT_ONCE = 3
_TITLES = {"more": "utter_ideas_more", "cheaper": "utter_ideas_cheaper"}


class FindGifts(ShopAction):
    """Three ideas that fit everything said so far; new ones each time it runs."""

    called = "action_find_gifts"

    def act(self, turn: Turn) -> None:
        step = turn.slots.get("gift_choice")
        seen = turn.slots.get("ideas_shown") or []
        if step not in ("more", "cheaper", "pricier"):
            seen = []  # the wish itself changed: everything is worth a look again
        ideas = suggest_gifts(
            turn.session,
            merchant_id=turn.merchant.id,
            wish=_wish(turn),
            seen=[shown["product"] for shown in seen],
            given_before=_given_before(turn),
            cheaper_than=_bound(turn, step, seen, "cheaper"),
            dearer_than=_bound(turn, step, seen, "pricier"),
            limit=_AT_ONCE,
            now=turn.now,
        )
        turn.set("gift_choice", None)
        turn.set("ideas_found", bool(ideas or seen))
        if not ideas:
            turn.say("utter_no_more_ideas" if seen else "utter_no_ideas")
            return
        turn.set("ideas_shown", [*seen, *map(_remembered, ideas)])
        turn.say(_TITLES.get(step or "", "utter_ideas"), *(_card(turn, idea) for idea in ideas))


class ChooseGift(ShopAction):
    """The idea that was picked becomes what is bought; it must still be there."""

    called = "action_choose_gift"

    def act(self, turn: Turn) -> None:
        only_adults(turn.person)
        product_id = turn.slots.get("gift_choice") or ""
        turn.set("gift_choice", None)
        product = get_product(turn.session, merchant_id=turn.merchant.id, product_id=product_id)
        variants = variants_of(turn.session, merchant_id=turn.merchant.id, product_id=product.id)
        left = [variant for variant in variants if variant.available]
        if not left:
            raise OutOfStock(product.id)
        turn.set("gift_choice", product.id)
        turn.set("product", product.id)
        turn.set("variant", left[0].id if len(left) == 1 else None)


def _wish(turn: Turn) -> Wish:
    slots = turn.slots
    low, high = budget_of(slots.get("budget"), turn.merchant)
    occasion = slots.get("occasion")
    return Wish(
        recipient=slots.get("recipient"),
        occasion=None if occasion == "none" else occasion,
        budget_min=low,
        budget_max=high,
        interests=tuple(slots.get("interests") or ()),
        excluded=tuple(slots.get("excluded") or ()),
        age=_age(slots.get("recipient_age")),
    )


def _age(value: Any) -> Age | None:
    """`{min, max}` in years; an open end is the other one."""
    if not isinstance(value, Mapping):
        return None
    ends = [int(end) for end in (value.get("min"), value.get("max")) if end is not None]
    return Age(min(ends), max(ends)) if ends else None


def budget_of(value: Any, merchant: Merchant) -> tuple[Money | None, Money | None]:
    """What was said as a budget, in the shop's money. A bare number is an upper limit; another
    currency is read at the shop's declared rate, and only to understand, never to charge."""
    if isinstance(value, int | float):
        return None, Money.of(str(value), merchant.currency)
    if not isinstance(value, Mapping):
        return None, None
    low, high = (_in_shop_money(value.get(end), value, merchant) for end in ("min", "max"))
    if low is not None and low == high:  # one amount is a limit; "about" leaves a tenth of room
        room = high.minor // 10 if value.get("approx") else 0
        return None, Money(high.minor + room, high.currency)
    return low, high


def _in_shop_money(amount: Any, value: Mapping[str, Any], merchant: Merchant) -> Money | None:
    if amount is None:
        return None
    said = value.get("currency") or merchant.currency
    rates = merchant.settings.get("reading_rates", {})
    if said != merchant.currency and said not in rates:
        raise Invalid("budget_currency", currency=said)
    rate = Decimal("1") if said == merchant.currency else Decimal(rates[said])
    minor = (Decimal(str(amount)) * rate).scaleb(exponent(merchant.currency))
    return Money(int(minor), merchant.currency)


def _bound(turn: Turn, step: str | None, seen: list[dict[str, Any]], way: str) -> Money | None:
    """Cheaper than the cheapest of the last three, or dearer than the dearest."""
    prices = [shown["price"] for shown in seen[-_AT_ONCE:]]
    if step != way or not prices:
        return None
    edge = min(prices) if way == "cheaper" else max(prices)
    return Money(edge, turn.merchant.currency)


def _given_before(turn: Turn) -> list[ProductId]:
    """What this person already gave to them is no new idea."""
    recipient = turn.slots.get("recipient")
    return gifts_given(turn.session, person=turn.person, relation=recipient) if recipient else []


def _remembered(idea: Idea) -> dict[str, Any]:
    return {"product": idea.product.id, "price": idea.price.minor}


def _card(turn: Turn, idea: Idea) -> Card:
    reasons = [_reason(turn, reason) for reason in idea.reasons]
    pick = Option(turn.words("utter_pick_button"), f"/SetSlots(gift_choice={idea.product.id})")
    return product_card(turn, idea.product, price=idea.price, reasons=reasons, options=(pick,))


def _reason(turn: Turn, reason: Reason) -> str:
    return turn.words(f"utter_{reason.code}", **reason.values)


ACTIONS = (FindGifts, ChooseGift)
