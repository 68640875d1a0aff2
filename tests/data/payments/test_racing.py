"""Everything at once: the answer (twice), the buyer's cancel, the clock. One of them is first."""

from data.orders import OrderState, expire_order
from data.payments import lease
from data.payments.sandbox_models import Outcome
from tests.data.payments.at_once import all_at_once
from tests.data.payments.till import HOLD, IN_HAND, TOTAL, Till


def test_pay_cancel_and_expiry_in_the_same_moment_leave_no_fen_astray(each_till: Till) -> None:
    till = each_till
    for _ in range(5):
        order = till.order()
        attempt = till.begin(order)
        till.plan(attempt, Outcome.APPROVED)
        with till.transaction() as session:
            (call,) = lease(session, now=till.clock.now())
        answer = till.perform(call)
        all_at_once(
            lambda call=call, answer=answer: till.record(call, answer),
            lambda call=call, answer=answer: till.record(call, answer),
            lambda order=order: till.cancel(order),
            lambda order=order: _expire(till, order),
            till.run_jobs,
        )
        till.settle()
        assert till.charged(order) == [TOTAL]
        assert till.state(order) in (OrderState.READY, OrderState.REFUNDED)
        is_ready = till.state(order) == OrderState.READY
        assert till.returned(order) == ([] if is_ready else [TOTAL])
        assert till.balance() == (IN_HAND if is_ready else {})
        if is_ready:
            till.cancel(order)
            till.settle()
    assert till.shelf() == (5, 0)


def test_two_clicks_on_pay_are_one_attempt(each_till: Till) -> None:
    order = each_till.order()
    attempts: list[str] = []
    all_at_once(*[lambda: attempts.append(each_till.begin(order))] * 6)
    assert len(attempts) == 6
    assert len(set(attempts)) == 1


def test_one_call_is_leased_by_one_worker(each_till: Till) -> None:
    each_till.begin(each_till.order())
    leased: list[str] = []

    def work() -> None:
        with each_till.transaction() as session:
            leased.extend(c.attempt_id for c in lease(session, now=each_till.clock.now()))

    all_at_once(*[work] * 6)
    assert len(leased) == 1


def _expire(till: Till, order_id: str) -> None:
    with till.transaction() as session:
        expire_order(session, order_id=order_id, now=till.clock.now() + HOLD)
