"""Order numbers that people can read to each other: 1001, 1002 … per shop."""

from functools import cache

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.kernel.database import table_of
from data.kernel.prepared import Prepared
from data.orders.models import OrderNumber

_FIRST = 1001
_NUMBERS = table_of(OrderNumber)


def next_number(session: Session, merchant_id: str) -> str:
    """One statement counts; its lock lets the next buyer of this shop wait until we commit."""
    counted = _counted(session.get_bind().dialect.name)
    return str(counted.scalar(session, merchant_id=merchant_id, last=_FIRST))


@cache
def _counted(dialect_name: str) -> Prepared:
    first = (sqlite if dialect_name == "sqlite" else postgresql).insert(_NUMBERS)
    counted = first.on_conflict_do_update(
        index_elements=[_NUMBERS.c.merchant_id], set_={"last": _NUMBERS.c.last + 1}
    )
    return Prepared(counted.returning(_NUMBERS.c.last), ("merchant_id", "last"))
