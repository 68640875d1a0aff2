"""How much of each product was sold of late, counted now and then and not for every question."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from data.catalogue.floor import FLOOR, ShopFloor
from data.catalogue.models import StockMove, Variant
from data.catalogue.shelf import Sales
from data.catalogue.stock import SOLD
from data.kernel.database import UtcDateTime, table_of

_OF_LATE = timedelta(days=90)
_VARIANTS, _MOVES = table_of(Variant).c, table_of(StockMove).c
_SOLD = (
    select(_VARIANTS.product_id, -func.sum(_MOVES.delta))
    .join_from(table_of(StockMove), table_of(Variant), _VARIANTS.id == _MOVES.variant_id)
    .where(_MOVES.merchant_id == bindparam("merchant_id"), _MOVES.reason == SOLD)
    .where(_MOVES.created_at >= bindparam("since", type_=UtcDateTime()))
    .group_by(_VARIANTS.product_id)
)
# It is worth 0.06 of a gift's score and counts by its logarithm (recommendations/scoring.py): what
# is sold in five minutes moves no idea.
_GOOD_FOR = timedelta(minutes=5)
_MOST_SHOPS = 1_000  # counted for and remembered; beyond that all are counted again


def units_sold(session: Session, *, merchant_id: str, now: datetime) -> Mapping[str, int]:
    """Units by product id; a product of which none was sold is not in it."""
    floor = session.info.get(FLOOR)
    if not isinstance(floor, ShopFloor):
        return _count(session, merchant_id, now)
    kept = floor.sales.get(merchant_id)
    if kept is None or not timedelta(0) <= now - kept.counted_at < _GOOD_FOR:
        kept = Sales(now, _count(session, merchant_id, now))
        if len(floor.sales) >= _MOST_SHOPS:
            floor.sales.clear()
        floor.sales[merchant_id] = kept
    return kept.units


def _count(session: Session, merchant_id: str, now: datetime) -> Mapping[str, int]:
    values = {"merchant_id": merchant_id, "since": now - _OF_LATE}
    return {product_id: int(units) for product_id, units in session.execute(_SOLD, values)}
