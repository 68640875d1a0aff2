"""What became of a payment: fees, refunds made at the bank, and when we look."""

import pytest

from data.kernel.errors import NotFound, Refused
from data.kernel.money import Money
from data.orders import OrderCancelled, OrderRefunded, OrderState
from data.payments import (
    Alarm,
    PaymentAlarm,
    PaymentFee,
    PaymentLook,
    Refund,
    RefundKind,
    RefundState,
    dismiss_alarm,
    fees_elsewhere,
    give_back_by_hand,
    lease,
    record_look,
    record_notice,
    request_refund,
    retry_refund,
)
from data.payments import sandbox_aftermath as bank
from data.payments.gateway import (
    Declined,
    NoAnswer,
    ProviderEvent,
    ProviderRefund,
    RefundStatus,
    Standing,
)
from data.payments.looking import lease_looks, look_soon
from data.payments.sandbox_bank import SANDBOX
from data.payments.sandbox_models import RefundOutcome, SandboxRefund
from data.payments.standing import apply_standing
from tests.data.payments.aftermath import (
    DAY,
    HOUR,
    a_paid_order,
    gives_back_there,
    key_of,
    look_now,
    looks,
    notes,
    open_alarms,
    ships,
    yuan,
)
from tests.data.payments.till import CASH, IN_HAND, TOTAL, Till


def test_a_fee_is_booked_once_after_the_payment(each_till: Till) -> None:
    till = each_till
    order, attempt = a_paid_order(till)
    with till.transaction() as session:
        bank.keep_fee(session, key=key_of(till, attempt), amount=yuan(59), now=till.clock.now())
    assert till.look_back() == 0  # in its own time
    looks(till)
    for _ in range(2):
        look_now(till, attempt)
    assert till.balance() == {CASH: -TOTAL + 59, "psp_fee": -59, "revenue": TOTAL}
    assert till.state(order) == OrderState.READY


def test_a_fee_in_another_currency_is_told_and_mixed_with_nothing(till: Till) -> None:
    _, attempt = a_paid_order(till)
    with till.transaction() as session:
        key = key_of(till, attempt)
        bank.keep_fee(session, key=key, amount=Money(30, "USD"), now=till.clock.now())
    looks(till)
    assert till.balance() == IN_HAND
    with till.looking() as session:
        assert fees_elsewhere(session, merchant_id=till.shop.id) == [Money(30, "USD")]
        assert not session.query(PaymentFee).one().booked


def test_a_refund_made_at_the_bank_in_part_is_recorded_once(each_till: Till) -> None:
    till = each_till
    order, attempt = a_paid_order(till)
    gives_back_there(till, attempt, 1500)
    looks(till)
    look_now(till, attempt)
    (refund,) = till.refunds(order)
    assert (refund.kind, refund.state, refund.amount) == (
        RefundKind.EXTERNAL,
        RefundState.SUCCEEDED,
        yuan(1500),
    )
    assert till.balance() == {CASH: -TOTAL + 1500, "revenue": TOTAL - 1500}
    assert till.state(order) == OrderState.READY
    assert open_alarms(till) == [Alarm.REFUNDED_THERE]


def test_one_made_at_the_bank_in_full_stops_an_order_that_has_not_left(each_till: Till) -> None:
    till = each_till
    order, attempt = a_paid_order(till)
    gives_back_there(till, attempt, TOTAL)
    looks(till)
    till.settle()
    assert till.state(order) == OrderState.REFUNDED
    assert till.shelf() == (5, 0)
    assert till.balance() == {}
    assert till.returned(order) == [TOTAL]
    assert [till.told(OrderCancelled), till.told(OrderRefunded)] == [1, 1]


def test_one_of_an_order_that_has_left_only_tells(till: Till) -> None:
    order, attempt = a_paid_order(till)
    ships(till, order)
    gives_back_there(till, attempt, TOTAL)
    looks(till)
    assert till.state(order) == OrderState.SHIPPED
    assert till.balance() == {}
    assert open_alarms(till) == [Alarm.REFUNDED_THERE]


def test_our_own_refund_is_never_taken_for_one_of_theirs(each_till: Till) -> None:
    till = each_till
    order, attempt = a_paid_order(till)
    with till.transaction() as session:
        request_refund(
            session, attempt_id=attempt, amount=yuan(800), cause_ref="c", now=till.clock.now()
        )
    look_now(till, attempt)  # promised, not sent
    till.settle()
    gives_back_there(till, attempt, 800)  # the same sum once more
    look_now(till, attempt)
    look_now(till, attempt)
    assert sorted(refund.kind for refund in till.refunds(order)) == ["external", "ours"]
    assert till.balance() == {CASH: -TOTAL + 1600, "revenue": TOTAL - 1600}


def test_a_refund_under_way_whose_answer_was_lost_is_known_by_its_key(till: Till) -> None:
    order, attempt = a_paid_order(till)
    till.plan(attempt, RefundOutcome.LOST)
    till.cancel(order)
    till.settle()
    assert till.refunds(order)[0].state == RefundState.UNKNOWN
    look_now(till, attempt)
    assert len(till.refunds(order)) == 1
    till.later(HOUR)
    assert till.balance() == {}


def test_a_failed_refund_that_somebody_makes_at_the_bank_is_that_refund(till: Till) -> None:
    order, attempt = a_paid_order(till)
    till.plan(attempt, RefundOutcome.DECLINED)
    till.cancel(order)
    till.settle()
    gives_back_there(till, attempt, TOTAL)
    look_now(till, attempt)
    till.settle()
    assert [r.state for r in till.refunds(order)] == [RefundState.FAILED, RefundState.SUCCEEDED]
    assert till.state(order) == OrderState.REFUNDED
    assert till.balance() == {}
    assert till.returned(order) == [TOTAL]


def a_failed_refund(till: Till, minor: int) -> tuple[str, str, Refund]:
    """The order, its payment, and what the bank has refused to give back of it for now."""
    order, attempt = a_paid_order(till)
    till.plan(attempt, RefundOutcome.DECLINED)
    with till.transaction() as session:
        now = till.clock.now()
        request_refund(session, attempt_id=attempt, amount=yuan(minor), cause_ref="c", now=now)
    till.settle()
    (failed,) = till.refunds(order)
    assert failed.state == RefundState.FAILED
    return order, attempt, failed


def turns_out(till: Till, refund: Refund, status: RefundStatus) -> None:
    """SIMULATED: the bank changes its mind about what it had told."""
    with till.transaction() as session:
        session.get_one(SandboxRefund, refund.idempotency_key).status = status


@pytest.mark.parametrize("minor", [800, TOTAL])
def test_a_refund_that_failed_and_was_given_after_all_is_no_second_one(
    each_till: Till, minor: int
) -> None:
    till = each_till
    order, attempt, failed = a_failed_refund(till, minor)
    turns_out(till, failed, RefundStatus.SUCCEEDED)
    for _ in range(2):
        look_now(till, attempt)
    till.settle()
    with till.transaction() as session:
        retry_refund(session, refund_id=failed.id, now=till.clock.now())
    till.settle()
    assert till.returned(order) == [minor]
    assert [r.state for r in till.refunds(order)] == [RefundState.FAILED, RefundState.SUCCEEDED]
    left = {} if minor == TOTAL else {CASH: -TOTAL + minor, "revenue": TOTAL - minor}
    assert till.balance() == left
    assert open_alarms(till) == []


def test_one_that_was_given_and_then_failed_once_more_is_owed_again(till: Till) -> None:
    order, attempt, failed = a_failed_refund(till, 800)
    for status in (RefundStatus.SUCCEEDED, RefundStatus.FAILED, RefundStatus.SUCCEEDED):
        turns_out(till, failed, status)
        look_now(till, attempt)
        owed = 800 if status == RefundStatus.FAILED else 0
        assert till.balance().get("refund_payable", 0) == owed
    till.settle()
    assert till.returned(order) == [800]
    assert till.balance() == {CASH: -TOTAL + 800, "revenue": TOTAL - 800}


def test_another_try_that_was_not_sent_yet_is_what_was_given_after_all(till: Till) -> None:
    order, attempt, failed = a_failed_refund(till, 800)
    with till.transaction() as session:
        retry_refund(session, refund_id=failed.id, now=till.clock.now())
    turns_out(till, failed, RefundStatus.SUCCEEDED)
    look_now(till, attempt)
    till.settle()
    assert till.returned(order) == [800]
    assert till.balance() == {CASH: -TOTAL + 800, "revenue": TOTAL - 800}


@pytest.mark.parametrize("minor", [800, TOTAL])
def test_what_was_given_beside_another_try_that_succeeded_is_told(till: Till, minor: int) -> None:
    """The bank itself would refuse more than it took; here it is told of what nobody can undo."""
    order, attempt, failed = a_failed_refund(till, minor)
    with till.transaction() as session:
        retry_refund(session, refund_id=failed.id, now=till.clock.now())
    till.settle()
    turns_out(till, failed, RefundStatus.SUCCEEDED)
    for _ in range(2):
        look_now(till, attempt)
    assert till.returned(order) == [minor, minor]
    if minor == TOTAL:
        assert open_alarms(till) == [Alarm.REFUND_NO_ROOM]
    else:
        assert open_alarms(till) == [Alarm.REFUNDED_THERE]
        assert till.balance() == {CASH: -TOTAL + 1600, "revenue": TOTAL - 1600}


def test_an_answer_that_was_slow_counts_though_the_refund_had_failed_since(till: Till) -> None:
    order, attempt = a_paid_order(till)
    with till.transaction() as session:
        now = till.clock.now()
        request_refund(session, attempt_id=attempt, amount=yuan(800), cause_ref="c", now=now)
    till.run_jobs()
    with till.transaction() as session:
        (slow,) = lease(session, now=till.clock.now())
    answer = till.perform(slow)
    till.clock.advance(HOUR)
    with till.transaction() as session:
        (again,) = lease(session, now=till.clock.now())
    till.record(again, Declined("no"))
    till.record(slow, answer)
    till.settle()
    assert till.returned(order) == [800]
    assert till.balance() == {CASH: -TOTAL + 800, "revenue": TOTAL - 800}


def test_one_that_was_told_by_hand_under_another_number_is_counted_once(till: Till) -> None:
    order, attempt = a_paid_order(till)
    till.plan(attempt, RefundOutcome.DECLINED)
    with till.transaction() as session:
        now = till.clock.now()
        request_refund(session, attempt_id=attempt, amount=yuan(500), cause_ref="c", now=now)
    till.settle()
    failed = till.refunds(order)[0]
    with till.transaction() as session:
        give_back_by_hand(session, refund_id=failed.id, reference="note 7", now=till.clock.now())
    there = gives_back_there(till, attempt, 500)
    look_now(till, attempt)
    told = till.refunds(order)[-1]
    assert (len(till.refunds(order)), told.provider_ref) == (2, there)
    assert till.balance() == {CASH: -TOTAL + 500, "revenue": TOTAL - 500}


def test_two_of_one_sum_are_two_though_one_was_told_by_hand(till: Till) -> None:
    order, attempt = a_paid_order(till)
    till.plan(attempt, RefundOutcome.DECLINED)
    with till.transaction() as session:
        now = till.clock.now()
        request_refund(session, attempt_id=attempt, amount=yuan(500), cause_ref="c", now=now)
    till.settle()
    failed = till.refunds(order)[0]
    with till.transaction() as session:
        give_back_by_hand(session, refund_id=failed.id, reference="note 7", now=till.clock.now())
    names = [gives_back_there(till, attempt, 500) for _ in range(2)]
    for _ in range(2):
        look_now(till, attempt)
    given = [r for r in till.refunds(order) if r.state == RefundState.SUCCEEDED]
    assert sorted(str(r.provider_ref) for r in given) == sorted(names)
    assert till.balance() == {CASH: -TOTAL + 1000, "revenue": TOTAL - 1000}


def test_more_than_is_left_to_promise_is_told_and_not_booked(till: Till) -> None:
    order, attempt = a_paid_order(till)
    till.cancel(order)
    with till.transaction() as session:  # before ours has left: the bank will refuse ours
        shown = Standing(refunds=[ProviderRefund(RefundStatus.SUCCEEDED, yuan(TOTAL), "sbr_x")])
        assert apply_standing(session, attempt_id=attempt, shown=shown, now=till.clock.now())
    assert open_alarms(till) == [Alarm.REFUND_NO_ROOM]
    assert len(till.refunds(order)) == 1


def test_all_of_it_given_back_without_a_word_of_how_is_the_difference(till: Till) -> None:
    order, attempt = a_paid_order(till)
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
    order, attempt = a_paid_order(till)
    with till.transaction() as session:
        shown = Standing(is_touched=True)
        apply_standing(session, attempt_id=attempt, shown=shown, now=till.clock.now())
    assert open_alarms(till) == [Alarm.REFUND_UNTOLD]
    for wrong in (TOTAL + 1, 0):
        with till.transaction() as session, pytest.raises(Refused):
            notes(till, session, attempt, wrong)
    with till.transaction() as session:
        notes(till, session, attempt, 700)
    with till.transaction() as session, pytest.raises(Refused):
        notes(till, session, attempt, 700)
    assert till.balance() == {CASH: -TOTAL + 700, "revenue": TOTAL - 700}
    assert open_alarms(till) == [Alarm.REFUNDED_THERE]
    assert till.refunds(order)[0].provider_ref == "R-7"


def test_an_external_refund_that_fails_afterwards_is_turned_back(till: Till) -> None:
    order, attempt = a_paid_order(till)
    there = gives_back_there(till, attempt, 900)
    look_now(till, attempt)
    failed = Standing(refunds=[ProviderRefund(RefundStatus.FAILED, yuan(900), there)])
    with till.transaction() as session:
        apply_standing(session, attempt_id=attempt, shown=failed, now=till.clock.now())
    assert till.refunds(order)[0].state == RefundState.FAILED
    assert till.balance() == {CASH: -TOTAL, "revenue": TOTAL - 900, "refund_payable": 900}


def test_a_notice_of_what_came_after_makes_us_look_at_once(till: Till) -> None:
    order, attempt = a_paid_order(till)
    gives_back_there(till, attempt, 400)
    event = ProviderEvent(
        event_id="evt_after",
        our_ref="a refund that nobody here knows",
        raw=b"{}",
        headers={},
        claimed=yuan(400),
        of_payment=key_of(till, attempt),
    )
    with till.transaction() as session:
        assert record_notice(session, provider=SANDBOX, event=event, now=till.clock.now())
    with till.looking() as session:
        assert session.get_one(PaymentLook, attempt).named == [event.our_ref]
    assert till.look_back() == 1
    assert [refund.amount_minor for refund in till.refunds(order)] == [400]
    till.settle()
    assert till.balance() == {CASH: -TOTAL + 400, "revenue": TOTAL - 400}


def test_looks_come_on_their_schedule_and_end(till: Till) -> None:
    _, attempt = a_paid_order(till)
    for _ in range(4):
        assert looks(till, by=40 * DAY) == 1
    with till.looking() as session:
        look = session.get_one(PaymentLook, attempt)
    assert (look.looks, look.due_at) == (4, None)


def test_a_look_without_an_answer_comes_again(till: Till) -> None:
    _, attempt = a_paid_order(till)
    till.later(HOUR)
    with till.transaction() as session:
        (leased,) = lease_looks(session, now=till.clock.now())
        record_look(session, leased, NoAnswer("silence"), now=till.clock.now())
    with till.looking() as session:
        look = session.get_one(PaymentLook, attempt)
        assert look.looks == 0
        assert look.due_at is not None
    assert looks(till, by=7 * HOUR) == 1


def test_a_notice_during_a_look_is_not_forgotten(till: Till) -> None:
    _, attempt = a_paid_order(till)
    till.later(HOUR)
    with till.transaction() as session:
        (leased,) = lease_looks(session, now=till.clock.now())
    with till.transaction() as session:
        assert look_soon(session, till.attempt(attempt), now=till.clock.now())
    with till.transaction() as session:
        record_look(session, leased, Standing(), now=till.clock.now())
    assert till.look_back() == 1


def test_an_alarm_that_somebody_has_looked_at_stays_closed(till: Till) -> None:
    _, attempt = a_paid_order(till)
    gives_back_there(till, attempt, 100)
    look_now(till, attempt)
    with till.looking() as session:
        (alarm,) = session.query(PaymentAlarm).all()
    with till.transaction() as session, pytest.raises(NotFound):
        dismiss_alarm(
            session, merchant_id="mer_x", alarm_id=alarm.id, by="me", now=till.clock.now()
        )
    with till.transaction() as session:
        now = till.clock.now()
        dismiss_alarm(session, merchant_id=till.shop.id, alarm_id=alarm.id, by="me", now=now)
    look_now(till, attempt)
    assert open_alarms(till) == []
