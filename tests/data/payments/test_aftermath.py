"""What became of a payment: fees, refunds made at the bank, disputes, refunds that end late."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from data.kernel.errors import NotFound, Refused, WrongState
from data.kernel.money import Money
from data.orders import Address, OrderCancelled, OrderRefunded, OrderState, set_address, ship
from data.payments import (
    Alarm,
    Dispute,
    DisputeState,
    PaymentAlarm,
    PaymentFee,
    PaymentLook,
    RefundKind,
    RefundState,
    dismiss_alarm,
    fees_elsewhere,
    give_back_by_hand,
    note_external_refund,
    record_look,
    record_notice,
    request_refund,
    retry_refund,
    send_again,
)
from data.payments import sandbox_aftermath as bank
from data.payments.gateway import (
    DisputeStatus,
    NoAnswer,
    ProviderDispute,
    ProviderEvent,
    ProviderRefund,
    RefundStatus,
    Standing,
)
from data.payments.looking import lease_looks, look_soon
from data.payments.sandbox_bank import SANDBOX
from data.payments.sandbox_models import RefundOutcome
from data.payments.standing import apply_standing
from tests.data.payments.till import CASH, IN_HAND, TOTAL, Till

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def yuan(minor: int) -> Money:
    return Money(minor, "CNY")


def test_a_fee_is_booked_once_after_the_payment(each_till: Till) -> None:
    till = each_till
    order, attempt = _paid(till)
    with till.transaction() as session:
        bank.keep_fee(session, key=_key(till, attempt), amount=yuan(59), now=till.clock.now())
    assert till.look_back() == 0  # in its own time
    _looks(till)
    for _ in range(2):
        _look_now(till, attempt)
    assert till.balance() == {CASH: -TOTAL + 59, "psp_fee": -59, "revenue": TOTAL}
    assert till.state(order) == OrderState.READY


def test_a_fee_in_another_currency_is_told_and_mixed_with_nothing(till: Till) -> None:
    _, attempt = _paid(till)
    with till.transaction() as session:
        key = _key(till, attempt)
        bank.keep_fee(session, key=key, amount=Money(30, "USD"), now=till.clock.now())
    _looks(till)
    assert till.balance() == IN_HAND
    with till.looking() as session:
        assert fees_elsewhere(session, merchant_id=till.shop.id) == [Money(30, "USD")]
        assert not session.query(PaymentFee).one().booked


def test_a_refund_made_at_the_bank_in_part_is_recorded_once(each_till: Till) -> None:
    till = each_till
    order, attempt = _paid(till)
    _give_back_there(till, attempt, 1500)
    _looks(till)
    _look_now(till, attempt)
    (refund,) = till.refunds(order)
    assert (refund.kind, refund.state, refund.amount) == (
        RefundKind.EXTERNAL,
        RefundState.SUCCEEDED,
        yuan(1500),
    )
    assert till.balance() == {CASH: -TOTAL + 1500, "revenue": TOTAL - 1500}
    assert till.state(order) == OrderState.READY
    assert _alarms(till) == [Alarm.REFUNDED_THERE]


def test_one_made_at_the_bank_in_full_stops_an_order_that_has_not_left(each_till: Till) -> None:
    till = each_till
    order, attempt = _paid(till)
    _give_back_there(till, attempt, TOTAL)
    _looks(till)
    till.settle()
    assert till.state(order) == OrderState.REFUNDED
    assert till.shelf() == (5, 0)
    assert till.balance() == {}
    assert till.returned(order) == [TOTAL]
    assert [till.told(OrderCancelled), till.told(OrderRefunded)] == [1, 1]


def test_one_of_an_order_that_has_left_only_tells(till: Till) -> None:
    order, attempt = _paid(till)
    _ship(till, order)
    _give_back_there(till, attempt, TOTAL)
    _looks(till)
    assert till.state(order) == OrderState.SHIPPED
    assert till.balance() == {}
    assert _alarms(till) == [Alarm.REFUNDED_THERE]


def test_our_own_refund_is_never_taken_for_one_of_theirs(each_till: Till) -> None:
    till = each_till
    order, attempt = _paid(till)
    with till.transaction() as session:
        request_refund(
            session, attempt_id=attempt, amount=yuan(800), cause_ref="c", now=till.clock.now()
        )
    _look_now(till, attempt)  # promised, not sent
    till.settle()
    _give_back_there(till, attempt, 800)  # the same sum once more
    _look_now(till, attempt)
    _look_now(till, attempt)
    assert sorted(refund.kind for refund in till.refunds(order)) == ["external", "ours"]
    assert till.balance() == {CASH: -TOTAL + 1600, "revenue": TOTAL - 1600}


def test_a_refund_under_way_whose_answer_was_lost_is_known_by_its_key(till: Till) -> None:
    order, attempt = _paid(till)
    till.plan(attempt, RefundOutcome.LOST)
    till.cancel(order)
    till.settle()
    assert till.refunds(order)[0].state == RefundState.UNKNOWN
    _look_now(till, attempt)
    assert len(till.refunds(order)) == 1
    till.later(HOUR)
    assert till.balance() == {}


def test_a_failed_refund_that_somebody_makes_at_the_bank_is_that_refund(till: Till) -> None:
    order, attempt = _paid(till)
    till.plan(attempt, RefundOutcome.DECLINED)
    till.cancel(order)
    till.settle()
    _give_back_there(till, attempt, TOTAL)
    _look_now(till, attempt)
    till.settle()
    assert [r.state for r in till.refunds(order)] == [RefundState.FAILED, RefundState.SUCCEEDED]
    assert till.state(order) == OrderState.REFUNDED
    assert till.balance() == {}
    assert till.returned(order) == [TOTAL]


def test_one_that_was_told_by_hand_under_another_number_is_counted_once(till: Till) -> None:
    order, attempt = _paid(till)
    till.plan(attempt, RefundOutcome.DECLINED)
    with till.transaction() as session:
        now = till.clock.now()
        request_refund(session, attempt_id=attempt, amount=yuan(500), cause_ref="c", now=now)
    till.settle()
    failed = till.refunds(order)[0]
    with till.transaction() as session:
        give_back_by_hand(session, refund_id=failed.id, reference="note 7", now=till.clock.now())
    there = _give_back_there(till, attempt, 500)
    _look_now(till, attempt)
    told = till.refunds(order)[-1]
    assert (len(till.refunds(order)), told.provider_ref) == (2, there)
    assert till.balance() == {CASH: -TOTAL + 500, "revenue": TOTAL - 500}


def test_more_than_is_left_to_promise_is_told_and_not_booked(till: Till) -> None:
    order, attempt = _paid(till)
    till.cancel(order)
    with till.transaction() as session:  # before ours has left: the bank will refuse ours
        shown = Standing(refunds=[ProviderRefund(RefundStatus.SUCCEEDED, yuan(TOTAL), "sbr_x")])
        assert apply_standing(session, attempt_id=attempt, shown=shown, now=till.clock.now())
    assert _alarms(till) == [Alarm.REFUND_NO_ROOM]
    assert len(till.refunds(order)) == 1


def test_all_of_it_given_back_without_a_word_of_how_is_the_difference(till: Till) -> None:
    order, attempt = _paid(till)
    with till.transaction() as session:
        now = till.clock.now()
        request_refund(session, attempt_id=attempt, amount=yuan(800), cause_ref="c", now=now)
    whole = Standing(is_all_returned=True)
    with till.transaction() as session:  # ours is under way: it could be part of that
        assert apply_standing(session, attempt_id=attempt, shown=whole, now=till.clock.now())
    assert len(till.refunds(order)) == 1
    till.settle()
    for _ in range(2):
        with till.transaction() as session:
            apply_standing(session, attempt_id=attempt, shown=whole, now=till.clock.now())
    assert [r.amount_minor for r in till.refunds(order)] == [800, TOTAL - 800]
    assert till.state(order) == OrderState.REFUNDED


def test_where_nobody_tells_how_much_a_person_looks_it_up(till: Till) -> None:
    order, attempt = _paid(till)
    with till.transaction() as session:
        shown = Standing(is_touched=True)
        apply_standing(session, attempt_id=attempt, shown=shown, now=till.clock.now())
    assert _alarms(till) == [Alarm.REFUND_UNTOLD]
    for wrong in (TOTAL + 1, 0):
        with till.transaction() as session, pytest.raises(Refused):
            _note(till, session, attempt, wrong)
    with till.transaction() as session:
        _note(till, session, attempt, 700)
    with till.transaction() as session, pytest.raises(Refused):
        _note(till, session, attempt, 700)
    assert till.balance() == {CASH: -TOTAL + 700, "revenue": TOTAL - 700}
    assert _alarms(till) == [Alarm.REFUNDED_THERE]
    assert till.refunds(order)[0].provider_ref == "R-7"


def test_an_external_refund_that_fails_afterwards_is_turned_back(till: Till) -> None:
    order, attempt = _paid(till)
    there = _give_back_there(till, attempt, 900)
    _look_now(till, attempt)
    failed = Standing(refunds=[ProviderRefund(RefundStatus.FAILED, yuan(900), there)])
    with till.transaction() as session:
        apply_standing(session, attempt_id=attempt, shown=failed, now=till.clock.now())
    assert till.refunds(order)[0].state == RefundState.FAILED
    assert till.balance() == {CASH: -TOTAL, "revenue": TOTAL - 900, "refund_payable": 900}


def test_a_notice_of_what_came_after_makes_us_look_at_once(till: Till) -> None:
    order, attempt = _paid(till)
    _give_back_there(till, attempt, 400)
    event = ProviderEvent(
        event_id="evt_after",
        our_ref="a refund that nobody here knows",
        raw=b"{}",
        headers={},
        claimed=yuan(400),
        of_payment=_key(till, attempt),
    )
    with till.transaction() as session:
        assert record_notice(session, provider=SANDBOX, event=event, now=till.clock.now())
    with till.looking() as session:
        assert session.get_one(PaymentLook, attempt).named == [event.our_ref]
    assert till.look_back() == 1
    assert [refund.amount_minor for refund in till.refunds(order)] == [400]
    till.settle()
    assert till.balance() == {CASH: -TOTAL + 400, "revenue": TOTAL - 400}


def test_a_dispute_takes_the_money_and_a_won_one_brings_it_back(each_till: Till) -> None:
    till = each_till
    order, attempt = _paid(till)
    number = _dispute(till, attempt, TOTAL)
    _looks(till)
    assert till.balance() == {"disputed": -TOTAL, "revenue": TOTAL}
    assert _alarms(till) == [Alarm.DISPUTED]
    till.cancel(order)
    till.settle()
    (refund,) = till.refunds(order)
    assert (refund.state, refund.calls) == (RefundState.REQUESTED, 0)  # the buyer could have both
    assert _alarms(till) == [Alarm.DISPUTED, Alarm.REFUND_HELD]
    _decide(till, number, DisputeStatus.WON)
    _look_now(till, attempt)
    till.settle()
    assert till.state(order) == OrderState.REFUNDED
    assert till.returned(order) == [TOTAL]
    assert till.balance() == {}
    assert _alarms(till) == []


def test_a_lost_one_of_goods_that_have_left_is_a_loss(till: Till) -> None:
    order, attempt = _paid(till)
    _ship(till, order)
    number = _dispute(till, attempt, TOTAL)
    _look_now(till, attempt)
    _decide(till, number, DisputeStatus.LOST)
    for _ in range(2):
        _look_now(till, attempt)
    assert till.balance() == {"dispute_lost": -TOTAL, "revenue": TOTAL}
    assert till.refunds(order) == []
    assert till.state(order) == OrderState.SHIPPED
    assert _alarms(till) == [Alarm.DISPUTE_LOST]


def test_a_lost_one_of_goods_that_are_here_is_the_refund(each_till: Till) -> None:
    """Never seen open: the bank tells of it when it is over."""
    till = each_till
    order, attempt = _paid(till)
    _decide(till, _dispute(till, attempt, TOTAL), DisputeStatus.LOST)
    for _ in range(2):
        _look_now(till, attempt)
        till.settle()
    assert till.state(order) == OrderState.REFUNDED
    assert till.shelf() == (5, 0)
    assert till.balance() == {}
    assert till.returned(order) == []  # by the bank alone, and once


def test_a_lost_one_settles_the_refund_that_was_held_back(till: Till) -> None:
    order, attempt = _paid(till)
    number = _dispute(till, attempt, TOTAL)
    _look_now(till, attempt)
    till.cancel(order)
    till.settle()
    _decide(till, number, DisputeStatus.LOST)
    _look_now(till, attempt)
    till.later(8 * DAY)
    assert till.state(order) == OrderState.REFUNDED
    assert till.balance() == {}
    assert till.returned(order) == []


def test_what_was_decided_may_be_decided_otherwise(till: Till) -> None:
    order, attempt = _paid(till)
    _ship(till, order)
    number = _dispute(till, attempt, 3000)
    for status in (DisputeStatus.WON, DisputeStatus.OPEN, DisputeStatus.LOST, DisputeStatus.WON):
        _decide(till, number, status)
        _look_now(till, attempt)
    assert till.balance() == IN_HAND
    with till.looking() as session:
        assert session.query(Dispute).one().state == DisputeState.WON


def test_a_mere_question_takes_nothing_and_holds_no_refund_back(till: Till) -> None:
    order, attempt = _paid(till)
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
    order, attempt = _paid(till)
    till.plan(attempt, RefundOutcome.SHORT)
    till.cancel(order)
    till.settle()
    (refund,) = till.refunds(order)
    assert (refund.state, _alarms(till)) == (RefundState.UNKNOWN, [Alarm.REFUND_WAITS])
    till.later(HOUR)
    assert till.refunds(order)[0].calls > 2  # by itself, under the same key
    till.plan(attempt, RefundOutcome.APPROVED)
    with till.transaction() as session:
        send_again(session, refund_id=refund.id, now=till.clock.now())
    till.settle()
    assert till.returned(order) == [TOTAL]
    assert till.state(order) == OrderState.REFUNDED
    assert _alarms(till) == []
    with till.transaction() as session, pytest.raises(WrongState):
        send_again(session, refund_id=refund.id, now=till.clock.now())


def test_a_refund_that_fails_after_it_succeeded_is_found_without_a_notice(each_till: Till) -> None:
    till = each_till
    order, attempt = _paid(till)
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


def test_looks_come_on_their_schedule_and_end(till: Till) -> None:
    _, attempt = _paid(till)
    for _ in range(4):
        assert _looks(till, by=40 * DAY) == 1
    with till.looking() as session:
        look = session.get_one(PaymentLook, attempt)
    assert (look.looks, look.due_at) == (4, None)


def test_a_look_without_an_answer_comes_again(till: Till) -> None:
    _, attempt = _paid(till)
    till.later(HOUR)
    with till.transaction() as session:
        (leased,) = lease_looks(session, now=till.clock.now())
        record_look(session, leased, NoAnswer("silence"), now=till.clock.now())
    with till.looking() as session:
        look = session.get_one(PaymentLook, attempt)
        assert look.looks == 0
        assert look.due_at is not None
    assert _looks(till, by=7 * HOUR) == 1


def test_a_notice_during_a_look_is_not_forgotten(till: Till) -> None:
    _, attempt = _paid(till)
    till.later(HOUR)
    with till.transaction() as session:
        (leased,) = lease_looks(session, now=till.clock.now())
    with till.transaction() as session:
        assert look_soon(session, till.attempt(attempt), now=till.clock.now())
    with till.transaction() as session:
        record_look(session, leased, Standing(), now=till.clock.now())
    assert till.look_back() == 1


def test_an_alarm_that_somebody_has_looked_at_stays_closed(till: Till) -> None:
    _, attempt = _paid(till)
    _give_back_there(till, attempt, 100)
    _look_now(till, attempt)
    with till.looking() as session:
        (alarm,) = session.query(PaymentAlarm).all()
    with till.transaction() as session, pytest.raises(NotFound):
        dismiss_alarm(
            session, merchant_id="mer_x", alarm_id=alarm.id, by="me", now=till.clock.now()
        )
    with till.transaction() as session:
        now = till.clock.now()
        dismiss_alarm(session, merchant_id=till.shop.id, alarm_id=alarm.id, by="me", now=now)
    _look_now(till, attempt)
    assert _alarms(till) == []


def _paid(till: Till) -> tuple[str, str]:
    order = till.order()
    return order, till.pay(order)


def _key(till: Till, attempt: str) -> str:
    return till.attempt(attempt).idempotency_key


def _give_back_there(till: Till, attempt: str, minor: int) -> str:
    with till.transaction() as session:
        key, now = _key(till, attempt), till.clock.now()
        return bank.give_back_there(session, key=key, amount=yuan(minor), now=now).provider_ref


def _dispute(till: Till, attempt: str, minor: int) -> str:
    with till.transaction() as session:
        now = till.clock.now()
        return bank.dispute(session, key=_key(till, attempt), amount=yuan(minor), now=now)


def _decide(till: Till, number: str, status: DisputeStatus) -> None:
    with till.transaction() as session:
        bank.decide(session, number, status)


def _looks(till: Till, by: timedelta = HOUR) -> int:
    till.later(by)
    return till.look_back()


def _look_now(till: Till, attempt: str) -> None:
    with till.transaction() as session:
        assert look_soon(session, till.attempt(attempt), now=till.clock.now())
    assert till.look_back() == 1


def _alarms(till: Till) -> list[str]:
    with till.looking() as session:
        rows = session.query(PaymentAlarm).order_by(PaymentAlarm.id).all()
    return [row.what for row in rows if row.closed_at is None]


def _note(till: Till, session: Session, attempt: str, minor: int) -> None:
    now = till.clock.now()
    note_external_refund(session, attempt_id=attempt, amount=yuan(minor), reference="R-7", now=now)


def _ship(till: Till, order: str) -> None:
    with till.transaction() as session:
        now = till.clock.now()
        address = Address("Lan", "138", "Nanjing Road 1")
        set_address(session, order_id=order, person_id=till.buyer.id, address=address, now=now)
        ship(session, merchant_id=till.shop.id, order_id=order, tracking=None, now=now)
