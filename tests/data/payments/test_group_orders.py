"""A paid group order waits; its group decides whether goods are owed or the money goes back."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from data.kernel.database import Database
from data.kernel.facts import LISTENERS, Fact
from data.orders import OrderCancelled, OrderKind, OrderPaid, OrderReady, OrderState
from data.payments import (
    AttemptState,
    HoldLost,
    PaymentAttempt,
    PaymentFailed,
    lease,
    record_answer,
    refund_order,
    settle_group_order,
)
from data.payments.calls import Verb
from data.payments.gateway import Flags, PaymentRef, ProviderPayment, ProviderRefused
from data.payments.sandbox_bank import end_hold
from data.payments.sandbox_models import Outcome
from integrations.payments import SandboxGateway
from tests.data.payments.till import HOLD, IN_HAND, ON_HOLD, TOTAL, Till

CAN_HOLD = Flags(can_authorize=True)


@pytest.fixture(params=["charges", "holds"])
def holds(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "holds")


def test_a_paid_group_order_waits_and_keeps_its_goods(each_till: Till) -> None:
    till = each_till
    order = till.order(kind=OrderKind.GROUP)
    till.pay(order)
    till.later(2 * HOLD)
    assert till.state(order) == OrderState.WAITING_GROUP
    assert till.shelf() == (5, 1)
    assert till.balance() == ON_HOLD
    assert [till.told(OrderPaid), till.told(OrderReady)] == [1, 0]


def test_a_group_that_came_together_is_owed_its_goods(database: Database, holds: bool) -> None:
    till, order = _waiting(database, holds)
    assert till.balance() == ({} if holds else ON_HOLD)
    assert _settle(till, order)
    till.settle()
    assert not _settle(till, order), "once"
    assert till.state(order) == OrderState.READY
    assert till.shelf() == (4, 0)
    assert till.charged(order) == [TOTAL]
    assert till.balance() == IN_HAND
    assert till.told(OrderReady) == 1


def test_a_group_that_failed_gives_back_what_it_took_and_lets_go_what_it_held(
    database: Database, holds: bool
) -> None:
    till, order = _waiting(database, holds)
    assert _give_back(till, order)
    assert not _give_back(till, order), "once"
    till.settle()
    assert till.state(order) == OrderState.REFUNDED
    assert till.returned(order) == ([] if holds else [TOTAL])
    assert till.charged(order) == ([] if holds else [TOTAL])
    assert till.balance() == {}
    assert till.shelf() == (5, 0)


def test_a_hold_that_runs_out_before_the_group_decides_ends_that_order(database: Database) -> None:
    till, order = _waiting(database, holds=True)
    till.later(timedelta(days=8))
    assert till.state(order) == OrderState.CANCELLED
    assert till.told(OrderCancelled) == 1
    assert till.shelf() == (5, 0)
    assert till.balance() == {}


def test_a_capture_whose_answer_is_lost_is_found_again(database: Database) -> None:
    till, order = _waiting(database, holds=True)
    _settle(till, order)
    with till.transaction() as session:
        (call,) = lease(session, now=till.clock.now())
    till.perform(call)  # captured at the bank; the process dies before it hears of it
    till.later(HOLD)
    assert till.state(order) == OrderState.READY
    assert till.balance() == IN_HAND


def test_a_decision_made_while_the_bank_is_being_asked_is_carried_out_at_once(
    database: Database,
) -> None:
    till, order = _waiting(database, holds=True)
    till.clock.advance(timedelta(seconds=10))
    till.run_jobs()
    with till.transaction() as session:
        (question,) = lease(session, now=till.clock.now())
    answer = till.perform(question)
    _settle(till, order)
    till.record(question, answer)
    till.settle()
    assert till.state(order) == OrderState.READY
    assert till.charged(order) == [TOTAL]


def test_a_group_order_paid_too_late_is_refunded_even_if_goods_are_left(each_till: Till) -> None:
    till = each_till
    order = till.order(kind=OrderKind.GROUP)
    till.pay(order, Outcome.LATE, delay=2 * HOLD)
    till.later(3 * HOLD)
    assert till.state(order) == OrderState.REFUNDED
    assert till.returned(order) == [TOTAL]
    assert till.balance() == {}


def test_a_normal_order_at_a_bank_that_holds_is_captured_at_once(database: Database) -> None:
    till = Till(database, flags=CAN_HOLD)
    order = till.order()
    attempt = till.pay(order, authorize=True)
    assert till.attempt(attempt).state == AttemptState.CAPTURED
    assert till.state(order) == OrderState.READY
    assert till.balance() == IN_HAND


def test_a_hold_for_an_order_that_was_called_off_is_let_go_and_never_taken(
    database: Database,
) -> None:
    till = Till(database, flags=CAN_HOLD)
    order = till.order(kind=OrderKind.GROUP)
    till.pay(order, Outcome.LATE, delay=HOLD, authorize=True)
    till.cancel(order)
    till.later(3 * HOLD)
    assert till.state(order) == OrderState.CANCELLED
    assert till.charged(order) == []
    assert till.refunds(order) == []


def test_a_group_may_decide_in_the_very_moment_its_last_member_pays(till: Till) -> None:
    order = till.order(kind=OrderKind.GROUP)
    attempt = till.begin(order)
    till.plan(attempt, Outcome.APPROVED)

    def decide(session: Session, fact: Fact, now: object) -> None:
        if isinstance(fact, OrderPaid):
            settle_group_order(session, order_id=fact.order_id, now=till.clock.now())

    with till.transaction() as session:
        (call,) = lease(session, now=till.clock.now())
    answer = till.perform(call)
    with till.transaction() as session:
        session.info[LISTENERS] = (decide,)
        record_answer(session, call=call, answer=answer, now=till.clock.now())
    assert till.state(order) == OrderState.READY
    assert till.balance() == IN_HAND


def test_an_unpaid_order_of_a_group_that_failed_is_called_off(till: Till) -> None:
    order = till.order(kind=OrderKind.GROUP)
    assert _give_back(till, order)
    assert till.state(order) == OrderState.CANCELLED
    assert till.shelf() == (5, 0)


class Declines(SandboxGateway):
    """SIMULATED: a bank that says no to an order about a hold, and does not say why."""

    refuses: tuple[str, ...] = ("capture",)

    async def capture(self, payment: PaymentRef) -> ProviderPayment:
        raise ProviderRefused("no_such_hold")

    async def void(self, payment: PaymentRef) -> ProviderPayment:
        if "void" in self.refuses:
            raise ProviderRefused("no_such_hold")
        return await super().void(payment)


class DecliningTill(Till):
    gateway_type = Declines


@pytest.mark.parametrize("refuses", [("capture",), ("capture", "void")])
@pytest.mark.parametrize("is_gone", [True, False])
def test_a_capture_that_is_declined_ends_the_hold_and_the_order_is_unpaid(
    database: Database, refuses: tuple[str, ...], is_gone: bool
) -> None:
    till = DecliningTill(database, flags=CAN_HOLD)
    assert isinstance(till.gateway, Declines)
    till.gateway.refuses = refuses
    order = till.order(kind=OrderKind.GROUP)
    attempt = till.pay(order, authorize=True)
    if is_gone:
        with till.transaction() as session:
            key = session.get_one(PaymentAttempt, attempt).idempotency_key
            end_hold(session, key, now=till.clock.now())
    _settle(till, order)
    till.later(timedelta(hours=1))
    assert till.attempt(attempt).state in (AttemptState.VOIDED, AttemptState.FAILED)
    assert till.state(order) == OrderState.CANCELLED
    assert (till.told(HoldLost), till.told(OrderCancelled)) == (1, 1)
    assert [call.verb for call in till.calls].count(Verb.CAPTURE) == 1
    assert till.charged(order) == []
    assert till.balance() == {}


@pytest.mark.parametrize("refuses", [("capture",), ("void",)])
def test_what_was_held_for_an_order_that_is_called_off_comes_to_an_end(
    database: Database, refuses: tuple[str, ...]
) -> None:
    till = DecliningTill(database, flags=CAN_HOLD)
    assert isinstance(till.gateway, Declines)
    till.gateway.refuses = refuses
    order = till.order(kind=OrderKind.GROUP)
    till.pay(order, authorize=True)
    assert _give_back(till, order)
    till.later(timedelta(hours=1))
    assert till.state(order) == OrderState.REFUNDED


def test_a_normal_order_whose_capture_is_declined_can_be_paid_anew(database: Database) -> None:
    till = DecliningTill(database, flags=CAN_HOLD)
    order = till.order()
    attempt = till.pay(order, authorize=True)
    assert till.attempt(attempt).state == AttemptState.VOIDED
    assert till.state(order) == OrderState.AWAITING_PAYMENT
    assert till.told(PaymentFailed) == 1


def _waiting(database: Database, holds: bool) -> tuple[Till, str]:
    till = Till(database, flags=CAN_HOLD if holds else None)
    order = till.order(kind=OrderKind.GROUP)
    till.pay(order, authorize=holds)
    assert till.state(order) == OrderState.WAITING_GROUP
    return till, order


def _settle(till: Till, order_id: str) -> bool:
    with till.transaction() as session:
        return settle_group_order(session, order_id=order_id, now=till.clock.now())


def _give_back(till: Till, order_id: str) -> bool:
    with till.transaction() as session:
        return refund_order(
            session, order_id=order_id, cause_ref="team_failed", now=till.clock.now()
        )
