"""When a provider is asked again, and when what it does not show has failed."""

from datetime import timedelta

import pytest

from data.payments import AttemptState, Call, PaymentLook, lease
from data.payments.checking import GIVE_UP_AFTER, ask_now
from data.payments.gateway import Answer, NoAnswer, NotThere, PaymentStatus, ProviderPayment
from tests.data.payments.aftermath import DAY, HOUR, a_paid_order, look_now, looks
from tests.data.payments.till import Till


def answered(till: Till, answer: Answer) -> list[Call]:
    """The calls that were due; each is answered like this."""
    with till.transaction() as session:
        due = lease(session, now=till.clock.now())
    for call in due:
        till.record(call, answer)
    return due


def pending(till: Till, attempt: str) -> ProviderPayment:
    begun = till.attempt(attempt)
    return ProviderPayment(
        PaymentStatus.PENDING, begun.amount, begun.provider_ref, begun.idempotency_key
    )


def in_three_hours(till: Till, answer: Answer) -> int:
    """How often the provider is asked meanwhile."""
    asked = 0
    for _ in range(360):
        till.clock.advance(timedelta(seconds=30))
        till.run_jobs()
        asked += len(answered(till, answer))
    return asked


def test_what_was_shown_until_now_has_not_failed_when_it_is_not_shown_once(till: Till) -> None:
    attempt = till.begin(till.order(hold=7 * DAY))
    for _ in range(GIVE_UP_AFTER + 2):
        assert answered(till, pending(till, attempt))
        till.clock.advance(6 * HOUR)
        till.run_jobs()
    assert answered(till, NotThere())
    assert till.attempt(attempt).state == AttemptState.UNKNOWN
    assert [call.verb for call in answered(till, pending(till, attempt))] == ["create"]
    assert (till.attempt(attempt).state, till.attempt(attempt).checks) == (AttemptState.PENDING, 1)


@pytest.mark.parametrize("hints", [0, 5])
def test_after_hints_there_are_no_more_looks_than_without(till: Till, hints: int) -> None:
    attempt = till.begin(till.order(hold=DAY))
    answered(till, NoAnswer("silence"))
    for _ in range(hints):
        with till.transaction() as session:
            assert ask_now(session, till.attempt(attempt), now=till.clock.now())
        assert len(answered(till, NoAnswer("silence"))) == 1
    assert in_three_hours(till, NoAnswer("silence")) == 7  # 10 s, 20 s … 1 h


def test_notices_use_up_none_of_the_planned_looks(till: Till) -> None:
    _, attempt = a_paid_order(till)
    for _ in range(5):
        look_now(till, attempt)
    for _ in range(4):
        assert looks(till, by=40 * DAY) == 1
    with till.looking() as session:
        look = session.get_one(PaymentLook, attempt)
    assert (look.looks, look.due_at) == (4, None)
