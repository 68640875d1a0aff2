"""Recording what came of a call: facts are applied, doubts are asked about again."""

from datetime import datetime

from sqlalchemy.orm import Session

from data.orders import Order
from data.payments.alarms import raise_alarm
from data.payments.attempts import lock_attempt, move_attempt
from data.payments.calls import Call, Verb
from data.payments.checking import GIVE_UP_AFTER, ask_later, plan_check
from data.payments.gateway import (
    Answer,
    Declined,
    NoAnswer,
    NotThere,
    ProviderPayment,
    ProviderRefund,
    TooPoor,
)
from data.payments.models import (
    OPEN_ATTEMPTS,
    OPEN_REFUNDS,
    AttemptState,
    PaymentAttempt,
    Refund,
    RefundState,
)
from data.payments.refund_truth import apply_refund_truth, fail_refund
from data.payments.refunds import hold_refund, is_disputed, lock_refund, move_refund
from data.payments.standing_models import Alarm
from data.payments.truth import fall_through, learn

_WITHOUT_IT = (Verb.CREATE, Verb.VOID)  # declined for good, there is nothing to be paid, or held


def record_answer(session: Session, *, call: Call, answer: Answer, now: datetime) -> None:
    """After the call, in a new transaction. A late answer's facts still count, not its doubts."""
    if call.refund_id is not None:
        _record_refund(session, call, call.refund_id, answer, now)
    else:
        _record_payment(session, call, answer, now)


def is_its_turn(subject: PaymentAttempt | Refund, call: Call) -> bool:
    """Nobody leased it again since, and nobody wants something else (a capture, a void) by now."""
    is_latest = subject.calls == call.turn and subject.call == call.unanswered
    return is_latest and subject.quarantine is None


def _record_payment(session: Session, call: Call, answer: Answer, now: datetime) -> None:
    order, attempt = lock_attempt(session, call.attempt_id, call.order_id)
    if is_its_turn(attempt, call):
        _finish_turn(session, attempt)
        if not isinstance(answer, ProviderPayment):
            _doubt_payment(session, order, attempt, call, answer, now)
    if isinstance(answer, ProviderPayment):
        learn(session, order, attempt, answer, now=now)
    is_idle = attempt.call is None and attempt.quarantine is None
    if is_idle and attempt.state in OPEN_ATTEMPTS and attempt.next_check_at is None:
        plan_check(session, attempt, now=now)


def _doubt_payment(
    session: Session,
    order: Order,
    attempt: PaymentAttempt,
    call: Call,
    answer: Answer,
    now: datetime,
) -> None:
    if isinstance(answer, NotThere):
        _send_again_or_give_up(session, order, attempt, now)
    elif attempt.state not in OPEN_ATTEMPTS:  # a hint that it was paid after all stays open
        ask_later(session, attempt, now=now)
    elif isinstance(answer, Declined) and call.verb in _WITHOUT_IT:
        _give_up(session, order, attempt, now)
    elif isinstance(answer, Declined) and call.verb == Verb.CAPTURE:
        # Asked for once more it would be declined once more, and the payer has it held meanwhile.
        attempt.call, attempt.call_at = Verb.VOID, now
        session.flush()
    else:
        move_attempt(session, attempt, AttemptState.UNKNOWN, now=now)


def _send_again_or_give_up(
    session: Session, order: Order, attempt: PaymentAttempt, now: datetime
) -> None:
    """The provider shows nothing: the same key again while it makes sense, else it has failed. What
    was over before stays over."""
    if attempt.state not in OPEN_ATTEMPTS:
        return
    if attempt.state == AttemptState.PENDING:
        attempt.checks = 0  # it was shown before: that it is gone is news, and may not last
    if not order.can_be_paid(now) or attempt.checks >= GIVE_UP_AFTER:
        _give_up(session, order, attempt, now)
        return
    if attempt.state != AttemptState.SUBMITTED:
        move_attempt(session, attempt, AttemptState.UNKNOWN, now=now)
    attempt.call, attempt.call_at = Verb.CREATE, now
    session.flush()


def _give_up(session: Session, order: Order, attempt: PaymentAttempt, now: datetime) -> None:
    before = AttemptState(attempt.state)
    if move_attempt(session, attempt, AttemptState.FAILED, now=now):
        fall_through(session, order, attempt, before, now)


def _record_refund(
    session: Session, call: Call, refund_id: str, answer: Answer, now: datetime
) -> None:
    order, refund = lock_refund(session, refund_id)
    if is_its_turn(refund, call):
        _finish_turn(session, refund)
        if not isinstance(answer, ProviderRefund):
            _doubt_refund(session, order, refund, call, answer, now)
    if isinstance(answer, ProviderRefund):
        apply_refund_truth(session, refund_id=refund_id, truth=answer, now=now)
    _tell_if_it_waits(session, refund, answer, now)
    is_idle = refund.call is None and refund.quarantine is None
    if is_idle and refund.state in OPEN_REFUNDS and refund.state != RefundState.REQUESTED:
        plan_check(session, refund, now=now)


def _doubt_refund(
    session: Session, order: Order, refund: Refund, call: Call, answer: Answer, now: datetime
) -> None:
    if isinstance(answer, Declined) and call.verb == Verb.REFUND:
        fail_refund(session, order, refund, now=now)
    elif isinstance(answer, NotThere) and _is_held_back(session, refund, now):
        return
    elif isinstance(answer, NotThere) and refund.state in OPEN_REFUNDS:
        refund.call, refund.call_at = Verb.REFUND, now  # never arrived: the same key again
        session.flush()
    elif isinstance(answer, NoAnswer) and refund.state == RefundState.SUCCEEDED:
        ask_later(session, refund, now=now)  # a hint that it came back after all stays open
    else:
        move_refund(session, refund, RefundState.UNKNOWN, now=now)


def _is_held_back(session: Session, refund: Refund, now: datetime) -> bool:
    """It never arrived, and its payment is disputed meanwhile: as if nobody had sent it, so that
    what the bank decides decides of it, too."""
    if not is_disputed(session, refund.attempt_id):
        return False
    if not move_refund(session, refund, RefundState.REQUESTED, now=now):
        return False
    hold_refund(session, refund, now=now)
    return True


def _tell_if_it_waits(session: Session, refund: Refund, answer: Answer, now: datetime) -> None:
    """The shop has to fill up its balance there; until then it is tried again under its key."""
    is_short = isinstance(answer, ProviderRefund) and answer.is_short
    if refund.state in OPEN_REFUNDS and (is_short or isinstance(answer, TooPoor)):
        attempt = session.get_one(PaymentAttempt, refund.attempt_id)
        about, amount = refund.id, refund.amount
        raise_alarm(session, attempt, Alarm.REFUND_WAITS, about=about, amount=amount, now=now)


def _finish_turn(session: Session, subject: PaymentAttempt | Refund) -> None:
    subject.call = subject.call_at = subject.next_check_at = None
