"""Money that a messenger takes for us: it asks, it tells, and it cannot be asked."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from data.audit import audit
from data.delivery.inbound import Charge
from data.kernel.database import Database
from data.kernel.errors import NotFound, PaymentLinkExpired, Refused, WrongState
from data.kernel.money import Money
from data.ledger import REFUND_PAYABLE, cash_in_transit
from data.merchants import Merchant
from data.orders import Order, OrderKind, OrderState
from data.orders.coupons import CouponTerms, make_coupon, use_coupon
from data.payments import (
    AttemptState,
    NoticeState,
    PaymentAttempt,
    PaymentFailed,
    PaymentNotice,
    PaymentQuarantined,
    RefundFailed,
    RefundState,
    Way,
    begin_attempt,
    give_back_by_hand,
    lease,
    lower_price,
    settle_group_order,
)
from data.payments.invoices import TELEGRAM, approve, take
from data.payments.sandbox_bank import SANDBOX
from integrations.payments import SandboxGateway, TelegramInvoices
from tests.builders import a_person
from tests.data.payments.till import SECRET, TOTAL, Till

SUM = Money(TOTAL, "CNY")
CASH = cash_in_transit(TELEGRAM)
QUIET = timedelta(minutes=6)


def at_telegram(database: Database) -> Till:
    till = Till(database)
    till.gateway = TelegramInvoices()
    return till


@pytest.fixture
def till(database: Database) -> Till:
    return at_telegram(database)


@pytest.fixture
def each_till(each_database: Database) -> Till:
    return at_telegram(each_database)


def ask(till: Till, order: str, *, person: str | None = None, asked: Money = SUM) -> str:
    """The payer presses Pay; gives the attempt that we agreed to."""
    with till.transaction() as session:
        attempt = approve(
            session,
            provider=TELEGRAM,
            order_id=order,
            person_id=person or till.buyer.id,
            asked=asked,
            now=till.clock.now(),
        )
        return attempt.id


def a_charge(order: str, number: int = 1, amount: Money = SUM) -> Charge:
    return Charge(order, amount, f"tg_{number}", f"ch_{number}", raw='{"a": 1}')


def tell(till: Till, charge: Charge, *, merchant: str | None = None) -> NoticeState | None:
    with till.transaction() as session:
        now = till.clock.now()
        merchant_id = merchant or till.shop.id
        return take(session, provider=TELEGRAM, merchant_id=merchant_id, charge=charge, now=now)


def attempts(till: Till, order: str) -> list[tuple[str, str | None]]:
    with till.looking() as session:
        tried = select(PaymentAttempt).filter_by(order_id=order).order_by(PaymentAttempt.number)
        return [(one.state, one.provider_ref) for one in session.scalars(tried)]


def assert_sound(till: Till) -> None:
    """An hour later, when everything must have settled."""
    till.later(timedelta(hours=1))
    with till.looking() as session:
        assert audit(session, now=till.clock.now()) == []


def test_a_payment_we_agreed_to_pays_the_order_once_however_often_it_is_told(
    each_till: Till,
) -> None:
    till = each_till
    order = till.order()
    ask(till, order)
    assert tell(till, a_charge(order)) == NoticeState.APPLIED
    assert tell(till, a_charge(order)) is None
    assert till.state(order) == OrderState.READY
    assert attempts(till, order) == [(AttemptState.CAPTURED, "ch_1")]
    assert till.balance() == {CASH: -TOTAL, "revenue": TOTAL}
    assert_sound(till)


def test_asked_again_it_is_the_same_try_and_nobody_else_may_begin_one(till: Till) -> None:
    order = till.order()
    first = ask(till, order)
    assert ask(till, order) == first
    with till.transaction() as session, pytest.raises(WrongState):
        begin_attempt(session, order_id=order, way=Way(SANDBOX), now=till.clock.now())
    assert attempts(till, order) == [(AttemptState.SUBMITTED, None)]


@pytest.mark.parametrize(
    "asked", [Money(TOTAL - 1, "CNY"), Money(TOTAL + 1, "CNY"), Money(TOTAL, "USD")]
)
def test_another_sum_or_currency_is_not_agreed_to_t33(till: Till, asked: Money) -> None:
    order = till.order()
    with pytest.raises(Refused, match="amount"):
        ask(till, order, asked=asked)
    assert attempts(till, order) == []


def test_nobody_pays_somebody_elses_order(till: Till) -> None:
    order = till.order()
    with till.transaction() as session:
        other = a_person(session, till.shop).id
    with pytest.raises(NotFound):
        ask(till, order, person=other)
    assert attempts(till, order) == []


def test_neither_what_is_over_nor_what_is_paid_can_be_paid(till: Till) -> None:
    late, cancelled, paid = till.order(), till.order(), till.order()
    till.cancel(cancelled)
    with pytest.raises(PaymentLinkExpired):
        ask(till, cancelled)
    ask(till, paid)
    tell(till, a_charge(paid))
    with pytest.raises(WrongState):
        ask(till, paid)
    till.clock.advance(timedelta(minutes=31))  # its time is over, and no job has noticed yet
    with pytest.raises(PaymentLinkExpired):
        ask(till, late)


def test_when_nothing_more_is_heard_the_try_fails_and_the_next_may_come_from_anywhere(
    till: Till,
) -> None:
    order = till.order()
    ask(till, order)
    till.later(QUIET)
    assert attempts(till, order) == [(AttemptState.FAILED, None)]
    assert till.told(PaymentFailed) == 1
    till.gateway = SandboxGateway(till.database, till.clock, secret=SECRET)
    till.pay(order)
    assert till.state(order) == OrderState.READY


def test_pressing_pay_again_takes_the_whole_patience_anew(till: Till) -> None:
    order = till.order()
    ask(till, order)
    till.later(timedelta(minutes=4))
    ask(till, order)
    till.later(timedelta(minutes=4))
    assert attempts(till, order) == [(AttemptState.SUBMITTED, None)]
    till.later(QUIET)
    assert attempts(till, order) == [(AttemptState.FAILED, None)]


def test_a_look_that_was_under_way_does_not_end_a_try_that_began_since(till: Till) -> None:
    order = till.order()
    ask(till, order)
    till.clock.advance(QUIET)
    with till.transaction() as session:
        (call,) = lease(session, now=till.clock.now())
    ask(till, order)
    till.record(call, till.perform(call))
    till.settle()
    assert attempts(till, order) == [(AttemptState.SUBMITTED, None)]


def test_a_word_that_comes_after_we_gave_up_still_counts(till: Till) -> None:
    order = till.order()
    ask(till, order)
    till.later(QUIET)
    assert tell(till, a_charge(order)) == NoticeState.APPLIED
    assert till.state(order) == OrderState.READY
    assert_sound(till)


@pytest.mark.parametrize("over", ["cancelled", "expired"])
def test_money_for_an_order_that_is_over_is_given_back_by_hand_and_the_books_close(
    each_till: Till, over: str
) -> None:
    till = each_till
    order = till.order()
    ask(till, order)
    if over == "cancelled":
        till.cancel(order)
    else:
        till.later(timedelta(minutes=31))
        till.order(quantity=5)  # somebody else has the goods
    tell(till, a_charge(order))
    till.settle()
    (failed,) = till.refunds(order)
    assert (failed.state, till.told(RefundFailed)) == (RefundState.FAILED, 1)
    assert till.state(order) == OrderState.REFUND_PENDING
    assert till.balance() == {CASH: -TOTAL, REFUND_PAYABLE: TOTAL}
    for _ in range(2):
        by_hand(till, failed.id)
    assert till.state(order) == OrderState.REFUNDED
    assert till.balance() == {}
    assert [one.provider_ref for one in till.refunds(order)] == [None, "re_1"]
    assert_sound(till)


def by_hand(till: Till, refund_id: str, reference: str = "re_1") -> None:
    with till.transaction() as session:
        now = till.clock.now()
        give_back_by_hand(session, refund_id=refund_id, reference=reference, now=now)


def test_an_expired_order_whose_goods_are_there_is_paid_after_all(till: Till) -> None:
    order = till.order()
    ask(till, order)
    till.later(timedelta(minutes=31))
    assert till.state(order) == OrderState.EXPIRED
    tell(till, a_charge(order))
    assert till.state(order) == OrderState.READY
    assert_sound(till)


def test_the_same_invoice_paid_twice_is_one_order_and_one_refund(each_till: Till) -> None:
    till = each_till
    order = till.order()
    ask(till, order)
    tell(till, a_charge(order, 1))
    assert tell(till, a_charge(order, 2)) == NoticeState.APPLIED
    till.settle()
    assert till.state(order) == OrderState.READY
    assert attempts(till, order) == [
        (AttemptState.CAPTURED, "ch_1"),
        (AttemptState.CAPTURED, "ch_2"),
    ]
    (owed,) = till.refunds(order)
    assert owed.cause_ref.startswith("double:")
    by_hand(till, owed.id)
    assert till.balance() == {CASH: -TOTAL, "revenue": TOTAL}
    assert_sound(till)


@pytest.mark.parametrize("off", [1000, TOTAL])
def test_an_invoice_paid_again_after_the_order_costs_less_goes_back_whole(
    database: Database, off: int
) -> None:
    """A price ladder has come down since, perhaps to nothing: what is due is not what was taken."""
    till = at_telegram(database)
    with till.transaction() as session:
        session.get_one(Merchant, till.shop.id).settings = {}
    order = till.order(kind=OrderKind.GROUP)
    total = due(till, order)
    ask(till, order, asked=total)
    tell(till, a_charge(order, 1, total))
    with till.transaction() as session:
        now = till.clock.now()
        lower_price(session, order_id=order, off=Money(min(off, total.minor), "CNY"), now=now)
        settle_group_order(session, order_id=order, now=now)
    assert tell(till, a_charge(order, 2, total)) == NoticeState.APPLIED
    till.settle()
    owed = {one.cause_ref.partition(":")[0]: one.amount_minor for one in till.refunds(order)}
    assert owed == {"ladder": min(off, total.minor), "superseded": total.minor}
    for nth, one in enumerate(till.refunds(order)):
        by_hand(till, one.id, f"re_{nth}")
    assert till.state(order) == OrderState.READY
    assert_sound(till)


def due(till: Till, order: str) -> Money:
    with till.looking() as session:
        return session.get_one(Order, order).due


def test_a_late_word_is_of_the_try_of_its_sum(till: Till) -> None:
    """Given up, then a coupon came, the next try is for less: the first sum comes after all."""
    order = till.order()
    ask(till, order)
    till.later(QUIET)
    with till.transaction() as session:
        now = till.clock.now()
        terms = CouponTerms(code="LESS", off=Money(1000, "CNY"))
        coupon = make_coupon(
            session, merchant_id=till.shop.id, currency="CNY", terms=terms, by="owner", now=now
        )
        use_coupon(session, order_id=order, coupon=coupon, now=now)
    less = due(till, order)
    ask(till, order, asked=less)
    assert tell(till, a_charge(order, 1)) == NoticeState.APPLIED
    assert tell(till, a_charge(order, 2, less)) == NoticeState.APPLIED
    till.settle()
    assert tell(till, a_charge(order, 3, less)) == NoticeState.APPLIED, "and the second, twice"
    till.settle()
    owed = {one.cause_ref.partition(":")[0]: one for one in till.refunds(order)}
    assert {why: one.amount for why, one in owed.items()} == {"superseded": SUM, "double": less}
    for why, one in owed.items():
        by_hand(till, one.id, why)
    assert till.state(order) == OrderState.READY
    assert_sound(till)


@pytest.mark.parametrize("amount", [Money(1, "CNY"), Money(TOTAL, "XTR")])
def test_a_charge_of_another_sum_beside_one_that_paid_is_never_lost(
    till: Till, amount: Money
) -> None:
    order = till.order()
    ask(till, order)
    tell(till, a_charge(order, 1))
    told = tell(till, a_charge(order, 2, amount))
    if amount.currency == SUM.currency:
        assert told == NoticeState.APPLIED
        (owed,) = till.refunds(order)
        assert owed.amount == amount
    else:
        assert told == NoticeState.QUARANTINED
        assert till.told(PaymentQuarantined) == 1


@pytest.mark.parametrize("amount", [Money(1, "CNY"), Money(TOTAL, "XTR")])
def test_another_sum_than_agreed_stops_everything_for_a_person_to_look(
    till: Till, amount: Money
) -> None:
    order = till.order()
    ask(till, order)
    assert tell(till, a_charge(order, amount=amount)) == NoticeState.QUARANTINED
    assert till.told(PaymentQuarantined) == 1
    assert till.balance() == {}
    with pytest.raises(WrongState):
        ask(till, order)
    assert till.state(order) == OrderState.AWAITING_PAYMENT


def test_money_for_no_order_of_this_shop_is_kept_for_a_person_to_look_t11(till: Till) -> None:
    order = till.order()
    strange = replace(a_charge("x" * 128), provider_ref="ch_9" * 99)
    assert tell(till, strange) == NoticeState.QUARANTINED
    assert tell(till, strange) is None
    with till.looking() as session:
        notice = session.scalars(select(PaymentNotice)).one()
    assert (notice.reason, notice.claimed_minor) == ("unknown_payment", TOTAL)
    assert attempts(till, order) == []


def test_names_of_any_length_are_kept_apart(till: Till) -> None:
    order = till.order()
    ask(till, order)
    long = Charge(order, SUM, "t" * 300, "c" * 300)
    assert tell(till, long) == NoticeState.APPLIED
    assert tell(till, long) is None
    assert len(attempts(till, order)[0][1] or "") == 64
