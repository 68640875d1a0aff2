"""Disputes, refunds that wait for them or for the shop's balance, and refunds that end late."""

import pytest

from data.kernel.errors import WrongState
from data.orders import OrderState
from data.payments import (
    Alarm,
    Dispute,
    DisputeState,
    RefundState,
    retry_refund,
    send_again,
)
from data.payments.gateway import (
    DisputeStatus,
    ProviderDispute,
    Standing,
)
from data.payments.sandbox_models import RefundOutcome
from data.payments.standing import apply_standing
from tests.data.payments.aftermath import (
    DAY,
    HOUR,
    a_paid_order,
    decides,
    disputes,
    look_now,
    looks,
    open_alarms,
    ships,
    yuan,
)
from tests.data.payments.till import CASH, IN_HAND, TOTAL, Till


def test_a_dispute_takes_the_money_and_a_won_one_brings_it_back(each_till: Till) -> None:
    till = each_till
    order, attempt = a_paid_order(till)
    number = disputes(till, attempt, TOTAL)
    looks(till)
    assert till.balance() == {"disputed": -TOTAL, "revenue": TOTAL}
    assert open_alarms(till) == [Alarm.DISPUTED]
    till.cancel(order)
    till.settle()
    (refund,) = till.refunds(order)
    assert (refund.state, refund.calls) == (RefundState.REQUESTED, 0)  # the buyer could have both
    assert open_alarms(till) == [Alarm.DISPUTED, Alarm.REFUND_HELD]
    decides(till, number, DisputeStatus.WON)
    look_now(till, attempt)
    till.settle()
    assert till.state(order) == OrderState.REFUNDED
    assert till.returned(order) == [TOTAL]
    assert till.balance() == {}
    assert open_alarms(till) == []


def test_a_lost_one_of_goods_that_have_left_is_a_loss(till: Till) -> None:
    order, attempt = a_paid_order(till)
    ships(till, order)
    number = disputes(till, attempt, TOTAL)
    look_now(till, attempt)
    decides(till, number, DisputeStatus.LOST)
    for _ in range(2):
        look_now(till, attempt)
    assert till.balance() == {"dispute_lost": -TOTAL, "revenue": TOTAL}
    assert till.refunds(order) == []
    assert till.state(order) == OrderState.SHIPPED
    assert open_alarms(till) == [Alarm.DISPUTE_LOST]


def test_a_lost_one_of_goods_that_are_here_is_the_refund(each_till: Till) -> None:
    """Never seen open: the bank tells of it when it is over."""
    till = each_till
    order, attempt = a_paid_order(till)
    decides(till, disputes(till, attempt, TOTAL), DisputeStatus.LOST)
    for _ in range(2):
        look_now(till, attempt)
        till.settle()
    assert till.state(order) == OrderState.REFUNDED
    assert till.shelf() == (5, 0)
    assert till.balance() == {}
    assert till.returned(order) == []  # by the bank alone, and once


def test_a_lost_one_settles_the_refund_that_was_held_back(till: Till) -> None:
    order, attempt = a_paid_order(till)
    number = disputes(till, attempt, TOTAL)
    look_now(till, attempt)
    till.cancel(order)
    till.settle()
    decides(till, number, DisputeStatus.LOST)
    look_now(till, attempt)
    till.later(8 * DAY)
    assert till.state(order) == OrderState.REFUNDED
    assert till.balance() == {}
    assert till.returned(order) == []


def test_what_was_decided_may_be_decided_otherwise(till: Till) -> None:
    order, attempt = a_paid_order(till)
    ships(till, order)
    number = disputes(till, attempt, 3000)
    for status in (DisputeStatus.WON, DisputeStatus.OPEN, DisputeStatus.LOST, DisputeStatus.WON):
        decides(till, number, status)
        look_now(till, attempt)
    assert till.balance() == IN_HAND
    with till.looking() as session:
        assert session.query(Dispute).one().state == DisputeState.WON


def test_a_mere_question_takes_nothing_and_holds_no_refund_back(till: Till) -> None:
    order, attempt = a_paid_order(till)
    asked = ProviderDispute(DisputeStatus.OPEN, yuan(TOTAL), "du_1", out=yuan(0), is_claim=False)
    with till.transaction() as session:
        shown = Standing(disputes=[asked])
        apply_standing(session, attempt_id=attempt, shown=shown, now=till.clock.now())
    assert till.balance() == IN_HAND
    till.cancel(order)
    till.settle()
    assert till.returned(order) == [TOTAL]


def test_a_refund_that_waits_for_the_shops_balance_is_told_and_sent_again(each_till: Till) -> None:
    till = each_till
    order, attempt = a_paid_order(till)
    till.plan(attempt, RefundOutcome.SHORT)
    till.cancel(order)
    till.settle()
    (refund,) = till.refunds(order)
    assert (refund.state, open_alarms(till)) == (RefundState.UNKNOWN, [Alarm.REFUND_WAITS])
    till.later(HOUR)
    assert till.refunds(order)[0].calls > 2  # by itself, under the same key
    till.plan(attempt, RefundOutcome.APPROVED)
    with till.transaction() as session:
        send_again(session, refund_id=refund.id, now=till.clock.now())
    till.settle()
    assert till.returned(order) == [TOTAL]
    assert till.state(order) == OrderState.REFUNDED
    assert open_alarms(till) == []
    with till.transaction() as session, pytest.raises(WrongState):
        send_again(session, refund_id=refund.id, now=till.clock.now())


def test_a_refund_that_fails_after_it_succeeded_is_found_without_a_notice(each_till: Till) -> None:
    till = each_till
    order, attempt = a_paid_order(till)
    till.plan(attempt, RefundOutcome.UNSAID, delay=2 * HOUR)
    till.cancel(order)
    till.settle()
    assert till.state(order) == OrderState.REFUNDED
    till.later(HOUR * 23)
    assert till.state(order) == OrderState.REFUNDED  # nobody has told us
    till.later(HOUR * 2)
    assert till.state(order) == OrderState.REFUND_PENDING
    assert till.balance() == {CASH: -TOTAL, "refund_payable": TOTAL}
    with till.transaction() as session:
        retry_refund(session, refund_id=till.refunds(order)[0].id, now=till.clock.now())
    till.settle()
    assert till.state(order) == OrderState.REFUNDED
    assert till.returned(order) == [TOTAL]
