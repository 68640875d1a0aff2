"""Order numbers that people can read to each other: 1001, 1002 … per shop."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from data.kernel.once import insert_once
from data.orders.models import OrderNumber

_FIRST = 1001


def next_number(session: Session, merchant_id: str) -> str:
    """One UPDATE counts; the row's lock lets the next buyer of this shop wait until we commit."""
    if insert_once(session, OrderNumber, merchant_id=merchant_id, last=_FIRST) is not None:
        return str(_FIRST)
    counted = session.scalar(
        update(OrderNumber)
        .where(OrderNumber.merchant_id == merchant_id)
        .values(last=OrderNumber.last + 1)
        .returning(OrderNumber.last)
        .execution_options(synchronize_session=False)
    )
    return str(counted)
