"""How long a shop takes goods back, and which it never does."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue import ProductTag
from data.kernel.errors import Invalid
from data.merchants import Merchant
from data.orders.models import OrderLine

RETURN_DAYS = 14  # the default; by EU law (2011/83/EU, article 9) the least for what is sold afar
_MOST_DAYS = 365
_KEY = "return_days"
# The tag of a product that is never taken back: food, earrings, what was made for one person.
NEVER = ("returns", "never")


def return_window(merchant: Merchant) -> timedelta:
    """From the day on which an order was shipped or, if that is known, delivered. Zero: never."""
    return timedelta(days=int(merchant.settings.get(_KEY, RETURN_DAYS)))


def set_return_days(merchant: Merchant, days: int) -> None:
    """Invalid: less than none, or more than a year."""
    if not 0 <= days <= _MOST_DAYS:
        raise Invalid("return_days")
    merchant.settings = {**merchant.settings, _KEY: days}


def never_returned(session: Session, lines: Sequence[OrderLine]) -> frozenset[str]:
    """The products among these that the shop does not take back."""
    kind, value = NEVER
    wanted = {line.product_id for line in lines}
    tagged = select(ProductTag.product_id).where(
        ProductTag.product_id.in_(wanted), ProductTag.kind == kind, ProductTag.value == value
    )
    return frozenset(session.scalars(tagged))
