"""A person's basket: wishes, not promises. Nothing is held before the order is placed."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from data.catalogue import Variant
from data.kernel.errors import Invalid, NotFound
from data.kernel.once import insert_once
from data.orders.models import BasketLine
from data.orders.placing import NewLine

_MOST_UNITS = 999


def put_in_basket(
    session: Session, *, merchant_id: str, person_id: str, line: NewLine, now: datetime
) -> None:
    """Add so many more of it; the price is asked when the order is placed."""
    variant = session.get(Variant, line.variant_id)
    if variant is None or variant.merchant_id != merchant_id:
        raise NotFound("variant")
    if not 0 < line.quantity <= _MOST_UNITS:
        raise Invalid("quantity")
    mine = {"merchant_id": merchant_id, "person_id": person_id, "variant_id": line.variant_id}
    at = _after_the_last(session, merchant_id=merchant_id, person_id=person_id, now=now)
    if insert_once(session, BasketLine, **mine, quantity=line.quantity, added_at=at) is None:
        session.execute(
            update(BasketLine)
            .filter_by(**mine)
            .values(quantity=BasketLine.quantity + line.quantity)
            .execution_options(synchronize_session="fetch")
        )


def _after_the_last(
    session: Session, *, merchant_id: str, person_id: str, now: datetime
) -> datetime:
    """Several goods of one sentence come at one moment, and stay in the order they were said."""
    mine = select(func.max(BasketLine.added_at)).where(
        BasketLine.merchant_id == merchant_id, BasketLine.person_id == person_id
    )
    last = session.scalar(mine)
    return now if last is None else max(now, last + timedelta(microseconds=1))


def take_out_of_basket(
    session: Session, *, merchant_id: str, person_id: str, variant_id: str | None = None
) -> None:
    """One thing, or (without a variant) everything."""
    gone = delete(BasketLine).where(
        BasketLine.merchant_id == merchant_id, BasketLine.person_id == person_id
    )
    if variant_id is not None:
        gone = gone.where(BasketLine.variant_id == variant_id)
    session.execute(gone)


def basket_of(session: Session, *, merchant_id: str, person_id: str) -> list[NewLine]:
    """What `place_order` takes as its lines, in the order it was put in."""
    lines = session.scalars(
        select(BasketLine)
        .where(BasketLine.merchant_id == merchant_id, BasketLine.person_id == person_id)
        .order_by(BasketLine.added_at, BasketLine.variant_id)
        .execution_options(populate_existing=True)
    )
    return [NewLine(line.variant_id, line.quantity) for line in lines]
