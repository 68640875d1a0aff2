"""Money goes back once per cause, never more than was taken, and the books know it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from data.kernel.database import Database
from data.kernel.errors import Invalid, NotFound, Refused, WrongState
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.orders import Address, OrderCancelled, OrderRefunded, OrderState, set_address, ship
from data.payments import (
    Cancelled,
    PaymentAttempt,
    PaymentQuarantined,
    RefundFailed,
    RefundRequested,
    RefundState,
    apply_refund_truth,
    cancel_order,
    lease,
    request_refund,
    retry_refund,
    send_again,
)
from data.payments.gateway import NewRefund, NoAnswer, ProviderRefund, RefundStatus
from data.payments.sandbox_models import RefundOutcome, SandboxRefund
from integrations.payments import SandboxGateway
from tests.data.payments.till import CASH, IN_HAND, TOTAL, Till

HOUR = timedelta(hours=1)


def test_cancelling_a_paid_order_gives_everything_back_once(each_till: Till) -> None:
    till = each_till
    order = till.order()
    till.pay(order)
    assert till.cancel(order).what == Cancelled.REFUNDING
    assert till.cancel(order).what == Cancelled.ALREADY
    till.settle()
    assert till.cancel(order).what == Cancelled.ALREADY
    assert till.state(order) == OrderState.REFUNDED
    assert till.returned(order) == [TOTAL]
    assert till.balance() == {}
    assert till.shelf() == (5, 0)
    assert [till.told(OrderCancelled), till.told(OrderRefunded)] == [1, 1]
    assert till.told(RefundRequested) == 1


def test_cancelling_an_unpaid_order_only_gives_the_goods_back(till: Till) -> None:
    order = till.order()
    assert till.shelf() == (5, 1)
    assert till.cancel(order).what == Cancelled.RELEASED
    assert till.state(order) == OrderState.CANCELLED
    assert till.shelf() == (5, 0)
    assert till.refunds(order) == []


def test_what_has_left_the_house_cannot_be_cancelled(till: Till) -> None:
    order = till.order()
    till.pay(order)
    with till.transaction() as session:
        now = till.clock.now()
        set_address(
            session,
            order_id=order,
            person_id=till.buyer.id,
            address=Address("Lan", "138", "Nanjing Road 1"),
            now=now,
        )
        ship(session, merchant_id=till.shop.id, order_id=order, tracking="SF1", now=now)
    with pytest.raises(WrongState):
        till.cancel(order)
    assert till.balance() == IN_HAND


def test_nobody_cancels_an_order_of_somebody_else(till: Till) -> None:
    order = till.order()
    with till.transaction() as session, pytest.raises(NotFound):
        cancel_order(session, order_id=order, person_id="per_other", now=till.clock.now())


def test_a_refund_that_takes_a_while_is_awaited(till: Till) -> None:
    order = _cancelled(till, RefundOutcome.LATE)
    assert till.refunds(order)[0].state == RefundState.PENDING
    assert till.state(order) == OrderState.REFUND_PENDING
    assert till.balance() == {CASH: -TOTAL, "refund_payable": TOTAL}
    till.later(HOUR)
    assert till.state(order) == OrderState.REFUNDED
    assert till.balance() == {}


def test_a_refund_whose_answer_was_lost_is_asked_about_and_not_given_twice(each_till: Till) -> None:
    till = each_till
    order = _cancelled(till, RefundOutcome.LOST)
    assert till.refunds(order)[0].state == RefundState.UNKNOWN
    till.later(HOUR)
    assert till.refunds(order)[0].state == RefundState.SUCCEEDED
    assert till.returned(order) == [TOTAL]
    assert till.balance() == {}


class Forgets(SandboxGateway):
    """SIMULATED: a bank that forgets keys, as Stripe does after a day. It still tells of a refund
    that is asked about."""

    async def refund(self, wanted: NewRefund) -> ProviderRefund:
        with self._database.transaction() as session:
            known = session.get(SandboxRefund, wanted.key)
            if known is not None:
                known.key, kept = new_id("old"), known.key
                session.flush()
                self.forgotten[kept] = known.key
        return await super().refund(wanted)

    async def query_refund(self, wanted: NewRefund) -> ProviderRefund | None:
        return await super().query_refund(
            replace(wanted, key=self.forgotten.get(wanted.key, wanted.key))
        )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.forgotten: dict[str, str] = {}


class ForgettingTill(Till):
    gateway_type = Forgets


def a_part_goes_back(till: Till) -> str:
    order = till.order()
    attempt = till.pay(order)
    with till.transaction() as session:
        amount, now = Money(800, "CNY"), till.clock.now()
        request_refund(session, attempt_id=attempt, amount=amount, cause_ref="c", now=now)
    till.run_jobs()
    return order


def test_a_refund_that_was_sent_when_the_process_died_is_looked_for_before_it_is_sent_again(
    each_database: Database,
) -> None:
    till = ForgettingTill(each_database)
    order = a_part_goes_back(till)
    with till.transaction() as session:
        (call,) = lease(session, now=till.clock.now())
    till.perform(call)  # given at the bank; nobody is left to hear of it
    till.clock.advance(timedelta(days=3))
    till.settle()
    assert till.returned(order) == [800]
    assert till.balance() == {CASH: -TOTAL + 800, "revenue": TOTAL - 800}


def test_a_refund_that_was_never_sent_is_sent_though_the_process_died(till: Till) -> None:
    order = a_part_goes_back(till)
    for _ in range(2):
        with till.transaction() as session:
            assert len(lease(session, now=till.clock.now())) == 1
        till.clock.advance(timedelta(days=3))
    till.settle()
    assert till.returned(order) == [800]
    assert till.refunds(order)[0].state == RefundState.SUCCEEDED


def test_a_refund_that_a_person_sends_again_is_looked_for_first(database: Database) -> None:
    """It waited at the bank for the shop's balance, longer than the bank knows keys."""
    till = ForgettingTill(database)
    order = a_part_goes_back(till)
    with till.transaction() as session:
        (call,) = lease(session, now=till.clock.now())
    shown = till.perform(call)
    assert isinstance(shown, ProviderRefund)
    waits = replace(shown, status=RefundStatus.PENDING, is_short=True)
    till.record(call, waits)
    till.clock.advance(timedelta(days=3))
    with till.transaction() as session:
        send_again(session, refund_id=till.refunds(order)[0].id, now=till.clock.now())
    till.settle()
    assert till.returned(order) == [800]


def test_a_refund_that_failed_is_still_owed_and_a_second_try_gives_it(till: Till) -> None:
    order = _cancelled(till, RefundOutcome.DECLINED)
    failed = till.refunds(order)[0]
    assert failed.state == RefundState.FAILED
    assert till.state(order) == OrderState.REFUND_PENDING
    assert till.told(RefundFailed) == 1
    assert till.balance() == {CASH: -TOTAL, "refund_payable": TOTAL}
    for _ in range(2):
        with till.transaction() as session:
            retry_refund(session, refund_id=failed.id, now=till.clock.now())
    till.settle()
    assert till.returned(order) == [TOTAL]
    assert till.state(order) == OrderState.REFUNDED
    assert till.balance() == {}


def test_a_refund_that_fails_after_it_succeeded_is_reversed_and_owed_again(each_till: Till) -> None:
    till = each_till
    order = _cancelled(till, RefundOutcome.REVERSED)
    assert till.state(order) == OrderState.REFUNDED
    assert till.balance() == {}
    till.later(HOUR)  # the bank calls back: it did not work after all
    assert till.refunds(order)[0].state == RefundState.FAILED
    assert till.state(order) == OrderState.REFUND_PENDING
    assert till.balance() == {CASH: -TOTAL, "refund_payable": TOTAL}
    assert till.told(RefundFailed) == 1


def test_a_refund_that_came_back_is_asked_about_until_the_bank_answers(each_till: Till) -> None:
    """The bank called back, and was busy when it was asked what had happened."""
    till = each_till
    order = _cancelled(till, RefundOutcome.REVERSED)
    till.clock.advance(HOUR)
    while till.run_jobs():
        continue
    for _ in range(2):
        with till.transaction() as session:
            (call,) = lease(session, now=till.clock.now())
        till.record(call, NoAnswer("busy"))
        till.clock.advance(HOUR)
    till.settle()
    assert till.refunds(order)[0].state == RefundState.FAILED
    assert till.balance() == {CASH: -TOTAL, "refund_payable": TOTAL}


def test_t37_promises_never_exceed_what_was_taken(each_till: Till) -> None:
    till = each_till
    attempt = till.pay(till.order())
    _refund(till, attempt, 6000, "broken cup")
    with pytest.raises(Refused):
        _refund(till, attempt, 3801, "another cup")
    _refund(till, attempt, 3800, "another cup")
    with pytest.raises(Refused):
        _refund(till, attempt, 1, "one more fen")
    till.settle()
    assert till.balance() == {}


def test_t37_a_failed_refund_does_not_make_room_for_a_second_promise(till: Till) -> None:
    attempt = till.pay(till.order())
    till.plan(attempt, RefundOutcome.DECLINED)
    _refund(till, attempt, TOTAL, "sorry")
    till.settle()
    with pytest.raises(Refused):
        _refund(till, attempt, 1, "sorry again")


def test_the_same_cause_is_the_same_refund(till: Till) -> None:
    attempt = till.pay(till.order())
    assert _refund(till, attempt, 100, "broken") == _refund(till, attempt, 100, "broken")
    till.settle()
    assert till.balance() == {CASH: 100 - TOTAL, "revenue": TOTAL - 100}


@pytest.mark.parametrize("amount", [0, -5])
def test_nothing_and_less_than_nothing_cannot_be_refunded(till: Till, amount: int) -> None:
    attempt = till.pay(till.order())
    with pytest.raises((Refused, Invalid)):
        _refund(till, attempt, amount, "odd")


def test_t37_the_database_itself_refuses_promises_beyond_what_was_taken(till: Till) -> None:
    attempt = till.pay(till.order())
    with pytest.raises(IntegrityError), till.transaction() as session:
        session.get_one(PaymentAttempt, attempt).promised_minor = TOTAL + 1


def test_t37_racing_refunds_together_stay_within_what_was_taken(each_till: Till) -> None:
    till = each_till
    attempt = till.pay(till.order())
    won = _race(8, lambda nth: _refund(till, attempt, TOTAL // 3, f"race {nth}"))
    assert won == 3
    till.settle()
    assert sum(till.returned(till.attempt(attempt).order_id)) <= TOTAL


def test_racing_cancels_refund_once(each_till: Till) -> None:
    till = each_till
    order = till.order()
    till.pay(order)
    _race(6, lambda _: till.cancel(order))
    till.settle()
    assert till.returned(order) == [TOTAL]
    assert len(till.refunds(order)) == 1


def test_t33_a_refund_of_another_amount_than_ours_is_set_aside(till: Till) -> None:
    order = till.order()
    till.pay(order)
    till.cancel(order)
    refund = till.refunds(order)[0]
    truth = ProviderRefund(RefundStatus.SUCCEEDED, Money(1, "CNY"), "sbr_1")
    with till.transaction() as session:
        assert not apply_refund_truth(
            session, refund_id=refund.id, truth=truth, now=till.clock.now()
        )
    assert till.refunds(order)[0].quarantine == "amount"
    assert till.told(PaymentQuarantined) == 1


def _cancelled(till: Till, outcome: RefundOutcome) -> str:
    order = till.order()
    attempt = till.pay(order)
    till.plan(attempt, outcome)
    till.cancel(order)
    till.settle()
    return order


def _refund(till: Till, attempt_id: str, minor: int, cause: str) -> str:
    with till.transaction() as session:
        amount = Money(minor, "CNY")
        return request_refund(
            session, attempt_id=attempt_id, amount=amount, cause_ref=cause, now=till.clock.now()
        ).id


def _race(runners: int, act: Callable[[int], object]) -> int:
    """All at once; how many were not refused."""
    barrier = Barrier(runners)

    def run(nth: int) -> bool:
        barrier.wait()
        try:
            act(nth)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(runners) as pool:
        return sum(pool.map(run, range(runners)))
