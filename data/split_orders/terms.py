"""What a shop sets for split orders, and what one person's part pays for the delivery."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders.price_models import PriceDeed, PriceThing
from data.orders.price_moves import Change, note_move
from data.split_orders.models import SplitOrder

HOLD = timedelta(minutes=10)  # goods wait unpaid as long as a seat's (T38)
SHORTEST, LONGEST = timedelta(minutes=10), timedelta(days=3)  # paid goods wait all that time
MOST_PARTS = 50
OPEN_PER_PERSON = 3
HOLDS_PER_PERSON = 3  # unpaid parts, in all of them together
_KEY = "split_orders"


@dataclass(frozen=True, slots=True)
class SplitTerms:
    """`minimum` counts goods at their prices. `fee`: one delivery, whoever shares it; nothing where
    all goods together come to `free_from`."""

    minimum: Money
    fee: Money
    free_from: Money | None = None


def split_terms_of(merchant: Merchant) -> SplitTerms | None:
    """None: the shop does not offer it."""
    told: dict[str, Any] | None = merchant.settings.get(_KEY)
    if told is None:
        return None
    free_from = told["free_from_minor"]
    return SplitTerms(
        Money(told["minimum_minor"], merchant.currency),
        Money(told["fee_minor"], merchant.currency),
        None if free_from is None else Money(free_from, merchant.currency),
    )


def set_split_terms(merchant: Merchant, terms: SplitTerms | None) -> None:
    """For those opened from now on. Invalid names the field that makes no sense."""
    settings = {key: value for key, value in merchant.settings.items() if key != _KEY}
    if terms is not None:
        _check(merchant, terms)
        settings[_KEY] = {
            "minimum_minor": terms.minimum.minor,
            "fee_minor": terms.fee.minor,
            "free_from_minor": None if terms.free_from is None else terms.free_from.minor,
        }
    merchant.settings = settings


def change_split_terms(
    session: Session, *, merchant_id: str, terms: SplitTerms | None, by: str, now: datetime
) -> None:
    """The same, and who did it."""
    merchant = session.get_one(Merchant, merchant_id, populate_existing=True, with_for_update=True)
    set_split_terms(merchant, terms)
    deed, told = PriceDeed.REMOVED, {}
    if terms is not None:
        deed = PriceDeed.SET
        told = {"minimum": str(terms.minimum.amount), "fee": str(terms.fee.amount)}
    change = Change(PriceThing.SPLIT_ORDER, subject_of(merchant_id), deed, told)
    note_move(session, merchant_id=merchant_id, change=change, by=by, now=now)


def subject_of(merchant_id: str) -> str:
    """What the trail of its terms stands under: the shop's own id is its tax's."""
    return f"{merchant_id}:split_orders"


def _check(merchant: Merchant, terms: SplitTerms) -> None:
    asked = {"minimum": terms.minimum, "fee": terms.fee, "free_from": terms.free_from}
    for name, money in asked.items():
        if money is None:
            continue
        least = 1 if name == "free_from" else 0
        if money.currency != merchant.currency or money.minor < least:
            raise Invalid(name)


def told_fee(split: SplitOrder, goods: Money) -> Money:
    """The most that sending their goods will cost whoever joins now: a share among those who have
    paid and them, or nothing where with their goods it is free. The larger share, if cents are
    left over: more people only make it less."""
    if (
        split.free_from_minor is not None
        and split.paid_minor + goods.minor >= split.free_from_minor
    ):
        return Money(0, split.currency)
    return share_of(split.fee, split.people + 1, 1)


def share_of(fee: Money, people: int, nth: int) -> Money:
    """Equal by head, the cents left over to the first ones: together exactly the fee."""
    return fee.split([1] * people)[nth - 1]
