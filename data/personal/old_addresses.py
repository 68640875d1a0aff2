"""Addresses go thirty days after all that went to them is over (security design, "privacy").

The address of an order, or of a parcel, is looked at that long after each end of anything that goes
there. What is open then is looked at once more as long after: whatever ends meanwhile is not due
earlier. With an order's address go those that its person used and uses no more.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from data.conversations import Conversation
from data.delivery.jobs import JobRunner, enqueue_once
from data.delivery.models import Job
from data.kernel.encryption import Unreadable
from data.kernel.facts import Fact
from data.orders import (
    Address,
    Order,
    OrderCancelled,
    OrderDelivered,
    OrderExpired,
    OrderFact,
    OrderRefunded,
)
from data.orders.address import ADDRESS_KEPT, clear_address, opened
from data.orders.address_book import KEPT_OVER, KeptAddress, look_at_kept, opened_kept
from data.orders.parcel_models import Parcel
from data.people.merged import been, known_as
from data.personal.covering import cover_up
from data.personal.wanted import ENDED, last_end
from data.split_orders import SplitCancelled, SplitFailed, SplitOrder

OVER = "address_over"  # the job kinds; args: holder, at · merchant_id, table, after
ROUND = "address_round"  # once, of what ended before there were these jobs: migration 0047
_ENDS = (OrderDelivered, OrderExpired, OrderCancelled, OrderRefunded)
_A_DAY = timedelta(days=1)
_BATCH, _PAUSE = 100, timedelta(minutes=1)  # so that chats do not wait for years of orders


def listen(session: Session, fact: Fact, now: datetime) -> None:
    """Something that has an address came to an end."""
    if isinstance(fact, OrderFact) and type(fact) in _ENDS:
        order = session.get_one(Order, fact.order_id)
        holders = [order.goes_with, order.id if order.ship_to is not None else None]
    elif isinstance(fact, SplitFailed | SplitCancelled):
        holders = [session.get_one(SplitOrder, fact.split_id).parcel_id]
    else:
        return
    for holder_id in filter(None, holders):
        _look_at(session, fact.merchant_id, holder_id, at=now + ADDRESS_KEPT, now=now)


def _look_at(
    session: Session, merchant_id: str, holder_id: str, *, at: datetime, now: datetime
) -> None:
    args = {"holder": holder_id, "at": at.isoformat()}
    enqueue_once(session, OVER, args, merchant_id=merchant_id, at=at, now=now)


def clear_if_over(session: Session, *, holder_id: str, now: datetime) -> bool:
    """The address of this order or parcel. False: it has none, or its time is not over: it will be
    looked at again."""
    holder = session.get(Order, holder_id) or _locked_parcel(session, holder_id)
    if holder is None:
        return False
    ended = last_end(session, holder)
    address = _readable(session, holder)
    if holder.ship_to is None:
        return False
    at = (ended or now) + ADDRESS_KEPT
    if at > now:
        _look_at(session, holder.merchant_id, holder.id, at=at, now=now)
        return False
    clear_address(session, holder, now=now)
    if address is not None:
        cover_up(session, _people(session, holder.person_id), address)
    drop_unused(session, person_id=holder.person_id, now=now)
    return True


def _locked_parcel(session: Session, parcel_id: str) -> Parcel | None:
    return session.get(Parcel, parcel_id, populate_existing=True, with_for_update=True)


def drop_unused(session: Session, *, person_id: str, now: datetime) -> None:
    """What they used before, and neither an order of theirs nor a talk under way still needs."""
    people = _people(session, person_id)
    old = select(KeptAddress).where(
        KeptAddress.person_id.in_(people), KeptAddress.kept_at <= now - ADDRESS_KEPT
    )
    rows = session.scalars(old.order_by(KeptAddress.id)).all()
    needed = list(_standing(session, people)) if rows else []
    for kept in rows:
        address = _readable(session, kept)
        if _is_spoken_of(session, people, kept):
            look_at_kept(session, kept, at=now + _A_DAY, now=now)
        elif address is None or address not in needed:
            session.delete(kept)
            if address is not None:
                cover_up(session, people, address)
    session.flush()


def _people(session: Session, person_id: str) -> list[str]:
    return been(session, known_as(session, person_id).id)


def _standing(session: Session, people: list[str]) -> Iterator[Address]:
    """Where something of theirs goes or went a short while ago."""
    orders = select(Order).where(Order.person_id.in_(people), Order.ship_to.is_not(None))
    parcels = select(Parcel).where(Parcel.person_id.in_(people), Parcel.ship_to.is_not(None))
    for holder in (*session.scalars(orders), *session.scalars(parcels)):
        address = _readable(session, holder)
        if address is not None:
            yield address


def _readable(session: Session, row: Order | Parcel | KeptAddress) -> Address | None:
    """None: it has none, or the key is gone."""
    try:
        return opened_kept(session, row) if isinstance(row, KeptAddress) else opened(session, row)
    except Unreadable:
        return None


def _is_spoken_of(session: Session, people: list[str], kept: KeptAddress) -> bool:
    """A flow that is not at its end holds the reference."""
    talks = select(Conversation.snapshot).where(Conversation.person_id.in_(people))
    return any(kept.id in str(snapshot) for snapshot in session.scalars(talks))


def _run_over(session: Session, job: Job, now: datetime) -> None:
    clear_if_over(session, holder_id=job.args["holder"], now=now)


def _run_kept(session: Session, job: Job, now: datetime) -> None:
    kept = session.get(KeptAddress, job.args["kept"])
    if kept is not None:
        drop_unused(session, person_id=kept.person_id, now=now)


def _run_round(session: Session, job: Job, now: datetime) -> None:
    """So many of them; the next ones after a pause."""
    merchant_id, table, after = (job.args[name] for name in ("merchant_id", "table", "after"))
    ids = session.scalars(_STANDING[table](merchant_id, after).limit(_BATCH)).all()
    for one in ids:
        kept = session.get(KeptAddress, one)
        if kept is not None:
            look_at_kept(session, kept, at=max(now, kept.kept_at + ADDRESS_KEPT), now=now)
        else:
            _look_at(session, merchant_id, one, at=now, now=now)
    if len(ids) == _BATCH:
        _go_on(session, merchant_id, table, ids[-1], now)
    elif table in _NEXT:
        _go_on(session, merchant_id, _NEXT[table], "", now)


def _go_on(session: Session, merchant_id: str, table: str, after: str, now: datetime) -> None:
    args = {"merchant_id": merchant_id, "table": table, "after": after}
    enqueue_once(session, ROUND, args, merchant_id=merchant_id, at=now + _PAUSE, now=now)


def _orders(merchant_id: str, after: str) -> Select[str]:
    mine = select(Order.id).where(Order.merchant_id == merchant_id, Order.id > after)
    return mine.where(Order.ship_to.is_not(None), Order.state.in_(ENDED)).order_by(Order.id)


def _parcels(merchant_id: str, after: str) -> Select[str]:
    mine = select(Parcel.id).where(Parcel.merchant_id == merchant_id, Parcel.id > after)
    return mine.where(Parcel.ship_to.is_not(None)).order_by(Parcel.id)


def _kept(merchant_id: str, after: str) -> Select[str]:
    mine = select(KeptAddress.id).where(KeptAddress.merchant_id == merchant_id)
    return mine.where(KeptAddress.id > after).order_by(KeptAddress.id)


_STANDING: Mapping[str, Callable[[str, str], Select[str]]] = {
    "orders": _orders,
    "parcels": _parcels,
    "kept": _kept,
}
_NEXT = {"orders": "parcels", "parcels": "kept"}
JOBS: Mapping[str, JobRunner] = {OVER: _run_over, KEPT_OVER: _run_kept, ROUND: _run_round}
