"""Coupons: what they take off, whom they refuse, and that nothing of them is used twice (T35)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from data.audit import audit
from data.kernel.errors import Invalid, NotFound, Refused, WrongState
from data.kernel.money import Money
from data.orders import Order, OrderState
from data.orders.coupon_models import Coupon
from data.orders.coupon_turns import end_coupon
from data.orders.coupons import (
    CouponTerms,
    find_coupon,
    make_coupon,
    use_coupon,
)
from data.payments.codes import apply_code
from data.payments.sandbox_models import Outcome
from tests.builders import a_merchant
from tests.data.payments.at_once import all_at_once
from tests.data.payments.till import HOLD, TOTAL, Till

GOODS = 8800  # one tea set
TEN_OFF = CouponTerms("spring-10", off=Money(1000, "CNY"))
A_FIFTH = CouponTerms("FIFTH", percent_off=20)


def make(till: Till, terms: CouponTerms) -> Coupon:
    with till.transaction() as session:
        return make_coupon(
            session,
            merchant_id=till.shop.id,
            currency="CNY",
            terms=terms,
            by="owner",
            now=till.clock.now(),
        )


def use(till: Till, order: str, coupon: Coupon) -> int:
    with till.transaction() as session:
        off = use_coupon(session, order_id=order, coupon=coupon, now=till.clock.now())
        return off.minor


def total(till: Till, order: str) -> int:
    with till.looking() as session:
        return session.get_one(Order, order).total_minor


def counted(till: Till, coupon: Coupon) -> tuple[int, int]:
    with till.looking() as session:
        found = session.get_one(Coupon, coupon.id)
        assert audit(session, now=till.clock.now(), grace=timedelta(0)) == []
        return found.uses, found.spent_minor


@pytest.mark.parametrize("typed", ["SPRING10", "spring-10", " Spring 10 "])
def test_a_code_is_found_however_it_is_typed(till: Till, typed: str) -> None:
    made = make(till, TEN_OFF)
    with till.looking() as session:
        found = find_coupon(session, merchant_id=till.shop.id, code=typed)
        assert found is not None
        assert found.id == made.id
        assert find_coupon(session, merchant_id="mer_other", code=typed) is None


@pytest.mark.parametrize(
    ("terms", "off"),
    [
        (TEN_OFF, 1000),
        (A_FIFTH, GOODS // 5),
        (replace(A_FIFTH, most_off=Money(300, "CNY")), 300),
        (CouponTerms("ALL", off=Money(10**6, "CNY")), GOODS),
        (replace(TEN_OFF, goods_from=Money(GOODS, "CNY")), 1000),
    ],
)
def test_what_it_takes_off_is_what_is_paid_less(
    each_till: Till, terms: CouponTerms, off: int
) -> None:
    order, coupon = each_till.order(), make(each_till, terms)
    assert use(each_till, order, coupon) == off
    assert use(each_till, order, coupon) == off  # pressed twice
    assert counted(each_till, coupon) == (1, off)
    each_till.pay(order)
    assert each_till.charged(order) == [TOTAL - off]
    assert each_till.state(order) == OrderState.READY
    assert counted(each_till, coupon) == (1, off)


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        (replace(TEN_OFF, goods_from=Money(GOODS + 1, "CNY")), "coupon_too_little"),
        (replace(TEN_OFF, budget=Money(999, "CNY")), "coupon_over"),
    ],
)
def test_what_it_is_not_good_for_it_refuses(till: Till, terms: CouponTerms, why: str) -> None:
    order, coupon = till.order(), make(till, terms)
    with pytest.raises(Refused, match=why):
        use(till, order, coupon)
    assert total(till, order) == TOTAL
    assert counted(till, coupon) == (0, 0)


def test_before_and_after_its_time_and_once_ended_it_takes_nothing_off(till: Till) -> None:
    now = till.clock.now()
    early = make(till, replace(TEN_OFF, starts_at=now + HOLD * 2))
    late = make(till, replace(A_FIFTH, ends_at=now))
    ended = make(till, CouponTerms("ENDED", percent_off=5))
    with till.transaction() as session:
        end_coupon(
            session,
            merchant_id=till.shop.id,
            coupon_id=ended.id,
            by="owner",
            now=till.clock.now(),
        )
    order = till.order()
    for coupon in (early, late, ended):
        with pytest.raises(Refused, match="coupon_over"):
            use(till, order, coupon)


def test_one_for_an_order_and_so_many_for_a_person(till: Till) -> None:
    first, second = make(till, TEN_OFF), make(till, A_FIFTH)
    order = till.order()
    use(till, order, first)
    with pytest.raises(Refused, match="coupon_other"):
        use(till, order, second)
    with pytest.raises(Refused, match="coupon_used"):
        use(till, till.order(), first)


def test_an_order_that_expires_gives_it_back(each_till: Till) -> None:
    coupon = make(each_till, TEN_OFF)
    order = each_till.order()
    use(each_till, order, coupon)
    each_till.later(HOLD)
    assert each_till.state(order) == OrderState.EXPIRED
    assert counted(each_till, coupon) == (0, 0)
    assert use(each_till, each_till.order(), coupon) == 1000


def test_an_order_that_is_paid_back_gives_it_back(each_till: Till) -> None:
    coupon = make(each_till, TEN_OFF)
    order = each_till.order()
    use(each_till, order, coupon)
    each_till.pay(order)
    each_till.cancel(order)
    each_till.settle()
    assert each_till.state(order) == OrderState.REFUNDED
    assert each_till.returned(order) == [TOTAL - 1000]
    assert counted(each_till, coupon) == (0, 0)


def test_late_money_takes_the_coupon_again_if_it_is_there_and_else_goes_back(
    each_till: Till,
) -> None:
    coupon = make(each_till, TEN_OFF)
    orders = [each_till.order(), each_till.order()]
    use(each_till, orders[0], coupon)
    each_till.pay(orders[0], Outcome.LATE, delay=HOLD + timedelta(minutes=5))
    each_till.later(HOLD + timedelta(minutes=20))
    assert each_till.state(orders[0]) == OrderState.READY
    assert counted(each_till, coupon) == (1, 1000)
    each_till.cancel(orders[0])
    each_till.settle()

    late = each_till.order()
    use(each_till, late, coupon)
    each_till.pay(late, Outcome.LATE, delay=HOLD + timedelta(minutes=5))
    each_till.later(HOLD + timedelta(seconds=1))
    use(each_till, each_till.order(), coupon)  # somebody has it now
    each_till.later(timedelta(minutes=20))
    assert each_till.state(late) == OrderState.REFUNDED
    assert each_till.returned(late) == [TOTAL - 1000]


def test_once_a_provider_is_asked_the_sum_stands(till: Till) -> None:
    coupon = make(till, TEN_OFF)
    order = till.order()
    till.begin(order)
    with till.transaction() as session, pytest.raises(WrongState, match="attempt_open"):
        apply_code(session, order_id=order, code=coupon.code, now=till.clock.now())


def test_fifty_at_once_get_the_last_one_once_t35(each_till: Till) -> None:
    coupon = make(each_till, replace(TEN_OFF, most_uses=1, each_person=9))
    orders = [each_till.order(hold=HOLD) for _ in range(5)]
    won: list[int] = []
    all_at_once(
        *[
            lambda order=order: won.append(use(each_till, order, coupon))
            for order in orders
            for _ in range(10)
        ]
    )
    assert counted(each_till, coupon) == (1, 1000)
    assert len({order for order in orders if total(each_till, order) < TOTAL}) == 1
    assert set(won) == {1000}


def test_a_person_with_ten_orders_uses_theirs_once_t35(each_till: Till) -> None:
    coupon = make(each_till, TEN_OFF)
    orders = [each_till.order() for _ in range(5)]
    all_at_once(*[lambda order=order: use(each_till, order, coupon) for order in orders])
    assert counted(each_till, coupon) == (1, 1000)


def test_another_shops_coupon_is_none_here(till: Till) -> None:
    with till.transaction() as session:
        other = a_merchant(session)
        coupon = make_coupon(
            session,
            merchant_id=other.id,
            currency="CNY",
            terms=TEN_OFF,
            by="owner",
            now=till.clock.now(),
        )
    with pytest.raises(NotFound):
        use(till, till.order(), coupon)


@pytest.mark.parametrize(
    "terms",
    [
        replace(TEN_OFF, code="x"),
        replace(TEN_OFF, code="优惠"),
        replace(TEN_OFF, percent_off=10),
        CouponTerms("NONE"),
        CouponTerms("MORE", percent_off=101),
        CouponTerms("ZERO", off=Money(0, "CNY")),
        CouponTerms("OTHER", off=Money(100, "USD")),
        replace(TEN_OFF, each_person=0),
        replace(TEN_OFF, most_uses=0),
        replace(TEN_OFF, budget=Money(-1, "CNY")),
    ],
)
def test_terms_that_make_no_sense_are_refused(till: Till, terms: CouponTerms) -> None:
    with pytest.raises(Invalid):
        make(till, terms)


def test_a_code_is_there_once(till: Till) -> None:
    make(till, TEN_OFF)
    with pytest.raises(Refused, match="coupon_code"):
        make(till, replace(TEN_OFF, code="SPRING 10"))
