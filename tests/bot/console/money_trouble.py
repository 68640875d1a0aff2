"""What goes wrong with a shop's money: a word that contradicts us, a refund that fails, a notice
that claims another sum, work that was given up. Each gives the name of what a person must look at.
"""

import asyncio

from sqlalchemy import select, update

from bot.app import Tuanzi
from data.delivery import jobs
from data.delivery.models import Job
from data.kernel.money import Money
from data.orders.states import lane_of
from data.payments import (
    PaymentAttempt,
    PaymentNotice,
    RefundState,
    Way,
    apply_truth,
    begin_attempt,
    record_notice,
    request_refund,
)
from data.payments.gateway import PaymentStatus, ProviderEvent, ProviderPayment
from data.payments.refund_truth import fail_refund
from data.payments.refunds import lock_refund, move_refund
from data.payments.sandbox_bank import SANDBOX, plan
from data.payments.sandbox_models import Outcome
from tests.bot.builders import Names, a_placed_order, settle

RAW = b'{"canary": "raw-bytes-of-a-notice"}'
THEIRS = Money(1234, "USD")


def a_standstill(tuanzi: Tuanzi, ours: Names, *, provider: str = SANDBOX) -> str:
    """The payer is at the bank; then comes a word of another sum."""
    order = a_placed_order(tuanzi, ours.merchant, ours.person, ours.variant)
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        attempt = begin_attempt(session, order_id=order, way=Way(provider), now=now)
        plan(session, key=attempt.idempotency_key, outcome=Outcome.LATE)
        attempt_id = attempt.id
    asyncio.run(tuanzi.cashier.call_now(attempt_id))
    word = ProviderPayment(PaymentStatus.CAPTURED, THEIRS, "their-<b>-name")
    with tuanzi.database.transaction() as session:
        apply_truth(session, attempt_id=attempt_id, truth=word, now=now)
    return attempt_id


def a_failed_refund(tuanzi: Tuanzi, ours: Names) -> str:
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        paid = ours.payment
        refund = request_refund(session, attempt_id=paid, amount=None, cause_ref="test", now=now)
        order, refund = lock_refund(session, refund.id)
        move_refund(session, refund, RefundState.SUBMITTED, now=now)
        fail_refund(session, order, refund, now=now)
        return refund.id


def an_odd_notice(tuanzi: Tuanzi, ours: Names) -> str:
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        key = session.get_one(PaymentAttempt, ours.payment).idempotency_key
        event = ProviderEvent("evt_1", key, RAW, {"x-canary": "head"}, THEIRS)
        record_notice(session, provider=SANDBOX, event=event, now=now)
    settle(tuanzi)
    with tuanzi.database.reading() as session:
        return str(session.scalars(select(PaymentNotice.id).where(PaymentNotice.raw == RAW)).one())


def a_dead_job(tuanzi: Tuanzi, ours: Names) -> str:
    """A refund that was never sent."""
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        paid = ours.payment
        request_refund(session, attempt_id=paid, amount=None, cause_ref="test", now=now)
        mine = (Job.kind == "refund_send", Job.lane == lane_of(ours.order))
        job = session.scalars(select(Job).where(*mine)).one()
        job.state, job.error, job.attempts = "dead", "OperationalError", jobs.MAX_ATTEMPTS
        return str(job.id)


def a_dead_question(tuanzi: Tuanzi, ours: Names) -> None:
    """Nobody asked about a payment any more."""
    with tuanzi.database.transaction() as session:
        new = jobs.NewJob(
            lane_of(ours.order),
            "payment_check",
            "payment_check:dead",
            tuanzi.clock.now(),
            {"subject_id": ours.payment},
            ours.merchant,
        )
        jobs.enqueue(session, new, now=tuanzi.clock.now())
        session.execute(
            update(Job)
            .where(Job.key == new.key)
            .values(state="dead", error="OperationalError", attempts=jobs.MAX_ATTEMPTS)
        )


def mend(tuanzi: Tuanzi) -> None:
    """The books are looked at after each test, and a dead job is a broken rule of theirs."""
    with tuanzi.database.transaction() as session:
        session.execute(update(Job).where(Job.state == "dead").values(state="done"))
