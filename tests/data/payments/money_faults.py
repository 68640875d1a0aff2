"""Faults planted in the shop's own code, each for as long as a test wants it: what the money
machine must find. Nothing in the product knows of them.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data.catalogue import Variant
from data.delivery.models import Job
from data.kernel.money import Money
from data.ledger import CUSTOMER_HOLD, cash_in_transit, transfer
from data.orders import Order, goods, lines_of
from data.payments import (
    AttemptState,
    Call,
    PaymentAttempt,
    PaymentNotice,
    Way,
    books,
    credit,
    deciding,
    recording,
    refund_truth,
    refunds,
    truth,
)
from data.payments.attempts import attempts_of, move_attempt, new_attempt
from data.payments.calls import Verb
from data.payments.credit_models import GiftCard, UseState
from data.payments.gateway import Answer, NoAnswer, PaymentStatus, ProviderPayment
from data.payments.notices import NOTICE
from data.payments.sandbox_bank import SANDBOX, plan
from data.payments.sandbox_models import Outcome
from tests.data.payments import till

Fault = Callable[[], AbstractContextManager[object]]


def trusts_the_amount_of_a_callback() -> AbstractContextManager[object]:
    """What it claims was paid, was paid."""
    return patch.dict(till.JOBS, {NOTICE: _believing})


def believes_a_callback_of_another_shop() -> AbstractContextManager[object]:
    honest = till.JOBS[NOTICE]

    def run(session: Session, job: Job, now: datetime) -> None:
        notice = session.get_one(PaymentNotice, job.args["notice_id"])
        (_believing if notice.account_id else honest)(session, job, now)

    return patch.dict(till.JOBS, {NOTICE: run})


def _believing(session: Session, job: Job, now: datetime) -> None:
    notice = session.get_one(PaymentNotice, job.args["notice_id"])
    mine = select(PaymentAttempt).where(PaymentAttempt.idempotency_key == notice.our_ref)
    attempt = session.scalar(mine)
    if attempt is None:
        return
    attempt.amount_minor = notice.claimed_minor or attempt.amount_minor
    session.flush()
    ref = attempt.provider_ref or f"sbx_{notice.id}"
    shown = ProviderPayment(PaymentStatus.CAPTURED, attempt.amount, ref)
    truth.apply_truth(session, attempt_id=attempt.id, truth=shown, now=now)


def loses_the_answer_and_charges_again() -> AbstractContextManager[object]:
    """No answer is taken for a no, and the payer's card is tried by another attempt."""
    honest = recording._doubt_payment

    def doubt(  # as the one it stands for
        session: Session,
        order: Order,
        attempt: PaymentAttempt,
        call: Call,
        answer: Answer,
        now: datetime,
    ) -> None:
        if not isinstance(answer, NoAnswer) or call.verb != Verb.CREATE:
            honest(session, order, attempt, call, answer, now)
            return
        move_attempt(session, attempt, AttemptState.FAILED, now=now)
        tried = len(attempts_of(session, order.id))
        again = new_attempt(session, order, Way(SANDBOX), tried=tried, authorize=False, now=now)
        plan(session, key=again.idempotency_key, outcome=Outcome.APPROVED)

    return patch.object(recording, "_doubt_payment", doubt)


def books_a_capture_twice() -> AbstractContextManager[object]:
    honest = truth.book_capture

    def book(session: Session, attempt: PaymentAttempt, *, now: datetime) -> None:
        honest(session, attempt, now=now)
        books.post(
            session,
            merchant_id=attempt.merchant_id,
            kind=books.CAPTURED,
            source_ref=f"{attempt.id}/again",
            legs=transfer(cash_in_transit(attempt.provider), CUSTOMER_HOLD, attempt.captured),
            event_at=now,
            now=now,
        )

    return patch.object(truth, "book_capture", book)


def forgets_the_bound_of_refunds() -> AbstractContextManager[object]:
    def promise(_session: Session, _attempt: PaymentAttempt, _wanted: Money) -> None:
        return

    return patch.object(refunds, "promise", promise)


@contextmanager
def asks_only_once_whether_a_refund_came_back() -> Iterator[None]:
    """The shop had this one: a bank that was busy when it was asked was not asked again, neither
    soon nor on a later day."""

    def never(*_args: object, **_named: object) -> None:
        return None

    soon = patch.object(recording, "ask_later", never)
    with soon, patch.object(refund_truth, "plan_checks_after", never):
        yield


def releases_stock_twice() -> AbstractContextManager[object]:
    honest = goods.let_go

    def let_go(session: Session, order: Order, *, now: datetime) -> None:
        honest(session, order, now=now)
        for line in lines_of(session, order):
            session.execute(
                update(Variant)
                .where(Variant.id == line.variant_id, Variant.held >= line.quantity)
                .values(held=Variant.held - line.quantity)
            )

    return patch.object(goods, "let_go", let_go)


@contextmanager
def gives_a_gift_card_back_twice() -> Iterator[None]:
    honest = credit.return_credit

    def give_back(session: Session, order: Order, *, now: datetime) -> None:
        honest(session, order, now=now)
        for use in credit.uses_of(session, order, UseState.RETURNED):
            card: Any = session.get_one(GiftCard, use.card_id, populate_existing=True)
            card.balance_minor += use.amount_minor
        session.flush()

    with (
        patch.object(credit, "return_credit", give_back),
        patch.object(deciding, "return_credit", give_back),
    ):
        yield
