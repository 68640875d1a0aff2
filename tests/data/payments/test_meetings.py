"""Two features of money that meet: each was right alone, together they were not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from data.audit import audit
from data.kernel.database import Database
from data.ledger import REVENUE
from data.orders import OrderKind, OrderState, lock_order
from data.payments import (
    AttemptState,
    RefundState,
    Way,
    give_back_by_hand,
    request_refund,
    retry_refund,
    settle_group_order,
)
from data.payments.attempts import attempts_of, lock_attempt, new_attempt
from data.payments.gateway import DisputeStatus, Flags, ProviderDispute, Standing
from data.payments.sandbox_bank import SANDBOX
from data.payments.sandbox_models import Outcome, RefundOutcome
from data.payments.standing import apply_standing
from tests.data.payments.aftermath import (
    DAY,
    a_paid_order,
    decides,
    disputes,
    gives_back_there,
    look_now,
    open_alarms,
    ships,
    yuan,
)
from tests.data.payments.test_changing import GOLD, RED, Rack
from tests.data.payments.till import CASH, IN_HAND, TOTAL, Till

MORE = GOLD - RED


def test_a_difference_that_was_given_back_at_its_provider_stops_no_look(each_till: Till) -> None:
    till = each_till
    order, extra, attempt = _changed_for_more(till)
    gives_back_there(till, attempt, MORE)
    look_now(till, attempt)
    assert till.state(order) == OrderState.READY
    assert open_alarms(till) == ["refunded_there"]
    till.cancel(order)
    till.settle()
    assert till.state(extra) == OrderState.REFUNDED
    assert till.balance() == {}
    _sound(till)


def test_a_difference_that_was_lost_at_the_bank_goes_back_with_its_order_once(till: Till) -> None:
    order, extra, attempt = _changed_for_more(till)
    decides(till, disputes(till, attempt, MORE), DisputeStatus.LOST)
    look_now(till, attempt)
    till.cancel(order)
    till.settle()
    assert till.state(extra) == OrderState.REFUNDED
    assert till.returned(extra) == []  # by the bank alone
    assert till.balance() == {}
    _sound(till)


def test_what_was_given_back_by_hand_is_not_sent_by_the_try_that_was_due(each_till: Till) -> None:
    till = each_till
    order, attempt = a_paid_order(till)
    till.plan(attempt, RefundOutcome.DECLINED)
    till.cancel(order)
    till.settle()
    (failed,) = till.refunds(order)
    with till.transaction() as session:
        retry_refund(session, refund_id=failed.id, now=till.clock.now())
    till.run_jobs()  # the try is due; a colleague was faster
    with till.transaction() as session:
        give_back_by_hand(session, refund_id=failed.id, reference="R-1", now=till.clock.now())
    till.settle()
    assert till.returned(order) == []
    assert till.state(order) == OrderState.REFUNDED
    assert till.balance() == {}


@pytest.mark.parametrize("is_hold", [False, True])
def test_a_second_hold_is_let_go_and_the_first_payment_stands(
    database: Database, is_hold: bool
) -> None:
    till = Till(database, flags=Flags(can_authorize=True))
    order = till.order(kind=OrderKind.GROUP)
    one = till.begin(order, authorize=is_hold)
    two = _beside(till, one)
    for each in (one, two):
        till.plan(each, Outcome.APPROVED)
    till.later(timedelta(hours=1))
    assert till.attempt(two).state == AttemptState.VOIDED
    assert till.state(order) == OrderState.WAITING_GROUP
    _settles(till, order)
    assert till.charged(order) == [TOTAL]
    assert till.returned(order) == []
    assert till.balance() == IN_HAND


def test_what_was_given_back_before_a_group_decided_is_not_earned(till: Till) -> None:
    order = till.order(kind=OrderKind.GROUP)
    attempt = till.pay(order)
    gives_back_there(till, attempt, 3000)
    look_now(till, attempt)
    _settles(till, order)
    assert till.balance() == {CASH: 3000 - TOTAL, REVENUE: TOTAL - 3000}


@pytest.mark.parametrize("decided", [DisputeStatus.LOST, DisputeStatus.WON])
def test_a_refund_that_never_arrived_is_not_sent_again_while_it_is_disputed(
    till: Till, decided: DisputeStatus
) -> None:
    order, attempt = a_paid_order(till)
    till.plan(attempt, RefundOutcome.SHORT)
    till.cancel(order)
    till.settle()
    number = disputes(till, attempt, TOTAL)
    look_now(till, attempt)
    till.plan(attempt, RefundOutcome.APPROVED)  # the balance there is filled up
    till.later(DAY)
    assert till.refunds(order)[0].state == RefundState.REQUESTED
    assert till.returned(order) == []
    decides(till, number, decided)
    look_now(till, attempt)
    till.later(DAY)
    assert till.returned(order) == ([TOTAL] if decided == DisputeStatus.WON else [])
    assert till.state(order) == OrderState.REFUNDED
    assert till.balance() == {}


def test_a_dispute_that_is_won_sends_nothing_while_another_lasts(till: Till) -> None:
    order, attempt = a_paid_order(till)
    _shows(till, attempt, DisputeStatus.OPEN)
    till.cancel(order)
    till.settle()
    _shows(till, attempt, DisputeStatus.WON, DisputeStatus.OPEN)
    till.settle()
    assert till.returned(order) == []
    _shows(till, attempt, DisputeStatus.WON, DisputeStatus.WON)
    till.settle()
    assert till.returned(order) == [TOTAL]


@pytest.mark.parametrize("lost", [TOTAL, 3000])
def test_what_a_bank_has_given_is_not_given_back_again(till: Till, lost: int) -> None:
    """Goods come back after the dispute about them was lost: of one payment no more goes back than
    was paid. Where the bank gave less than is to go back, a person says how much."""
    order, attempt = a_paid_order(till)
    ships(till, order)
    decides(till, disputes(till, attempt, lost), DisputeStatus.LOST)
    look_now(till, attempt)
    _asks(till, attempt, 8800)
    (refund,) = till.refunds(order)
    assert till.returned(order) == []
    is_given = lost >= refund.amount_minor
    assert refund.state == (RefundState.SUCCEEDED if is_given else RefundState.REQUESTED)
    assert ("refund_held" in open_alarms(till)) is not is_given


def test_what_a_bank_has_not_given_goes_back_as_ever(till: Till) -> None:
    order, attempt = a_paid_order(till)
    ships(till, order)
    decides(till, disputes(till, attempt, 3000), DisputeStatus.LOST)
    look_now(till, attempt)
    _asks(till, attempt, 4000)
    assert till.returned(order) == [4000]


@pytest.mark.postgresql
def test_who_gives_back_what_a_difference_paid_waits_for_it_before_its_payments(
    postgresql_database: Database,
) -> None:
    """SQLite has one writer; on PostgreSQL the two locked each other out."""
    till = Till(postgresql_database)
    rack = Rack(till)
    order = rack.paid()
    extra = rack.change(order, rack.gold).extra_order_id or ""
    till.pay(extra)
    with till.looking() as session:
        (first,) = attempts_of(session, order)
    _asks(till, first.id, TOTAL - 300)  # by hand; what is still to go back comes from both
    with ThreadPoolExecutor(1) as pool:
        with till.database.transaction() as session:
            lock_order(session, order_id=extra)  # a provider's answer is being heard
            cheaper = pool.submit(rack.change, order, rack.small)
            with pytest.raises(TimeoutError):
                cheaper.result(timeout=1)
            attempts_of(session, extra)
        assert cheaper.result().back_minor == 300 + MORE
    till.settle()
    assert sum(till.returned(order) + till.returned(extra)) == TOTAL + MORE


def _changed_for_more(till: Till) -> tuple[str, str, str]:
    rack = Rack(till)
    order = rack.paid()
    extra = rack.change(order, rack.gold).extra_order_id
    assert extra is not None
    return order, extra, till.pay(extra)


def _beside(till: Till, attempt_id: str) -> str:
    """A way that its provider could not close, and that was paid all the same."""
    now = till.clock.now()
    with till.transaction() as session:
        order, _ = lock_attempt(session, attempt_id)
        return new_attempt(session, order, Way(SANDBOX), tried=1, authorize=True, now=now).id


def _settles(till: Till, order: str) -> None:
    with till.transaction() as session:
        assert settle_group_order(session, order_id=order, now=till.clock.now())
    till.settle()


def _shows(till: Till, attempt: str, *statuses: DisputeStatus) -> None:
    told = [ProviderDispute(status, yuan(2000), f"du_{nth}") for nth, status in enumerate(statuses)]
    with till.transaction() as session:
        shown, now = Standing(disputes=told), till.clock.now()
        apply_standing(session, attempt_id=attempt, shown=shown, now=now)


def _asks(till: Till, attempt: str, minor: int) -> None:
    with till.transaction() as session:
        now, amount = till.clock.now(), yuan(minor)
        request_refund(session, attempt_id=attempt, amount=amount, cause_ref="shop:1", now=now)
    till.settle()


def _sound(till: Till) -> None:
    with till.looking() as session:
        assert audit(session, now=till.clock.now(), grace=timedelta(0)) == []
