"""What one process does in a race: plain functions, so that a clean process can be given them.

The naive ones do the same by reading first and writing then: the controls of the races.
"""

import time
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier

from sqlalchemy import func, select, text, update

from data.catalogue import hold_stock
from data.conversations import (
    Awaited,
    Conversation,
    ConversationWait,
    News,
    NewWait,
    ToldEvent,
    begin_wait,
    tell,
)
from data.group_buys import Team, TeamState, expire_team, open_team, seats
from data.group_buys import join as join_team
from data.group_buys import leave as leave_team
from data.group_buys.models import RUNNING
from data.group_buys.turns import seat_next
from data.kernel.database import Database
from data.kernel.money import Money
from data.payments import PaymentAttempt
from data.payments.gateway import PaymentStatus, ProviderPayment
from data.payments.truth import apply_truth
from data.pools import PoolTerms, chip_in, open_pool


def join(database: Database, barrier: Barrier, team: str, person: str, now: datetime) -> None:
    barrier.wait()
    with database.transaction() as session:
        join_team(session, team_id=team, person_id=person, now=now)


def open_a_team(
    database: Database, barrier: Barrier, campaign: str, person: str, now: datetime
) -> None:
    barrier.wait()
    with database.transaction() as session:
        open_team(session, campaign_id=campaign, chat_id=None, leader_id=person, now=now)


def leave(database: Database, barrier: Barrier, team: str, person: str, now: datetime) -> None:
    barrier.wait()
    with database.transaction() as session:
        leave_team(session, team_id=team, person_id=person, now=now)


def call_next(database: Database, barrier: Barrier, team: str, now: datetime) -> None:
    barrier.wait()
    with database.transaction() as session:
        seat_next(session, team_id=team, now=now)


def pay(
    database: Database,
    barrier: Barrier,
    attempt_id: str,
    now: datetime,
    status: PaymentStatus = PaymentStatus.CAPTURED,
) -> None:
    barrier.wait()
    with database.transaction() as session:
        attempt = session.get_one(PaymentAttempt, attempt_id)
        truth = ProviderPayment(status, attempt.amount, f"bank-{attempt_id}")
        apply_truth(session, attempt_id=attempt_id, truth=truth, now=now)


def pay_and_meet_again(
    database: Database, barrier: Barrier, attempt_id: str, now: datetime
) -> None:
    pay(database, barrier, attempt_id, now)
    barrier.wait()


def hold_one(
    database: Database, barrier: Barrier, variant_id: str, owner: str, now: datetime
) -> None:
    barrier.wait()
    hold_a_unit(database, variant_id, owner, now)


def hold_a_unit(database: Database, variant_id: str, owner: str, now: datetime) -> None:
    with database.transaction() as session:
        hold_stock(
            session,
            variant_id=variant_id,
            quantity=1,
            owner_ref=owner,
            expires_at=now + timedelta(minutes=10),
            now=now,
        )


def expire(database: Database, barrier: Barrier, team: str, now: datetime) -> None:
    barrier.wait()
    with database.transaction() as session:
        expire_team(session, team_id=team, now=now)


def give(
    database: Database, barrier: Barrier, pool: str, person: str, amount: int | None, now: datetime
) -> None:
    wanted = None if amount is None else Money(amount, "CNY")
    barrier.wait()
    with database.transaction() as session:
        chip_in(session, pool_id=pool, person_id=person, amount=wanted, now=now)


def begin_pool(
    database: Database, barrier: Barrier, shop: str, person: str, variant: str, now: datetime
) -> None:
    terms = PoolTerms(for_name="Ann", window=timedelta(days=1), shares=3)
    barrier.wait()
    with database.transaction() as session:
        open_pool(
            session,
            merchant_id=shop,
            organiser_id=person,
            variant_id=variant,
            terms=terms,
            chat_id=None,
            now=now,
        )


def naive_give(database: Database, barrier: Barrier, target: int, amount: int) -> None:
    with database.reading() as session:
        held = session.scalar(text("SELECT held FROM naive"))
    barrier.wait()
    if held + amount <= target:
        with database.transaction() as session:
            session.execute(text("UPDATE naive SET held = held + :n"), {"n": amount})


def naive_join(database: Database, barrier: Barrier, free: int) -> None:
    with database.reading() as session:
        held = session.scalar(text("SELECT held FROM naive"))
    barrier.wait()
    if held < free:
        with database.transaction() as session:
            session.execute(text("UPDATE naive SET held = held + 1"))


def naive_join_beside_a_line(
    database: Database, barrier: Barrier, team: str, person: str, now: datetime
) -> None:
    """Free places alone are looked at, as before there was a line. In a process of its own."""
    seats._TAKE = seats.taking(Team.held < Team.target)
    seats.refuse_if_shut = lambda team, now: None
    join(database, barrier, team, person, now)


def naive_pay(database: Database, barrier: Barrier) -> None:
    with database.reading() as session:
        i_am_the_last = session.scalar(text("SELECT paid FROM naive")) == 1
    barrier.wait()
    with database.transaction() as session:
        session.execute(text("UPDATE naive SET paid = paid + 1"))
        if i_am_the_last:
            session.execute(text("UPDATE naive SET reached = 1"))


def naive_expire(database: Database, barrier: Barrier, team: str) -> None:
    with database.reading() as session:
        is_running = session.get_one(Team, team).state in RUNNING
    barrier.wait()
    barrier.wait()  # the payment came in between
    if is_running:
        with database.transaction() as session:
            failed = update(Team).where(Team.id == team).values(state=TeamState.FAILED)
            session.execute(failed)


LINGER = 0.1  # seconds between what was seen and its commit: a turn goes on after it has looked


def begin_waiting(
    database: Database, barrier: Barrier, talk: str, keys: list[str], now: datetime
) -> None:
    for wait, key in enumerate(keys, 1):
        barrier.wait()
        with database.transaction() as session:
            new = NewWait(wait, [Awaited("payment_paid", key, lasting=True)], timedelta(days=1))
            conversation = session.get_one(Conversation, talk)
            begin_wait(session, conversation=conversation, new=new, now=now)
            time.sleep(LINGER)


def tell_paid(
    database: Database, barrier: Barrier, merchant: str, keys: list[str], now: datetime
) -> None:
    for key in keys:
        barrier.wait()
        with database.transaction() as session:
            news = News("payment_paid", key, {})
            tell(session, merchant_id=merchant, news=news, now=now)
            time.sleep(LINGER)


def naive_waiting(database: Database, barrier: Barrier, talk: str, merchant: str, key: str) -> None:
    with database.reading() as session:
        told = session.scalar(select(func.count()).select_from(ToldEvent))
    barrier.wait()
    with database.transaction() as session:
        session.add(
            ConversationWait(
                conversation_id=talk, wait=1, event="payment_paid", merchant_id=merchant, key=key
            )
        )
        if told:
            session.execute(text("UPDATE naive SET woken = 1"))


def naive_telling(
    database: Database, barrier: Barrier, merchant: str, key: str, now: datetime
) -> None:
    with database.reading() as session:
        waiting = session.scalar(select(func.count()).select_from(ConversationWait))
    barrier.wait()
    with database.transaction() as session:
        told = ToldEvent(
            merchant_id=merchant, event="payment_paid", key=key, once="", payload={}, at=now
        )
        session.add(told)
        if waiting:
            session.execute(text("UPDATE naive SET woken = 1"))
