"""Goods on their way back and what was changed of orders, as the shop sees them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.api.paging import Page, Where, newest_first
from data.kernel.errors import NotFound
from data.orders import Order, OrderLine, Return, ReturnState, lines_of_return
from data.people import Person


@dataclass(frozen=True, slots=True)
class ReturnView:
    """`lines`: how many of which come back."""

    asked: Return
    order: Order
    buyer: str
    lines: Sequence[tuple[OrderLine, int]]


def list_returns(
    session: Session, *, merchant_id: str, state: str | None, where: Where
) -> Page[Return]:
    query = select(Return).where(Return.merchant_id == merchant_id)
    if state:
        query = query.where(Return.state == state)
    return newest_first(session, query, at=Return.created_at, key=Return.id, where=where)


def count_asked(session: Session, *, merchant_id: str) -> int:
    """How many wait for the shop's word."""
    asked = (
        select(func.count())
        .select_from(Return)
        .where(Return.merchant_id == merchant_id, Return.state == ReturnState.REQUESTED)
    )
    return session.scalar(asked) or 0


def find_return(session: Session, *, merchant_id: str, return_id: str) -> Return:
    found = session.get(Return, return_id)
    if found is None or found.merchant_id != merchant_id:
        raise NotFound("return")
    return found


def view_return(session: Session, asked: Return) -> ReturnView:
    order = session.get_one(Order, asked.order_id)
    person = session.get(Person, order.person_id)
    lines = [
        (session.get_one(OrderLine, one.line_id), one.quantity)
        for one in lines_of_return(session, asked)
    ]
    return ReturnView(asked, order, person.name if person else "", lines)
