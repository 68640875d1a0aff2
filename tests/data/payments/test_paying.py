"""Every way a payment can go at the bank ends in one order, one charge and books in balance."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import payments
from data.catalogue import Variant, release_hold
from data.kernel.database import Database
from data.kernel.errors import OutOfStock, PaymentLinkExpired, WrongState
from data.kernel.facts import Fact
from data.kernel.money import Money
from data.orders import Order, OrderExpired, OrderPaid, OrderReady, OrderState
from data.payments import (
    AttemptState,
    Call,
    PaymentFailed,
    PaymentNotice,
    PaymentQuarantined,
    apply_truth,
    lease,
)
from data.payments.gateway import (
    NoAnswer,
    NotThere,
    PaymentStatus,
    ProviderEvent,
    ProviderPayment,
)
from data.payments.notices import record_notice
from data.payments.sandbox_bank import SANDBOX
from data.payments.sandbox_models import Outcome
from tests.data.payments.till import CASH, HOLD, IN_HAND, PRICE, TOTAL, Till

MINUTE = timedelta(minutes=1)


def test_an_approved_payment_makes_the_order_ready_and_the_books_balance(each_till: Till) -> None:
    till = each_till
    order = till.order()
    attempt = till.pay(order)
    assert till.state(order) == OrderState.READY
    assert till.attempt(attempt).state == AttemptState.CAPTURED
    assert till.charged(order) == [TOTAL]
    assert till.balance() == IN_HAND
    assert till.shelf() == (4, 0)
    assert [till.told(OrderPaid), till.told(OrderReady)] == [1, 1]


def test_the_goods_are_taken_before_anybody_is_told(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by late money, which holds them again: who told first would wait for the other's rows."""
    shelves: list[tuple[int, int]] = []
    heard = payments.listen

    def listen(session: Session, fact: Fact, now: datetime) -> None:
        if isinstance(fact, OrderPaid):
            variant = session.scalars(select(Variant)).one()
            shelves.append((variant.on_hand, variant.held))
        heard(session, fact, now)

    monkeypatch.setattr(payments, "listen", listen)
    till.pay(till.order())
    assert shelves == [till.shelf()] == [(4, 0)]


def test_a_declined_payment_leaves_the_order_payable_and_the_second_try_pays_it(till: Till) -> None:
    order = till.order()
    first = till.pay(order, Outcome.DECLINED)
    assert till.attempt(first).state == AttemptState.FAILED
    assert till.state(order) == OrderState.AWAITING_PAYMENT
    assert till.told(PaymentFailed) == 1
    second = till.pay(order)
    assert second != first
    assert till.attempt(second).idempotency_key != till.attempt(first).idempotency_key
    assert till.charged(order) == [TOTAL]
    assert till.balance() == IN_HAND


def test_a_lost_answer_is_unknown_until_the_reconciler_finds_the_money(each_till: Till) -> None:
    till = each_till
    order = till.order()
    attempt = till.pay(order, Outcome.LOST)
    assert till.attempt(attempt).state == AttemptState.UNKNOWN
    assert till.charged(order) == [TOTAL]
    assert till.begin(order) == attempt, "a second click must not become a second charge"
    till.later(MINUTE)
    assert till.state(order) == OrderState.READY
    assert till.charged(order) == [TOTAL]
    assert till.balance() == IN_HAND
    assert till.told(OrderPaid) == 1


def test_a_callback_that_comes_twice_changes_nothing_the_second_time(each_till: Till) -> None:
    till = each_till
    order = till.order()
    till.pay(order, Outcome.TWICE)
    till.later(HOLD)
    assert till.state(order) == OrderState.READY
    assert till.told(OrderPaid) == 1
    assert till.balance() == IN_HAND
    with till.looking() as session:
        assert session.scalar(select(func.count()).select_from(PaymentNotice)) == 1


def test_a_slow_bank_is_waited_for(till: Till) -> None:
    order = till.order()
    attempt = till.pay(order, Outcome.LATE, delay=2 * MINUTE)
    assert till.attempt(attempt).state == AttemptState.PENDING
    till.later(3 * MINUTE)
    assert till.state(order) == OrderState.READY
    assert till.balance() == IN_HAND


def test_money_that_comes_after_the_order_expired_gets_the_goods_if_there_are_any(
    each_till: Till,
) -> None:
    till = each_till
    order = till.order()
    till.pay(order, Outcome.LATE, delay=2 * HOLD)
    till.later(HOLD + MINUTE)
    assert till.state(order) == OrderState.EXPIRED
    assert till.shelf() == (5, 0)
    till.later(HOLD)
    assert till.state(order) == OrderState.READY
    assert till.shelf() == (4, 0)
    assert till.balance() == IN_HAND
    assert till.refunds(order) == []


def test_money_that_comes_after_the_goods_are_gone_goes_back_exactly_once(
    database: Database,
) -> None:
    till = Till(database, on_hand=1)
    late = till.order()
    till.pay(late, Outcome.LATE, delay=2 * HOLD)
    till.later(HOLD + MINUTE)
    quick = till.order()
    till.pay(quick)
    till.later(3 * HOLD)
    assert till.state(quick) == OrderState.READY
    assert till.state(late) == OrderState.REFUNDED
    assert till.returned(late) == [TOTAL]
    assert len(till.refunds(late)) == 1
    assert till.balance() == IN_HAND
    assert till.shelf() == (0, 0)


def test_money_for_a_cancelled_order_goes_back_and_the_order_stays_off(till: Till) -> None:
    order = till.order()
    till.pay(order, Outcome.LATE, delay=5 * MINUTE)
    till.cancel(order)
    till.later(HOLD)
    assert till.state(order) == OrderState.REFUNDED
    assert till.returned(order) == [TOTAL]
    assert till.balance() == {}
    assert till.shelf() == (5, 0)


def test_paying_twice_gives_the_second_payment_back_and_keeps_the_order(till: Till) -> None:
    order = till.order()
    declined = till.pay(order, Outcome.DECLINED)
    till.pay(order)
    _bank_says(till, declined, PaymentStatus.CAPTURED)  # the bank found the money after all
    till.run_jobs()
    refunds = till.refunds(order)
    assert [refund.cause_ref for refund in refunds] == [f"double:{declined}"]
    assert till.state(order) == OrderState.READY
    assert till.balance() == {CASH: -2 * TOTAL, "revenue": TOTAL, "refund_payable": TOTAL}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"amount": Money(1, "CNY")}, "amount"),
        ({"amount": Money(TOTAL, "USD")}, "currency"),
        ({"our_ref": "somebody else's key"}, "our_ref"),
    ],
)
def test_t33_a_payment_that_is_not_what_we_asked_for_is_set_aside(
    till: Till, wrong: dict[str, object], reason: str
) -> None:
    order = till.order()
    attempt = till.begin(order)
    _bank_says(till, attempt, PaymentStatus.CAPTURED, **wrong)
    assert till.attempt(attempt).quarantine == reason
    assert till.told(PaymentQuarantined) == 1
    till.later(HOLD)
    assert till.state(order) == OrderState.EXPIRED
    assert till.balance() == {}


def test_t33_a_reference_that_belongs_to_another_payment_is_set_aside(till: Till) -> None:
    paid = till.attempt(till.pay(till.order()))
    other = till.begin(till.order())
    with till.transaction() as session:
        _lease(till, session)  # sent; nothing has come back yet
    _bank_says(till, other, PaymentStatus.CAPTURED, provider_ref=paid.provider_ref)
    assert till.attempt(other).quarantine == "provider_ref_taken"


def test_t33_a_callback_that_claims_another_amount_is_set_aside_and_believed_in_nothing(
    till: Till,
) -> None:
    order = till.order()
    attempt = till.begin(order)
    till.make_calls()
    _call_back(till, attempt, claimed=Money(1, "CNY"))
    assert _notices(till) == [("quarantined", "claimed_amount")]
    assert till.state(order) == OrderState.AWAITING_PAYMENT


def test_t33_a_callback_of_the_right_amount_still_only_makes_us_ask(till: Till) -> None:
    order = till.order()
    attempt = till.begin(order)
    till.make_calls()
    _call_back(till, attempt, claimed=PRICE)
    till.settle()
    assert _notices(till) == [("applied", "")]
    assert till.state(order) == OrderState.AWAITING_PAYMENT, "the bank shows no money"


def test_a_callback_about_nothing_of_ours_is_kept_and_set_aside(till: Till) -> None:
    with till.transaction() as session:
        event = ProviderEvent("evt_x", "no key of ours", b"{}", {})
        assert record_notice(session, provider=SANDBOX, event=event, now=till.clock.now())
    till.settle()
    assert _notices(till) == [("quarantined", "unknown_payment")]


def test_a_callback_that_overtakes_the_answer_of_the_create_call_is_no_harm(till: Till) -> None:
    order = till.order()
    attempt = till.begin(order)
    till.plan(attempt, Outcome.APPROVED)
    with till.transaction() as session:
        (call,) = _lease(till, session)
    answer = till.perform(call)  # the bank has taken the money and calls back at once
    till.run_jobs()
    till.record(call, answer)
    till.settle()
    assert till.state(order) == OrderState.READY
    assert till.charged(order) == [TOTAL]
    assert till.balance() == IN_HAND


def test_an_old_story_after_the_money_changes_nothing(till: Till) -> None:
    order = till.order()
    attempt = till.pay(order)
    for status in (PaymentStatus.PENDING, PaymentStatus.FAILED, PaymentStatus.VOIDED):
        _bank_says(till, attempt, status)
    assert till.state(order) == OrderState.READY
    assert till.balance() == IN_HAND


def test_an_expired_order_closes_its_page_at_the_bank(till: Till) -> None:
    order = till.order()
    attempt = till.begin(order)
    till.later(HOLD + MINUTE)
    assert till.state(order) == OrderState.EXPIRED
    assert till.told(OrderExpired) == 1
    assert till.attempt(attempt).state == AttemptState.VOIDED
    assert till.shelf() == (5, 0)
    with pytest.raises(PaymentLinkExpired):
        till.begin(order)


def test_a_call_that_never_arrived_is_sent_again_with_the_same_key(till: Till) -> None:
    order = till.order()
    attempt = till.begin(order)
    till.plan(attempt, Outcome.APPROVED)
    with till.transaction() as session:
        (call,) = _lease(till, session)
    till.record(call, NoAnswer("connect_timeout"))
    assert till.attempt(attempt).state == AttemptState.UNKNOWN
    till.later(MINUTE)
    sent = [made for made in till.calls if made.verb == "create"]
    assert [made.new_payment.key for made in sent] == [call.new_payment.key]
    assert till.state(order) == OrderState.READY
    assert till.charged(order) == [TOTAL]


def test_a_worker_that_dies_in_the_middle_of_a_call_is_followed_by_another(till: Till) -> None:
    order = till.order()
    attempt = till.begin(order)
    till.plan(attempt, Outcome.APPROVED)
    with till.transaction() as session:
        (call,) = _lease(till, session)
    till.perform(call)  # … and the process is gone before it could write the answer down
    assert till.make_calls() == 0, "leased: nobody else makes the call meanwhile"
    till.later(2 * MINUTE)
    assert till.state(order) == OrderState.READY
    assert till.charged(order) == [TOTAL]


def test_a_doubt_from_an_old_lease_does_not_undo_what_a_newer_one_found(till: Till) -> None:
    order = till.order()
    attempt = till.begin(order)
    with till.transaction() as session:
        (old,) = _lease(till, session)
    till.clock.advance(2 * MINUTE)
    till.make_calls()
    assert till.attempt(attempt).state == AttemptState.PENDING
    till.record(old, NotThere())
    assert till.attempt(attempt).state == AttemptState.PENDING


def test_an_attempt_fails_only_when_the_bank_shows_nothing_after_every_try(till: Till) -> None:
    order = till.order(hold=timedelta(days=1))
    attempt = till.begin(order)
    states = set()
    for _ in range(30):
        with till.transaction() as session:
            leased = _lease(till, session)
        if not leased:
            break
        call = leased[0]
        till.record(call, NoAnswer("500") if call.verb == "create" else NotThere())
        states.add(till.attempt(attempt).state)
        till.clock.advance(timedelta(hours=1))
        till.run_jobs()
    assert states == {AttemptState.UNKNOWN, AttemptState.FAILED}
    assert till.attempt(attempt).state == AttemptState.FAILED
    assert till.state(order) in (OrderState.AWAITING_PAYMENT, OrderState.EXPIRED)


def test_t33_an_order_whose_lines_were_tampered_with_is_not_sent_to_the_bank(till: Till) -> None:
    order = till.order()
    with till.transaction() as session:
        placed = session.get_one(Order, order)
        placed.items_minor, placed.total_minor = 1, 1 + placed.shipping_minor
    with pytest.raises(WrongState):
        till.begin(order)


def test_goods_that_were_let_go_and_sold_cannot_be_paid_any_more(database: Database) -> None:
    till = Till(database, on_hand=1)
    order = till.order()
    with till.transaction() as session:
        release_hold(session, owner_ref=order, now=till.clock.now())
    till.order()
    with pytest.raises(OutOfStock):
        till.begin(order)


def test_a_paid_order_cannot_be_paid_again(till: Till) -> None:
    order = till.order()
    till.pay(order)
    with pytest.raises(WrongState):
        till.begin(order)


def _lease(till: Till, session: Session) -> list[Call]:
    return lease(session, now=till.clock.now())


def _bank_says(till: Till, attempt_id: str, status: PaymentStatus, **wrong: object) -> None:
    """A word of the provider as a reconciler would bring it."""
    attempt = till.attempt(attempt_id)
    if attempt.state == AttemptState.CREATED:
        till.make_calls()
        attempt = till.attempt(attempt_id)
    truth = ProviderPayment(
        status, attempt.amount, attempt.provider_ref or "sbx_1", attempt.idempotency_key
    )
    with till.transaction() as session:
        truth = replace(truth, **wrong)
        apply_truth(session, attempt_id=attempt_id, truth=truth, now=till.clock.now())


def _call_back(till: Till, attempt_id: str, *, claimed: Money) -> None:
    key = till.attempt(attempt_id).idempotency_key
    event = ProviderEvent("evt_1", key, b"{}", {}, claimed)
    with till.transaction() as session:
        record_notice(session, provider=SANDBOX, event=event, now=till.clock.now())
    till.run_jobs()


def _notices(till: Till) -> list[tuple[str, str]]:
    with till.looking() as session:
        rows = session.execute(select(PaymentNotice.state, PaymentNotice.reason))
        return [(state, reason) for state, reason in rows]
