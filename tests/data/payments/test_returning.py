"""Goods come back: which may, what goes back for each to the cent, each step once."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.audit import audit
from data.catalogue import ProductTag, Variant
from data.kernel.errors import NotFound, Refused, WrongState
from data.kernel.money import Money
from data.ledger import REVENUE
from data.merchants import Merchant
from data.orders import (
    Address,
    NewLine,
    Order,
    OrderDetails,
    OrderState,
    Return,
    ReturnApproved,
    ReturnReceived,
    ReturnRefunded,
    ReturnRefused,
    ReturnRequested,
    ReturnState,
    deliver,
    lines_of,
    place_order,
    request_return,
    returnable,
    ship,
)
from data.orders.coupons import CouponTerms, make_coupon
from data.orders.return_terms import NEVER, RETURN_DAYS, set_return_days
from data.orders.returns import Decision, decide_return
from data.orders.taxes import Tax, set_tax
from data.payments import PaymentAttempt, RefundState, request_refund, retry_refund
from data.payments.codes import apply_code
from data.payments.returning import receive_return
from data.payments.sandbox_models import RefundOutcome
from data.payments.truth import pay_by_credit
from tests.builders import a_product, the_variant
from tests.data.payments.at_once import all_at_once
from tests.data.payments.test_gift_cards import issue, worth
from tests.data.payments.till import CASH, HOLD, TOTAL, Till

HOME = Address(name="Lan", phone="13800138000", line="上海市静安区南京西路 1 号")


def placed(till: Till, *quantities: int, prices: tuple[int, ...] = ()) -> str:
    """An order of so many each of as many products, a day before it is sent."""
    with till.transaction() as session:
        shop = session.get_one(Merchant, till.shop.id)
        variants = [
            the_variant(session, a_product(session, shop, price=price, on_hand=9)).id
            for price in prices or (8800,) * len(quantities)
        ]
        order = place_order(
            session,
            merchant_id=shop.id,
            person_id=till.buyer.id,
            lines=[NewLine(v, q) for v, q in zip(variants, quantities, strict=True)],
            details=OrderDetails(ship_to=HOME),
            hold_until=till.clock.now() + HOLD,
            now=till.clock.now(),
        )
        return order.id


def send(till: Till, order: str) -> None:
    with till.transaction() as session:
        ship(
            session,
            merchant_id=till.shop.id,
            order_id=order,
            tracking=None,
            now=till.clock.now(),
        )


def sent(till: Till, *quantities: int, prices: tuple[int, ...] = ()) -> str:
    order = placed(till, *quantities, prices=prices)
    till.pay(order)
    send(till, order)
    return order


def lines(till: Till, order: str) -> list[int]:
    with till.looking() as session:
        return [line.id for line in lines_of(session, session.get_one(Order, order))]


def ask(till: Till, order: str, units: dict[int, int], ref: str = "turn:1") -> str:
    with till.transaction() as session:
        asked = request_return(
            session,
            order_id=order,
            person_id=till.buyer.id,
            units=units,
            asked_ref=ref,
            now=till.clock.now(),
        )
        return asked.id


def decide(till: Till, asked: str, *, approve: bool = True) -> None:
    with till.transaction() as session:
        decide_return(
            session,
            merchant_id=till.shop.id,
            return_id=asked,
            decision=Decision(approve, "owner@example.com"),
            now=till.clock.now(),
        )


def receive(till: Till, asked: str, *, restocked: bool = True) -> None:
    with till.transaction() as session:
        receive_return(
            session,
            merchant_id=till.shop.id,
            return_id=asked,
            restocked=restocked,
            by="owner@example.com",
            now=till.clock.now(),
        )


def go_back(till: Till, order: str, units: dict[int, int], ref: str = "turn:1") -> str:
    asked = ask(till, order, units, ref)
    decide(till, asked)
    receive(till, asked)
    till.settle()
    return asked


def how(till: Till, asked: str) -> Return:
    with till.looking() as session:
        return session.get_one(Return, asked)


def sound(till: Till) -> None:
    with till.looking() as session:
        assert audit(session, now=till.clock.now(), grace=timedelta(0)) == []


def test_a_line_that_comes_back_is_refunded_step_by_step_and_each_step_is_told(till: Till) -> None:
    order = sent(till, 1)
    (line,) = lines(till, order)
    asked = ask(till, order, {line: 1})
    assert how(till, asked).state == ReturnState.REQUESTED
    assert till.returned(order) == []
    decide(till, asked)
    receive(till, asked)
    assert how(till, asked).state == ReturnState.RECEIVED
    till.settle()
    assert how(till, asked).state == ReturnState.REFUNDED
    assert till.returned(order) == [8800]  # the shipping stays paid
    assert till.state(order) == OrderState.SHIPPED
    assert till.balance() == {CASH: -(TOTAL - 8800), REVENUE: TOTAL - 8800}
    told = [ReturnRequested, ReturnApproved, ReturnReceived, ReturnRefunded]
    assert [till.told(kind) for kind in told] == [1, 1, 1, 1]
    sound(till)


def test_every_step_said_twice_is_one(till: Till) -> None:
    order = sent(till, 2)
    (line,) = lines(till, order)
    asked = ask(till, order, {line: 1})
    assert ask(till, order, {line: 1}) == asked
    decide(till, asked)
    decide(till, asked)
    receive(till, asked)
    receive(till, asked)
    till.settle()
    receive(till, asked)
    till.settle()
    assert till.returned(order) == [8800]
    assert till.told(ReturnApproved) == till.told(ReturnReceived) == 1


def test_what_the_shop_refused_sends_nothing_back_and_may_be_asked_again(till: Till) -> None:
    order = sent(till, 1)
    (line,) = lines(till, order)
    asked = ask(till, order, {line: 1})
    decide(till, asked, approve=False)
    with pytest.raises(WrongState):
        receive(till, asked)
    with pytest.raises(WrongState):
        decide(till, asked)
    assert till.told(ReturnRefused) == 1
    assert how(till, ask(till, order, {line: 1}, "turn:2")).state == ReturnState.REQUESTED


@pytest.mark.parametrize("restocked", [True, False])
def test_what_came_back_is_on_the_shelf_if_it_can_be_sold_again(
    till: Till, restocked: bool
) -> None:
    order = sent(till, 3)
    (line,) = lines(till, order)
    asked = ask(till, order, {line: 2})
    decide(till, asked)
    receive(till, asked, restocked=restocked)
    with till.looking() as session:
        variant = lines_of(session, session.get_one(Order, order))[0].variant_id
        assert session.get_one(Variant, variant).on_hand == (8 if restocked else 6)


def test_shares_of_discount_and_tax_go_back_to_the_last_cent_one_by_one(till: Till) -> None:
    """Three of 3.33 and one of 10.00, 7 % off, 8.875 % on top, shipping taxed too."""
    with till.transaction() as session:
        shop = session.get_one(Merchant, till.shop.id)
        set_tax(shop, Tax(Decimal("8.875"), included=False, on_shipping=True))
        terms = CouponTerms("SEVEN", percent_off=7)
        make_coupon(
            session,
            merchant_id=shop.id,
            currency="CNY",
            terms=terms,
            by="owner",
            now=till.clock.now(),
        )
    order = placed(till, 3, 1, prices=(333, 1000))
    with till.transaction() as session:
        apply_code(session, order_id=order, code="SEVEN", now=till.clock.now())
    till.pay(order)
    send(till, order)
    first, second = lines(till, order)
    for turn, line in enumerate((first, first, second, first)):
        go_back(till, order, {line: 1}, f"turn:{turn}")
    with till.looking() as session:
        found = session.get_one(Order, order)
    # 19.99 less 1.39 is 18.60; with 10.00 of shipping 28.60 are taxed 2.54, of which 1.65 are
    # for the goods (by largest remainder): 20.25 were paid for them.
    assert (found.items_minor, sum(till.returned(order))) == (2114, 2025)
    with pytest.raises(Refused, match="return_all"):
        ask(till, order, {first: 1}, "turn:9")
    sound(till)


def test_a_cards_part_goes_back_to_the_card_first_and_the_rest_to_the_provider(till: Till) -> None:
    card, code = issue(till, 3000)
    order = placed(till, 2)
    with till.transaction() as session:
        apply_code(session, order_id=order, code=code, now=till.clock.now())
    till.pay(order)
    send(till, order)
    (line,) = lines(till, order)
    go_back(till, order, {line: 1}, "turn:1")
    assert worth(till, card) == (3000, 0)
    assert till.returned(order) == [8800 - 3000]
    go_back(till, order, {line: 1}, "turn:2")
    assert worth(till, card) == (3000, 0)
    assert sorted(till.returned(order)) == [8800 - 3000, 8800]


def test_what_a_card_alone_has_paid_is_back_at_once(till: Till) -> None:
    card, code = issue(till, 20000)
    order = placed(till, 1)
    with till.transaction() as session:
        apply_code(session, order_id=order, code=code, now=till.clock.now())
        pay_by_credit(session, order_id=order, now=till.clock.now())
    send(till, order)
    (line,) = lines(till, order)
    asked = ask(till, order, {line: 1})
    decide(till, asked)
    receive(till, asked)
    assert how(till, asked).state == ReturnState.REFUNDED
    assert worth(till, card) == (20000 - 1000, 0)


def test_all_of_an_order_that_was_sent_free_may_come_back(till: Till) -> None:
    with till.transaction() as session:
        session.get_one(Merchant, till.shop.id).settings = {}
    order = sent(till, 1)
    (line,) = lines(till, order)
    go_back(till, order, {line: 1})
    assert till.balance() == {}
    sound(till)


def test_what_the_shop_gave_back_by_itself_is_not_given_twice(till: Till) -> None:
    order = sent(till, 1)
    with till.looking() as session:
        paid = till.charged(order)
        assert paid == [TOTAL]
    with till.transaction() as session:
        (attempt,) = [one.id for one in _attempts(session, order)]
        request_refund(
            session,
            attempt_id=attempt,
            amount=Money(5000, "CNY"),
            cause_ref="shop:1",
            now=till.clock.now(),
        )
    (line,) = lines(till, order)
    asked = go_back(till, order, {line: 1})
    assert how(till, asked).given == Money(TOTAL - 5000, "CNY")
    assert sum(till.returned(order)) == TOTAL
    sound(till)


def test_a_refund_that_failed_keeps_the_return_open_until_another_try_arrives(till: Till) -> None:
    order = sent(till, 1)
    (line,) = lines(till, order)
    with till.looking() as session:
        (attempt,) = [one.id for one in _attempts(session, order)]
    till.plan(attempt, RefundOutcome.DECLINED)
    asked = go_back(till, order, {line: 1})
    (refund,) = till.refunds(order)
    assert (refund.state, how(till, asked).state) == (RefundState.FAILED, ReturnState.RECEIVED)
    with till.transaction() as session:
        retry_refund(session, refund_id=refund.id, now=till.clock.now())
    till.settle()
    assert how(till, asked).state == ReturnState.REFUNDED
    assert sum(till.returned(order)) == 8800


def test_only_what_was_sent_in_time_and_is_taken_back_may_come_back(till: Till) -> None:
    def why_not(order: str) -> str:
        with till.looking() as session:
            found = session.get_one(Order, order)
            return returnable(session, found, now=till.clock.now()).why_not

    order = placed(till, 1)
    till.pay(order)
    assert why_not(order) == "return_unsent"
    send(till, order)
    assert why_not(order) == ""
    till.clock.advance(timedelta(days=RETURN_DAYS))
    assert why_not(order) == "return_late"
    with till.transaction() as session:
        deliver(session, merchant_id=till.shop.id, order_id=order, now=till.clock.now())
    assert why_not(order) == ""  # from the day on which it came
    with till.transaction() as session:
        (line,) = lines_of(session, session.get_one(Order, order))
        kind, value = NEVER
        session.add(
            ProductTag(product_id=line.product_id, kind=kind, value=value, merchant_id=till.shop.id)
        )
    assert why_not(order) == "return_never"
    with till.transaction() as session:
        set_return_days(session.get_one(Merchant, till.shop.id), 0)
    assert why_not(order) == "return_late"


def test_nobody_returns_what_another_bought_or_decides_in_another_shop(till: Till) -> None:
    order = sent(till, 1)
    (line,) = lines(till, order)
    with pytest.raises(NotFound), till.transaction() as session:
        request_return(
            session,
            order_id=order,
            person_id="per_other",
            units={line: 1},
            asked_ref="turn:1",
            now=till.clock.now(),
        )
    asked = ask(till, order, {line: 1})
    with pytest.raises(NotFound), till.transaction() as session:
        decide_return(
            session,
            merchant_id="mer_other",
            return_id=asked,
            decision=Decision(approve=True, by="x"),
            now=till.clock.now(),
        )


def test_two_who_ask_for_the_same_line_at_once_get_it_once(each_till: Till) -> None:
    till = each_till
    order = sent(till, 1)
    (line,) = lines(till, order)
    got: list[str] = []
    all_at_once(
        *[
            lambda turn=turn: got.append(ask(till, order, {line: 1}, f"turn:{turn}"))
            for turn in range(6)
        ]
    )
    assert len(got) == 1


def test_goods_that_arrive_at_two_desks_at_once_are_refunded_once(each_till: Till) -> None:
    till = each_till
    order = sent(till, 2)
    (line,) = lines(till, order)
    asked = ask(till, order, {line: 1})
    decide(till, asked)
    all_at_once(*[lambda: receive(till, asked)] * 6)
    till.settle()
    assert till.returned(order) == [8800]
    sound(till)


def _attempts(session: Session, order: str) -> Sequence[PaymentAttempt]:
    mine = select(PaymentAttempt).where(PaymentAttempt.order_id == order)
    return session.scalars(mine).all()
