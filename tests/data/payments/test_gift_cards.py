"""Gift cards: part of an order or all of it; held, taken, given back with the rest; never twice."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from data.audit import audit
from data.kernel.errors import NotFound, Refused, WrongState
from data.kernel.money import Money
from data.orders import Order, OrderKind, OrderState
from data.orders.coupons import CouponTerms, make_coupon
from data.payments import PaymentAttempt, settle_group_order
from data.payments.codes import Applied, CodeKind, apply_code
from data.payments.credit_models import GiftCard
from data.payments.gift_cards import block_gift_card, find_gift_card, issue_gift_card
from data.payments.sandbox_models import Outcome
from data.payments.truth import pay_by_credit
from tests.data.payments.at_once import all_at_once
from tests.data.payments.till import CASH, HOLD, TOTAL, Till

PART = 3000


def issue(till: Till, minor: int, expires_in: timedelta | None = None) -> tuple[str, str]:
    with till.transaction() as session:
        now = till.clock.now()
        card, code = issue_gift_card(
            session,
            merchant_id=till.shop.id,
            amount=Money(minor, "CNY"),
            by="owner@example.com",
            now=now,
            expires_at=now + expires_in if expires_in else None,
        )
        return card.id, code


def apply(till: Till, order: str, code: str) -> Applied:
    with till.transaction() as session:
        return apply_code(session, order_id=order, code=code, now=till.clock.now())


def pay_all(till: Till, order: str) -> None:
    with till.transaction() as session:
        pay_by_credit(session, order_id=order, now=till.clock.now())
    till.settle()


def worth(till: Till, card: str) -> tuple[int, int]:
    """Balance and what is held of it; all rules hold, and the books owe just that."""
    with till.looking() as session:
        found = session.get_one(GiftCard, card)
        assert audit(session, now=till.clock.now(), grace=timedelta(0)) == []
    assert till.balance().get("gift_card_liability", 0) == found.balance_minor
    return found.balance_minor, found.held_minor


@pytest.mark.parametrize("how", ["as it is", "lower", "no hyphens", "misread"])
def test_a_code_is_told_once_and_read_however_it_is_typed(till: Till, how: str) -> None:
    card, code = issue(till, PART)
    typed = {
        "lower": code.lower(),
        "no hyphens": code.replace("-", ""),
        "misread": code.replace("0", "O").replace("1", "l"),
    }.get(how, code)
    with till.looking() as session:
        found = find_gift_card(session, merchant_id=till.shop.id, code=typed)
        rows = str([tuple(row) for row in session.execute(text("SELECT * FROM gift_cards"))])
        assert find_gift_card(session, merchant_id="mer_other", code=code) is None
    assert found is not None
    assert found.id == card
    assert code.replace("-", "") not in rows


def test_a_card_pays_its_part_and_the_bank_the_rest(each_till: Till) -> None:
    card, code = issue(each_till, PART)
    order = each_till.order()
    assert apply(each_till, order, code) == Applied(CodeKind.GIFT_CARD, Money(PART, "CNY"))
    assert apply(each_till, order, code).amount.minor == PART  # typed twice
    assert worth(each_till, card) == (PART, PART)
    each_till.pay(order)
    assert each_till.charged(order) == [TOTAL - PART]
    assert each_till.state(order) == OrderState.READY
    assert worth(each_till, card) == (0, 0)
    assert each_till.balance()["revenue"] == TOTAL


def test_a_card_that_covers_all_pays_without_any_bank(each_till: Till) -> None:
    card, code = issue(each_till, TOTAL + 500)
    order = each_till.order()
    apply(each_till, order, code)
    with pytest.raises(WrongState, match="order_total"):
        each_till.begin(order)
    pay_all(each_till, order)
    assert each_till.state(order) == OrderState.READY
    assert each_till.charged(order) == []
    assert worth(each_till, card) == (500, 0)
    assert each_till.balance()["revenue"] == TOTAL


def test_nothing_is_free_before_cards_cover_it(till: Till) -> None:
    order = till.order()
    with pytest.raises(WrongState, match="order_due"):
        pay_all(till, order)


@pytest.mark.parametrize("minor", [PART, TOTAL])
def test_what_is_paid_back_is_on_the_card_again(each_till: Till, minor: int) -> None:
    card, code = issue(each_till, minor)
    order = each_till.order()
    apply(each_till, order, code)
    if minor < TOTAL:
        each_till.pay(order)
    else:
        pay_all(each_till, order)
    each_till.cancel(order)
    each_till.settle()
    assert each_till.state(order) == OrderState.REFUNDED
    assert each_till.returned(order) == ([TOTAL - PART] if minor < TOTAL else [])
    assert worth(each_till, card) == (minor, 0)
    assert each_till.balance().get(CASH, 0) == 0


@pytest.mark.parametrize("ending", ["expires", "cancelled"])
def test_an_order_nobody_paid_lets_the_card_go(each_till: Till, ending: str) -> None:
    card, code = issue(each_till, PART)
    order = each_till.order()
    apply(each_till, order, code)
    if ending == "expires":
        each_till.later(HOLD)
    else:
        each_till.cancel(order)
    each_till.settle()
    assert worth(each_till, card) == (PART, 0)


def test_late_money_finds_the_cards_part_or_goes_back(each_till: Till) -> None:
    card, code = issue(each_till, PART)
    order = each_till.order()
    apply(each_till, order, code)
    each_till.pay(order, Outcome.LATE, delay=HOLD + timedelta(minutes=5))
    each_till.later(HOLD + timedelta(minutes=20))
    assert each_till.state(order) == OrderState.READY
    assert worth(each_till, card) == (0, 0)

    second, code = issue(each_till, PART)
    late = each_till.order()
    apply(each_till, late, code)
    each_till.pay(late, Outcome.LATE, delay=HOLD + timedelta(minutes=5))
    each_till.later(HOLD + timedelta(seconds=1))
    other = each_till.order()
    apply(each_till, other, code)
    each_till.later(timedelta(minutes=20))
    assert each_till.state(late) == OrderState.REFUNDED
    assert each_till.returned(late) == [TOTAL - PART]
    with each_till.looking() as session:
        assert session.get_one(GiftCard, second).held_minor == PART  # the other order's


def test_a_group_order_keeps_the_cards_part_until_its_group_decides(each_till: Till) -> None:
    for minor in (PART, TOTAL):
        card, code = issue(each_till, minor)
        order = each_till.order(kind=OrderKind.GROUP)
        apply(each_till, order, code)
        if minor < TOTAL:
            each_till.pay(order)
        else:
            pay_all(each_till, order)
        assert each_till.state(order) == OrderState.WAITING_GROUP
        with each_till.transaction() as session:
            assert settle_group_order(session, order_id=order, now=each_till.clock.now())
        assert each_till.state(order) == OrderState.READY
        with each_till.looking() as session:
            assert session.get_one(GiftCard, card).balance_minor == 0


def test_two_cards_and_a_coupon_add_up_in_any_order(each_till: Till) -> None:
    with each_till.transaction() as session:
        make_coupon(
            session,
            merchant_id=each_till.shop.id,
            currency="CNY",
            terms=CouponTerms("LATER", off=Money(4000, "CNY")),
            by="owner",
            now=each_till.clock.now(),
        )
    cards = [issue(each_till, PART), issue(each_till, TOTAL)]
    order = each_till.order()
    for _, code in cards:
        apply(each_till, order, code)
    assert apply(each_till, order, "later").kind is CodeKind.COUPON
    with each_till.looking() as session:
        placed = session.get_one(Order, order)
    assert (placed.total_minor, placed.due.minor) == (TOTAL - 4000, 0)
    pay_all(each_till, order)
    with each_till.looking() as session:
        left = sum(session.get_one(GiftCard, card).balance_minor for card, _ in cards)
        assert audit(session, now=each_till.clock.now(), grace=timedelta(0)) == []
    assert left == PART + TOTAL - (TOTAL - 4000)


def test_what_is_over_blocked_or_empty_pays_nothing(till: Till) -> None:
    _, over = issue(till, PART, expires_in=timedelta(minutes=1))
    blocked, code = issue(till, PART)
    with till.transaction() as session:
        block_gift_card(
            session,
            merchant_id=till.shop.id,
            card_id=blocked,
            by="owner",
            now=till.clock.now(),
        )
    till.later(timedelta(minutes=2))
    order = till.order()
    for bad in (over, code):
        with pytest.raises(Refused, match="gift_card_empty"):
            apply(till, order, bad)
    with pytest.raises(NotFound):
        apply(till, order, "ABCD-EFGH-JKMN-PQRS")


def test_one_card_for_ten_orders_at_once_pays_no_more_than_it_has(each_till: Till) -> None:
    card, code = issue(each_till, TOTAL + PART)
    orders = [each_till.order() for _ in range(5)]
    all_at_once(
        *[lambda order=order: apply(each_till, order, code) for order in orders for _ in range(2)]
    )
    assert worth(each_till, card) == (TOTAL + PART, TOTAL + PART)
    with each_till.looking() as session:
        credits_ = sorted(session.get_one(Order, order).credit_minor for order in orders)
    assert credits_ == [0, 0, 0, PART, TOTAL]


def test_paid_twice_at_once_by_credit_is_paid_once(each_till: Till) -> None:
    card, code = issue(each_till, TOTAL)
    order = each_till.order()
    apply(each_till, order, code)
    all_at_once(*[lambda: pay_all(each_till, order)] * 4)
    assert each_till.state(order) == OrderState.READY
    assert worth(each_till, card) == (0, 0)
    with each_till.looking() as session:
        assert not session.query(PaymentAttempt).all()
