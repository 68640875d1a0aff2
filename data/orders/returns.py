"""Goods come back: the buyer asks, the shop decides. The money stands in payments/returning.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.kernel.errors import Invalid, NotFound, Refused, WrongState
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.kernel.versions import set_if_same
from data.merchants import Merchant
from data.orders.change_models import ChangeState
from data.orders.exchange_holds import hold_other
from data.orders.facts import OrderFact, ReturnApproved, ReturnRefused, ReturnRequested
from data.orders.models import Order, OrderKind, OrderState
from data.orders.return_models import (
    RETURN_TRANSITIONS,
    Return,
    ReturnLine,
    ReturnState,
)
from data.orders.return_terms import never_returned, return_window
from data.orders.states import lock_order, tell
from data.orders.worth import LineWorth, came_from, extras_of, worths

_SENT = (OrderState.SHIPPED, OrderState.DELIVERED)


@dataclass(frozen=True, slots=True)
class Returnable:
    """What of an order may come back now. `why_not` says why nothing of it may: "return_unsent",
    "return_late", "return_never" (such goods), "return_all" (all of it is on its way already)."""

    lines: Sequence[LineWorth]
    why_not: str = ""


def returnable(session: Session, order: Order, *, now: datetime) -> Returnable:
    """Changes nothing; under the order's lock it is what `request_return` decides by."""
    merchant = session.get_one(Merchant, order.merchant_id)
    if order.kind == OrderKind.POOLED:  # nobody's money alone: the shop settles it with them
        return Returnable((), "return_never")
    if order.state not in _SENT or order.kind == OrderKind.CHANGE:
        return Returnable((), "return_unsent")
    if order.updated_at + return_window(merchant) <= now:  # of a sent order: when it was, or came
        return Returnable((), "return_late")
    every = worths(session, order)
    never = never_returned(session, [worth.line for worth in every])
    taken = [worth for worth in every if worth.line.product_id not in never]
    left = [worth for worth in taken if worth.units > 0]
    return Returnable(left, "" if left else "return_all" if taken else "return_never")


def request_return(
    session: Session,
    *,
    order_id: str,
    person_id: str,
    units: Mapping[int, int],
    asked_ref: str,
    now: datetime,
) -> Return:
    """So many of these lines (by id) are to come back; what for them goes back is settled here.

    The same `asked_ref` gives the same return. Refused: see `Returnable`; "return_all" also where
    fewer are left than are asked for.
    """
    order = lock_order(session, order_id=order_id, person_id=person_id)
    known = session.scalar(
        select(Return).where(Return.order_id == order.id, Return.asked_ref == asked_ref)
    )
    if known is not None:
        return known
    wanted = _wanted(returnable(session, order, now=now), units)
    asked = Return(
        id=new_id("ret"),
        merchant_id=order.merchant_id,
        order_id=order.id,
        asked_ref=asked_ref,
        back_minor=sum(back.minor for _, _, back in wanted),
        currency=order.currency,
        created_at=now,
        updated_at=now,
    )
    session.add(asked)
    session.flush()
    session.add_all(_line(asked, worth, quantity, back) for worth, quantity, back in wanted)
    session.flush()
    tell(session, ReturnRequested, order, now=now, return_id=asked.id)
    return asked


@dataclass(frozen=True, slots=True)
class Decision:
    """`note` is told to the buyer: where to send it, or why not."""

    approve: bool
    by: str
    note: str = ""


def decide_return(
    session: Session, *, merchant_id: str, return_id: str, decision: Decision, now: datetime
) -> Return:
    """The shop takes it back or does not; WrongState once the other was said. What is wanted
    instead is held from here on; if it is gone, this is a return like any other."""
    order, asked = lock_return(session, merchant_id=merchant_id, return_id=return_id)
    to = ReturnState.APPROVED if decision.approve else ReturnState.REFUSED
    if asked.state == to:
        return asked
    move_return(session, asked, to, now=now, decided_by=decision.by, note=decision.note)
    if decision.approve:
        hold_other(session, asked, now)
    fact: type[OrderFact] = ReturnApproved if decision.approve else ReturnRefused
    tell(session, fact, order, now=now, return_id=asked.id)
    return asked


def lock_return(session: Session, *, merchant_id: str, return_id: str) -> tuple[Order, Return]:
    """Orders first, then the return. Before an exchange's order the one that it came from, after
    each the differences that were paid for it: money of all of them may go back."""
    order_id = session.scalar(
        select(Return.order_id).where(Return.id == return_id, Return.merchant_id == merchant_id)
    )
    if order_id is None:
        raise NotFound("return")
    order = _lock_from_first(session, session.get_one(Order, order_id))
    asked = session.get_one(Return, return_id, populate_existing=True, with_for_update=True)
    return order, asked


def move_return(
    session: Session, asked: Return, to: ReturnState, *, now: datetime, **also: object
) -> None:
    """Along the table, by compare-and-set; `also`: columns that change with the state."""
    if to not in RETURN_TRANSITIONS[ReturnState(asked.state)]:
        raise WrongState(f"{asked.state}->{to}")
    if not set_if_same(session, asked, state=to, updated_at=now, **also):
        raise WrongState("return_moved")


def returns_of(session: Session, order: Order) -> list[Return]:
    """The oldest first."""
    mine = select(Return).where(Return.order_id == order.id)
    return list(session.scalars(mine.order_by(Return.created_at, Return.id)))


def lines_of_return(session: Session, asked: Return) -> list[ReturnLine]:
    mine = select(ReturnLine).where(ReturnLine.return_id == asked.id)
    return list(session.scalars(mine.order_by(ReturnLine.id)))


def _lock_from_first(session: Session, order: Order) -> Order:
    found = came_from(session, order)
    if found is not None:
        _lock_from_first(session, session.get_one(Order, found[0].order_id))
    locked = lock_order(session, order_id=order.id)
    for extra in extras_of(session, locked, ChangeState.DONE):
        lock_order(session, order_id=extra.id)
    return locked


def _wanted(can: Returnable, units: Mapping[int, int]) -> list[tuple[LineWorth, int, Money]]:
    if can.why_not:
        raise Refused(can.why_not)
    if not units or min(units.values()) <= 0:
        raise Invalid("quantity")
    by_line = {worth.line.id: worth for worth in can.lines}
    if any(line not in by_line or by_line[line].units < many for line, many in units.items()):
        raise Refused("return_all")
    return [(by_line[line], many, by_line[line].of(many)) for line, many in sorted(units.items())]


def _line(asked: Return, worth: LineWorth, quantity: int, back: Money) -> ReturnLine:
    return ReturnLine(
        merchant_id=asked.merchant_id,
        return_id=asked.id,
        line_id=worth.line.id,
        quantity=quantity,
        back_minor=back.minor,
    )
