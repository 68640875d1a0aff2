"""Goods that came back and goods that were changed: what moved is what was noted, once."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, union_all

from data.audit.checks import Check, Moment
from data.ledger import GIFT_CARD_LIABILITY, LedgerEntry, Posting
from data.orders import (
    ChangeState,
    Exchange,
    Order,
    OrderChange,
    OrderKind,
    OrderLine,
    OrderState,
    Return,
    ReturnLine,
    ReturnState,
)
from data.payments import Refund
from data.payments.books import CREDIT_RETURNED

_HERE = (ReturnState.RECEIVED, ReturnState.REFUNDED)
_OWED = (OrderState.READY, OrderState.SHIPPED, OrderState.DELIVERED)
_BACK = (OrderState.REFUND_PENDING, OrderState.REFUNDED)


def _more_than_bought(_: Moment) -> Select[Any]:
    return (
        select(ReturnLine.line_id)
        .join(Return, Return.id == ReturnLine.return_id)
        .join(OrderLine, OrderLine.id == ReturnLine.line_id)
        .where(Return.state != ReturnState.REFUSED)
        .group_by(ReturnLine.line_id, OrderLine.quantity)
        .having(func.sum(ReturnLine.quantity) > OrderLine.quantity)
    )


def _sum_of_lines_differs(_: Moment) -> Select[Any]:
    total = func.coalesce(func.sum(ReturnLine.back_minor), 0)
    by_line = select(total).where(ReturnLine.return_id == Return.id).scalar_subquery()
    return select(Return.id).where(Return.back_minor != by_line)


def _given_differs(_: Moment) -> Select[Any]:
    """What a return or a cheaper variant gave is what providers and cards were promised for it."""
    for_goods = _promised_for(literal("return:") + Return.id)
    for_goods += _promised_for(literal("exchange:") + Return.id)
    for_change = _promised_for(literal("change:") + OrderChange.id)
    both = union_all(
        select(Return.id.label("id")).where(Return.given_minor != for_goods),
        select(OrderChange.id).where(OrderChange.back_minor != for_change),
    ).subquery()
    return select(both.c.id)


def _promised_for(cause: ColumnElement[str]) -> ColumnElement[int]:
    refunds = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
        Refund.cause_ref == cause
    )
    cards = (
        select(func.coalesce(func.sum(Posting.amount_minor), 0))
        .join(LedgerEntry, LedgerEntry.id == Posting.entry_id)
        .where(LedgerEntry.kind == CREDIT_RETURNED, Posting.account == GIFT_CARD_LIABILITY)
        .where(LedgerEntry.source_ref.like(literal("%:") + cause))
    )
    return refunds.scalar_subquery() + cards.scalar_subquery()


def _changed_for_nothing(_: Moment) -> Select[Any]:
    """A dearer variant is there, and its difference was never paid."""
    return (
        select(OrderChange.id)
        .join(Order, Order.id == OrderChange.extra_order_id)
        .where(OrderChange.state == ChangeState.DONE)
        .where(Order.state.not_in((OrderState.READY, *_BACK)))
    )


def _difference_kept(moment: Moment) -> Select[Any]:
    """It was paid, and nothing was changed for it; or the order went back and it did not."""
    return (
        select(Order.id)
        .outerjoin(OrderChange, OrderChange.extra_order_id == Order.id)
        .where(Order.kind == OrderKind.CHANGE, Order.state == OrderState.READY)
        .where(Order.updated_at <= moment.settled)
        .where(or_(OrderChange.id.is_(None), OrderChange.state != ChangeState.DONE))
    )


def _kept_for_nothing(moment: Moment) -> Select[Any]:
    """What was to pay for goods in exchange stays, and those are not owed, or not any more."""
    return (
        select(Return.id)
        .outerjoin(Exchange, Exchange.return_id == Return.id)
        .outerjoin(Order, Order.id == Exchange.order_id)
        .where(Return.state == ReturnState.EXCHANGED, Return.updated_at <= moment.settled)
        .where(or_(Order.id.is_(None), Order.state.not_in(_OWED), Exchange.fell_through))
    )


def _exchanged_and_refunded(_: Moment) -> Select[Any]:
    """Goods are owed in exchange, and what was to pay for them did not stay."""
    return (
        select(Order.id)
        .outerjoin(Exchange, Exchange.order_id == Order.id)
        .outerjoin(Return, Return.id == Exchange.return_id)
        .where(Order.kind == OrderKind.EXCHANGE, Order.state.in_(_OWED))
        .where(
            or_(
                Return.id.is_(None),
                Return.state != ReturnState.EXCHANGED,
                Return.given_minor > Return.back_minor - Exchange.keeps_minor,
            )
        )
    )


CHECKS = (
    Check("I4", "returned_more_than_bought", _more_than_bought),
    Check("I4", "return_is_not_its_lines", _sum_of_lines_differs),
    Check("I6", "return_given_differs", _given_differs),
    Check("I5", "changed_without_payment", _changed_for_nothing),
    Check("I5", "difference_kept", _difference_kept),
    Check("I5", "exchange_kept_for_nothing", _kept_for_nothing),
    Check("I6", "exchanged_and_refunded", _exchanged_and_refunded),
)
