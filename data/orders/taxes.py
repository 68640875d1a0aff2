"""A shop's tax: one rate, in its prices or on top of them. By product or place it has none."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy.orm import Session

from data.kernel.errors import Invalid
from data.merchants import Merchant
from data.orders.price_models import PriceDeed, PriceThing
from data.orders.price_moves import Change, note_move

_KEY = "tax"
_MOST = Decimal(50)  # per cent; Hungary's 27 is the highest general rate of today's
_DIGITS = 3  # New York's 8.875


@dataclass(frozen=True, slots=True)
class Tax:
    """`name` is what it is called on a bill, by language; without one the page has a word."""

    percent: Decimal
    included: bool = True
    on_shipping: bool = False
    name: dict[str, str] = field(default_factory=dict)


def tax_of(merchant: Merchant) -> Tax | None:
    """None: the shop has told of none."""
    told: dict[str, Any] | None = merchant.settings.get(_KEY)
    if not told:
        return None
    return Tax(Decimal(told["percent"]), told["included"], told["on_shipping"], told["name"])


def set_tax(merchant: Merchant, tax: Tax | None) -> None:
    """For orders placed from now on. Invalid: a rate that no law has."""
    settings = {key: value for key, value in merchant.settings.items() if key != _KEY}
    if tax is not None:
        _refuse_odd(tax.percent)
        settings[_KEY] = {
            "percent": str(tax.percent),
            "included": tax.included,
            "on_shipping": tax.on_shipping,
            "name": tax.name,
        }
    merchant.settings = settings


def change_tax(
    session: Session, *, merchant_id: str, tax: Tax | None, by: str, now: datetime
) -> None:
    """The same, and who did it."""
    merchant = session.get_one(Merchant, merchant_id, populate_existing=True, with_for_update=True)
    set_tax(merchant, tax)
    deed, told = PriceDeed.REMOVED, {}
    if tax is not None:
        deed = PriceDeed.SET
        told = {
            "percent": str(tax.percent),
            "included": "yes" if tax.included else "no",
            "on_shipping": "yes" if tax.on_shipping else "no",
        }
    change = Change(PriceThing.TAX, merchant_id, deed, told)
    note_move(session, merchant_id=merchant_id, change=change, by=by, now=now)


def percent_of(text: str) -> Decimal:
    """What was typed in; Invalid where it is no rate."""
    try:
        percent = Decimal(text.strip().rstrip("%"))
    except InvalidOperation:
        raise Invalid("tax_percent") from None
    _refuse_odd(percent)
    return percent


def _refuse_odd(percent: Decimal) -> None:
    is_rate = percent.is_finite() and 0 < percent <= _MOST
    if not is_rate or percent != round(percent, _DIGITS):
        raise Invalid("tax_percent")
