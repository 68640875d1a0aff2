"""Goods on their way back and what was changed of orders, as the shop sees them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.api.paging import Page, Where, newest_first
from data.catalogue import Variant
from data.kernel.errors import NotFound
from data.kernel.money import Money
from data.orders import Exchange, Order, OrderLine, Return, ReturnState, lines_of_return
from data.people import Person


@dataclass(frozen=True, slots=True)
class ReturnView:
    """`lines`: how many of which come back; `wanted`: what is wanted for them, if anything."""

    asked: Return
    order: Order
    buyer: str
    lines: Sequence[tuple[OrderLine, int]]
    wanted: "WantedView | None" = None

    @property
    def goes_back(self) -> Money:
        """In money; what an exchange needs of it does not."""
        if self.asked.received_by:
            return self.asked.given
        if self.wanted is None or self.wanted.exchange.fell_through:
            return self.asked.back
        return self.asked.back - self.wanted.exchange.keeps


@dataclass(frozen=True, slots=True)
class WantedView:
    """An exchange: for which variant, by which order once the goods are here."""

    exchange: Exchange
    variant: Variant
    order: Order | None


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
    name = person.name if person else ""
    return ReturnView(asked, order, name, lines, _wanted(session, asked))


def _wanted(session: Session, asked: Return) -> WantedView | None:
    found = session.get(Exchange, asked.id)
    if found is None:
        return None
    placed = session.get_one(Order, found.order_id) if found.order_id else None
    return WantedView(found, session.get_one(Variant, found.variant_id), placed)
