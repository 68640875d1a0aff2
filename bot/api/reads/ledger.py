"""What the rows that a statement's movements name belong to."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from data.ledger import Movement
from data.orders import Order
from data.payments import PaymentAttempt, Refund
from data.payments.books import CREDIT_EARNED, CREDIT_REDEEMED, CREDIT_RETURNED
from data.payments.credit_models import GiftCardUse

_OF_CREDIT = frozenset({CREDIT_REDEEMED, CREDIT_EARNED, CREDIT_RETURNED})


def orders_behind(
    session: Session, *, merchant_id: str, movements: Sequence[Movement]
) -> Mapping[int, Order]:
    """By the movement's number: the order whose money it was. A gift card that was given away has
    none."""
    plain = {move.source_ref for move in movements if move.kind not in _OF_CREDIT}
    uses = {int(move.source_ref) for move in movements if move.kind in _OF_CREDIT}
    by_row = {
        **_ids(session, select(PaymentAttempt.id, PaymentAttempt.order_id), plain),
        **_ids(session, select(Refund.id, Refund.order_id), plain),
    }
    by_use = _ids(session, select(GiftCardUse.id, GiftCardUse.order_id), uses)
    orders = _orders(session, merchant_id, {*by_row.values(), *by_use.values()})
    found = {}
    for move in movements:
        named = by_use if move.kind in _OF_CREDIT else by_row
        order = orders.get(named.get(move.source_ref, ""))
        if order is not None:
            found[move.number] = order
    return found


def _ids(
    session: Session, rows: Select[str, str] | Select[int, str], ids: Iterable[object]
) -> dict[str, str]:
    key = rows.selected_columns[0]
    return {str(row): order for row, order in session.execute(rows.where(key.in_(list(ids))))}


def _orders(session: Session, merchant_id: str, ids: Iterable[str]) -> dict[str, Order]:
    mine = select(Order).where(Order.merchant_id == merchant_id, Order.id.in_(list(ids)))
    return {order.id: order for order in session.scalars(mine)}
