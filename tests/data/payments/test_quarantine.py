"""A contradiction stops everything; a person may have the provider asked again, no more."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data.kernel.errors import NotFound, WrongState
from data.kernel.money import Money
from data.orders import OrderState
from data.payments import (
    AttemptState,
    NoticeState,
    PaymentAttempt,
    PaymentNotice,
    PaymentQuarantined,
    QuarantineDeed,
    QuarantineMove,
    RefundState,
    apply_refund_truth,
    apply_truth,
    dismiss_notice,
    lease,
    release_quarantine,
)
from data.payments.calls import Verb
from data.payments.gateway import (
    NoAnswer,
    NotThere,
    PaymentStatus,
    ProviderPayment,
    ProviderRefund,
    RefundStatus,
)
from data.payments.sandbox_models import Outcome, RefundOutcome
from tests.data.payments.till import IN_HAND, TOTAL, Till

BY = "owner@example.com"
OTHER = Money(1, "CNY")


def set_aside(till: Till, attempt_id: str, amount: Money = OTHER) -> None:
    """The provider's word, as a late answer would bring it."""
    attempt = till.attempt(attempt_id)
    word = ProviderPayment(PaymentStatus.CAPTURED, amount, "other-name-of-theirs")
    with till.transaction() as session:
        apply_truth(session, attempt_id=attempt.id, truth=word, now=till.clock.now())


def release(till: Till, subject_id: str) -> None:
    with till.transaction() as session:
        release_quarantine(session, subject_id, BY, till.clock.now())


def moves(till: Till) -> list[tuple[str, str, Money | None, str]]:
    with till.looking() as session:
        found = session.scalars(select(QuarantineMove).order_by(QuarantineMove.id))
        return [(move.deed, move.reason, move.shown, move.by) for move in found]


def test_asked_again_what_fits_now_goes_on_to_its_end(each_till: Till) -> None:
    till = each_till
    order = till.order()
    attempt = till.begin(order)
    till.plan(attempt, Outcome.LATE)
    till.make_calls()
    set_aside(till, attempt)
    till.later(timedelta(minutes=5))
    assert till.attempt(attempt).quarantine == "amount"
    assert till.state(order) == OrderState.AWAITING_PAYMENT, "nothing moves by itself"
    release(till, attempt)
    assert till.attempt(attempt).call == Verb.QUERY, "no money is ordered before the answer"
    till.settle()
    assert till.attempt(attempt).quarantine is None
    assert till.state(order) == OrderState.READY
    assert till.balance() == IN_HAND
    assert moves(till) == [
        (QuarantineDeed.SET_ASIDE, "amount", OTHER, ""),
        (QuarantineDeed.ASKED_AGAIN, "amount", None, BY),
    ]


def test_what_still_contradicts_us_stops_again_and_alarms_again(till: Till) -> None:
    attempt = till.begin(till.order())
    till.make_calls()
    set_aside(till, attempt)
    release(till, attempt)
    set_aside(till, attempt)
    again = till.attempt(attempt)
    assert (again.quarantine, again.call) == ("amount", None)
    assert till.told(PaymentQuarantined) == 2
    assert till.balance() == {}
    till.settle()
    assert till.attempt(attempt).quarantine == "amount"
    assert [deed for deed, *_ in moves(till)] == ["set_aside", "asked_again", "set_aside"]


def test_only_what_stands_still_is_let_go(till: Till) -> None:
    attempt = till.pay(till.order())
    with pytest.raises(WrongState):
        release(till, attempt)
    with pytest.raises(NotFound):
        release(till, "pay_nobody")
    assert moves(till) == []


def test_a_refund_that_stood_still_is_asked_about_not_sent(till: Till) -> None:
    order = till.order()
    till.pay(order)
    till.plan(till_attempt(till, order), RefundOutcome.LATE)
    till.cancel(order)
    till.settle()
    (refund,) = till.refunds(order)
    word = ProviderRefund(RefundStatus.SUCCEEDED, OTHER, refund.provider_ref or "")
    with till.transaction() as session:
        apply_refund_truth(session, refund_id=refund.id, truth=word, now=till.clock.now())
    assert till.refunds(order)[0].quarantine == "amount"
    release(till, refund.id)
    assert till.refunds(order)[0].call == Verb.QUERY_REFUND
    till.later(timedelta(hours=1))
    assert till.refunds(order)[0].state == RefundState.SUCCEEDED
    assert till.returned(order) == [TOTAL]


def till_attempt(till: Till, order_id: str) -> str:
    with till.looking() as session:
        return session.scalars(
            select(PaymentAttempt.id).where(PaymentAttempt.order_id == order_id)
        ).one()


def a_settled_one(till: Till) -> str:
    """It failed; then a word came that it was paid after all, but with another sum."""
    attempt = till.pay(till.order(), Outcome.DECLINED)
    assert till.attempt(attempt).state == AttemptState.FAILED
    set_aside(till, attempt)
    return attempt


def test_one_that_is_settled_is_asked_about_until_somebody_answers(till: Till) -> None:
    """Else its mark would be gone and nobody would know whether money was taken."""
    attempt = a_settled_one(till)
    release(till, attempt)
    asked = []
    for _ in range(3):
        with till.transaction() as session:
            session.get_one(PaymentAttempt, attempt).call_at = till.clock.now()
        asked.append(answered(till, attempt, NoAnswer("timeout")))
    assert asked == [Verb.QUERY] * 3
    waiting = till.attempt(attempt)
    assert waiting.call == Verb.QUERY
    assert waiting.call_at is not None
    assert waiting.call_at > till.clock.now()


def test_one_that_is_settled_is_never_begun_anew(till: Till) -> None:
    """The provider knows nothing of it: its order is paid by another try, or by none."""
    attempt = a_settled_one(till)
    release(till, attempt)
    answered(till, attempt, NotThere())
    settled = till.attempt(attempt)
    assert (settled.state, settled.call) == (AttemptState.FAILED, None)


def answered(till: Till, attempt_id: str, answer: NoAnswer | NotThere) -> Verb:
    with till.transaction() as session:
        (call,) = lease(session, now=till.clock.now(), attempt_id=attempt_id)
    till.record(call, answer)
    return call.verb


def test_a_notice_is_dismissed_once_and_by_its_own_shop(till: Till) -> None:
    attempt = till.begin(till.order())
    till.make_calls()
    till.call_back(till.attempt(attempt), 1, nth=1)
    till.settle()
    with till.looking() as session:
        notice = session.scalars(select(PaymentNotice)).one()
    assert notice.state == NoticeState.QUARANTINED
    with pytest.raises(NotFound):
        dismiss(till, "mer_other", notice.id)
    dismiss(till, till.shop.id, notice.id)
    with pytest.raises(NotFound):
        dismiss(till, till.shop.id, notice.id)
    with till.looking() as session:
        assert session.scalars(select(PaymentNotice.state)).one() == NoticeState.IGNORED
    assert moves(till) == [(QuarantineDeed.DISMISSED, "claimed_amount", None, BY)]


def dismiss(till: Till, shop: str, notice_id: int) -> None:
    with till.transaction() as session:
        now = till.clock.now()
        dismiss_notice(session, merchant_id=shop, notice_id=notice_id, by=BY, now=now)
