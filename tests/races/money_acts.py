"""What one process does when money is raced for; the `careless` ones are the controls.

A careless process runs the same code with the guard that its race is about switched off: it
believes what it saw before the others acted, and writes without comparing.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier
from types import ModuleType
from typing import Any
from unittest.mock import patch

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.delivery.bell import Bell
from bot.delivery.worker import JobKind, Worker
from data import payments
from data.catalogue import Variant, stock
from data.delivery.jobs import JobRunner
from data.kernel.clock import TurnableClock
from data.kernel.database import Database
from data.kernel.money import Money
from data.orders import NewLine, Order, OrderDetails, expire_order, place_order, service, states
from data.payments import (
    PaymentAttempt,
    apply_truth,
    attempts,
    begin_attempt,
    books,
    lease,
    record_answer,
    record_notice,
    refunds,
    request_refund,
    truth,
)
from data.payments.gateway import PaymentStatus, ProviderEvent, ProviderPayment
from data.payments.sandbox_bank import SANDBOX, plan
from data.payments.sandbox_models import Outcome
from integrations.payments import SandboxGateway, perform

SECRET = "the bank's own little secret"
HOLD = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Wish:
    """One unit of these goods, for this person, at this moment."""

    merchant_id: str
    person_id: str
    variant_id: str
    now: datetime


# One unit, many buyers.


def buy(database: Database, barrier: Barrier, wish: Wish) -> None:
    """The whole checkout: the order, the attempt, the bank's word."""
    barrier.wait()
    order_id = _place(database, wish)
    with database.transaction() as session:
        way = payments.Way(SANDBOX)
        attempt = begin_attempt(session, order_id=order_id, way=way, now=wish.now)
        plan(session, key=attempt.idempotency_key, outcome=Outcome.APPROVED)
        attempt_id = attempt.id
    _call_the_bank(database, wish.now, attempt_id)


def careless_buy(database: Database, barrier: Barrier, wish: Wish) -> None:
    with database.reading() as session:
        held = session.get_one(Variant, wish.variant_id).held
    barrier.wait()
    with patch.object(stock, "_HOLD", _HeldAsSeen(held)):
        _place(database, wish)


class _HeldAsSeen:
    """Of what was seen to be held, one more; instead of one conditional UPDATE."""

    def __init__(self, seen: int) -> None:
        self._seen = seen

    def run(self, session: Session, *, variant: str, many: int) -> int:
        values = {"held": self._seen + many, "variant": variant}
        session.execute(text("UPDATE variants SET held = :held WHERE id = :variant"), values)
        return 1


def _place(database: Database, wish: Wish) -> str:
    with database.transaction() as session:
        order = place_order(
            session,
            merchant_id=wish.merchant_id,
            person_id=wish.person_id,
            lines=[NewLine(wish.variant_id)],
            details=OrderDetails(),
            hold_until=wish.now + HOLD,
            now=wish.now,
        )
        return order.id


# Callbacks of one payment.


def be_told(database: Database, barrier: Barrier, key: str, event: str, now: datetime) -> None:
    """A callback comes in; this process does the jobs and makes the calls that follow."""
    told = ProviderEvent(event_id=event, our_ref=key, raw=b"{}", headers={})
    barrier.wait()
    with database.transaction() as session:
        record_notice(session, provider=SANDBOX, event=told, now=now)
    clock = TurnableClock(now)
    kinds = {name: _plain(runner) for name, runner in payments.JOBS.items()}
    asyncio.run(Worker(database, clock, kinds, Bell()).drain())
    _call_the_bank(database, now, None)


def careless_told(database: Database, barrier: Barrier, attempt_id: str, now: datetime) -> None:
    """Believes that nobody was told before, and books under a name of its own."""
    order, attempt = _seen(database, attempt_id)
    barrier.wait()
    with (
        _careless(order, attempt),
        patch.object(books, "post", _posting_once_more),
        database.transaction() as session,
    ):
        shown = ProviderPayment(PaymentStatus.CAPTURED, attempt.amount, attempt.provider_ref)
        apply_truth(session, attempt_id=attempt_id, truth=shown, now=now)


_post = books.post


def _posting_once_more(session: Session, *, source_ref: str, **entry: Any) -> None:
    _post(session, source_ref=f"{source_ref}/{os.getpid()}", **entry)


def _plain(runner: JobRunner) -> JobKind:
    return JobKind(lambda session, job, now, _prepared: runner(session, job, now))


def _call_the_bank(database: Database, now: datetime, attempt_id: str | None) -> None:
    bank = SandboxGateway(database, TurnableClock(now), secret=SECRET)
    with database.transaction() as session:
        calls = lease(session, now=now, attempt_id=attempt_id)
    for call in calls:
        answer = asyncio.run(perform(call, bank))
        with database.transaction() as session:
            record_answer(session, call=call, answer=answer, now=now)


# The last moment of an order.


def hear(database: Database, barrier: Barrier, attempt_id: str, now: datetime) -> None:
    """The bank's word that it took the money."""
    _, attempt = _seen(database, attempt_id)
    barrier.wait()
    shown = ProviderPayment(PaymentStatus.CAPTURED, attempt.amount, attempt.provider_ref)
    with database.transaction() as session:
        apply_truth(session, attempt_id=attempt_id, truth=shown, now=now)


def hear_and_meet_again(
    database: Database, barrier: Barrier, attempt_id: str, now: datetime
) -> None:
    hear(database, barrier, attempt_id, now)
    barrier.wait()


def expire(database: Database, barrier: Barrier, order_id: str, now: datetime) -> None:
    barrier.wait()
    with database.transaction() as session:
        expire_order(session, order_id=order_id, now=now)


def careless_expire(database: Database, barrier: Barrier, attempt_id: str, now: datetime) -> None:
    """Saw an unpaid order; meets the others before and after it is paid."""
    order, attempt = _seen(database, attempt_id)
    barrier.wait()
    barrier.wait()
    with _careless(order, attempt), database.transaction() as session:
        expire_order(session, order_id=order.id, now=now)


# Refunds of one payment.


def give_back(
    database: Database, barrier: Barrier, attempt_id: str, wish: tuple[str, Money], now: datetime
) -> None:
    cause, amount = wish
    barrier.wait()
    with database.transaction() as session:
        request_refund(session, attempt_id=attempt_id, amount=amount, cause_ref=cause, now=now)


def careless_give_back(
    database: Database, barrier: Barrier, attempt_id: str, wish: tuple[str, Money], now: datetime
) -> None:
    """Adds to what it saw promised, and never looks at what was captured."""
    order, attempt = _seen(database, attempt_id)
    cause, amount = wish
    barrier.wait()
    with (
        _careless(order, attempt),
        patch.object(refunds, "promise", _promising_as_seen),
        database.transaction() as session,
    ):
        request_refund(session, attempt_id=attempt_id, amount=amount, cause_ref=cause, now=now)


def _promising_as_seen(_session: Session, attempt: PaymentAttempt, wanted: Money) -> None:
    attempt.promised_minor += wanted.minor


# Guards off.


def _seen(database: Database, attempt_id: str) -> tuple[Order, PaymentAttempt]:
    with database.reading() as session:
        attempt = session.get_one(PaymentAttempt, attempt_id)
        order = session.get_one(Order, attempt.order_id)
        session.expunge_all()
    return order, attempt


@contextmanager
def _careless(order: Order, attempt: PaymentAttempt) -> Iterator[None]:
    """No lock, no fresh look, no comparing of versions."""

    def order_as_seen(session: Session, **_which: object) -> Order:
        return session.merge(order, load=False)

    def both_as_seen(session: Session, *_which: object) -> tuple[Order, PaymentAttempt]:
        return order_as_seen(session), session.merge(attempt, load=False)

    off: list[tuple[ModuleType, str, object]] = [
        (service, "lock_order", order_as_seen),
        (truth, "lock_attempt", both_as_seen),
        (refunds, "lock_attempt", both_as_seen),
        (states, "set_if_same", _setting_anyway),
        (attempts, "set_if_same", _setting_anyway),
    ]
    with ExitStack() as stack:
        for module, name, instead in off:
            stack.enter_context(patch.object(module, name, instead))
        yield


def _setting_anyway(session: Session, row: Any, **values: Any) -> bool:
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
    return True
