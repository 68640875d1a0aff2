"""Another variant before an order is sent: what is paid or goes back for it, once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from data.audit import audit
from data.catalogue import Variant, restock
from data.kernel.errors import NotFound, OutOfStock, Refused
from data.kernel.money import Money
from data.ledger import REVENUE
from data.merchants import Merchant
from data.orders import (
    Address,
    ChangeLapsed,
    ChangeState,
    NewLine,
    Order,
    OrderChange,
    OrderChanged,
    OrderDetails,
    OrderKind,
    OrderState,
    change_address,
    lines_of,
    place_order,
)
from data.orders.coupons import CouponTerms, make_coupon
from data.orders.taxes import Tax, set_tax
from data.payments.changing import change_variant
from data.payments.codes import apply_code
from data.payments.sandbox_models import Outcome
from tests.builders import a_product, a_variant, the_variant
from tests.data.payments.at_once import all_at_once
from tests.data.payments.test_gift_cards import issue, worth
from tests.data.payments.test_returning import HOME, go_back, lines, send
from tests.data.payments.till import CASH, HOLD, Till

SHIPPING = 1000
RED, BLUE, SMALL, GOLD = 8800, 8800, 5000, 12000


class Rack:
    """One product in four variants; an order of it."""

    def __init__(self, till: Till, *, on_hand: int = 5) -> None:
        self.till = till
        with till.transaction() as session:
            shop = session.get_one(Merchant, till.shop.id)
            product = a_product(session, shop, price=RED, on_hand=on_hand)
            self.product = product.id
            self.red = the_variant(session, product).id
            self.blue, self.small, self.gold = (
                a_variant(session, product, price=price, on_hand=on_hand, position=place).id
                for place, price in enumerate((BLUE, SMALL, GOLD), start=1)
            )

    def order(self, quantity: int = 1, *, kind: OrderKind = OrderKind.NORMAL) -> str:
        till = self.till
        with till.transaction() as session:
            order = place_order(
                session,
                merchant_id=till.shop.id,
                person_id=till.buyer.id,
                lines=[NewLine(self.red, quantity)],
                details=OrderDetails(kind=kind, ship_to=HOME),
                hold_until=till.clock.now() + HOLD,
                now=till.clock.now(),
            )
            return order.id

    def paid(self, quantity: int = 1) -> str:
        order = self.order(quantity)
        self.till.pay(order)
        return order

    def change(self, order: str, variant: str) -> OrderChange:
        till = self.till
        (line,) = lines(till, order)
        with till.transaction() as session:
            change = change_variant(
                session,
                order_id=order,
                person_id=till.buyer.id,
                line_id=line,
                variant_id=variant,
                now=till.clock.now(),
            )
            session.flush()
            change_id = change.id
        return self.look(change_id)

    def look(self, change_id: str) -> OrderChange:
        with self.till.looking() as session:
            return session.get_one(OrderChange, change_id)

    def is_of(self, order: str) -> str:
        with self.till.looking() as session:
            (line,) = lines_of(session, session.get_one(Order, order))
            return line.variant_id

    def shelf(self, variant: str) -> tuple[int, int]:
        with self.till.looking() as session:
            found = session.get_one(Variant, variant)
            return found.on_hand, found.held

    def sound(self) -> None:
        with self.till.looking() as session:
            assert audit(session, now=self.till.clock.now(), grace=timedelta(0)) == []


@pytest.fixture
def rack(till: Till) -> Rack:
    return Rack(till)


def test_the_same_price_is_swapped_at_once(rack: Rack) -> None:
    order = rack.paid()
    change = rack.change(order, rack.blue)
    assert (change.state, rack.is_of(order)) == (ChangeState.DONE, rack.blue)
    assert (rack.shelf(rack.red), rack.shelf(rack.blue)) == ((5, 0), (4, 0))
    assert rack.till.refunds(order) == []
    assert rack.till.told(OrderChanged) == 1
    rack.sound()


def test_of_a_cheaper_one_exactly_the_difference_goes_back_once(rack: Rack) -> None:
    order = rack.paid(2)
    change = rack.change(order, rack.small)
    rack.till.settle()
    assert change.back_minor == 2 * (RED - SMALL)
    assert rack.till.returned(order) == [2 * (RED - SMALL)]
    with pytest.raises(Refused, match="change_same"):
        rack.change(order, rack.small)
    assert rack.till.balance()[REVENUE] == 2 * SMALL + SHIPPING
    rack.sound()


def test_a_cheaper_ones_difference_bears_its_share_of_discount_and_tax(rack: Rack) -> None:
    till = rack.till
    with till.transaction() as session:
        set_tax(session.get_one(Merchant, till.shop.id), Tax(Decimal(10), included=False))
        terms = CouponTerms("HALF", percent_off=50)
        make_coupon(
            session,
            merchant_id=till.shop.id,
            currency="CNY",
            terms=terms,
            by="owner",
            now=till.clock.now(),
        )
    order = rack.order()
    with till.transaction() as session:
        apply_code(session, order_id=order, code="HALF", now=till.clock.now())
    till.pay(order)
    rack.change(order, rack.small)
    till.settle()
    assert till.returned(order) == [4840 - 2750]  # half of 88.00 and of 50.00, and a tenth on top


def test_a_dearer_one_comes_when_its_difference_is_paid_and_not_before(rack: Rack) -> None:
    till, order = rack.till, rack.paid()
    change = rack.change(order, rack.gold)
    extra = change.extra_order_id or ""
    assert (change.state, rack.is_of(order)) == (ChangeState.AWAITING, rack.red)
    assert rack.shelf(rack.gold) == (5, 1)
    assert rack.change(order, rack.gold).id == change.id  # asked twice: the same
    till.pay(extra)
    assert (rack.look(change.id).state, rack.is_of(order)) == (ChangeState.DONE, rack.gold)
    assert (rack.shelf(rack.red), rack.shelf(rack.gold)) == ((5, 0), (4, 0))
    assert till.charged(extra) == [GOLD - RED]
    assert till.balance() == {CASH: -(GOLD + SHIPPING), REVENUE: GOLD + SHIPPING}
    rack.sound()


def test_a_difference_that_is_not_paid_in_time_leaves_all_as_it_was(rack: Rack) -> None:
    till, order = rack.till, rack.paid()
    change = rack.change(order, rack.gold)
    till.later(HOLD + timedelta(minutes=1))
    assert (rack.look(change.id).state, rack.is_of(order)) == (ChangeState.LAPSED, rack.red)
    assert (rack.shelf(rack.red), rack.shelf(rack.gold)) == ((4, 0), (5, 0))
    assert till.told(ChangeLapsed) == 1
    rack.sound()
    assert rack.change(order, rack.blue).state == ChangeState.DONE  # another one may follow


def test_a_difference_that_is_paid_late_still_changes_what_can_be_changed(rack: Rack) -> None:
    till, order = rack.till, rack.paid()
    change = rack.change(order, rack.gold)
    till.pay(change.extra_order_id or "", Outcome.LATE, delay=HOLD + timedelta(minutes=5))
    till.later(HOLD + timedelta(minutes=10))
    assert (rack.look(change.id).state, rack.is_of(order)) == (ChangeState.DONE, rack.gold)
    rack.sound()


def test_who_ships_before_the_difference_is_paid_is_first_and_it_goes_back(rack: Rack) -> None:
    till, order = rack.till, rack.paid()
    change = rack.change(order, rack.gold)
    extra = change.extra_order_id or ""
    attempt = till.begin(extra)
    send(till, order)
    till.plan(attempt, Outcome.APPROVED)
    till.later(timedelta(hours=1))
    assert (rack.look(change.id).state, rack.is_of(order)) == (ChangeState.LAPSED, rack.red)
    assert till.charged(extra) == till.returned(extra)
    assert rack.shelf(rack.gold) == (5, 0)
    rack.sound()


def test_who_ships_after_the_payment_but_before_the_swap_is_first_too(rack: Rack) -> None:
    till, order = rack.till, rack.paid()
    change = rack.change(order, rack.gold)
    extra = change.extra_order_id or ""
    till.plan(till.begin(extra), Outcome.APPROVED)
    till.make_calls()
    assert till.state(extra) == OrderState.READY
    send(till, order)
    till.settle()
    assert (rack.look(change.id).state, rack.is_of(order)) == (ChangeState.LAPSED, rack.red)
    assert (till.charged(extra), till.returned(extra)) == ([GOLD - RED], [GOLD - RED])
    assert rack.shelf(rack.gold) == (5, 0)
    rack.sound()


def test_an_order_that_is_called_off_gives_the_difference_back_too(rack: Rack) -> None:
    till, order = rack.till, rack.paid()
    extra = rack.change(order, rack.gold).extra_order_id or ""
    till.pay(extra)
    with pytest.raises(Refused):
        till.cancel(extra)  # not without the order that it changed
    till.cancel(order)
    till.settle()
    assert (till.returned(order), till.returned(extra)) == ([RED + SHIPPING], [GOLD - RED])
    assert (rack.shelf(rack.red), rack.shelf(rack.gold)) == ((5, 0), (5, 0))
    assert till.balance() == {}
    rack.sound()


def test_an_order_that_is_called_off_while_a_difference_waits_closes_that(rack: Rack) -> None:
    till, order = rack.till, rack.paid()
    extra = rack.change(order, rack.gold).extra_order_id or ""
    till.cancel(order)
    till.settle()
    assert till.state(extra) == OrderState.CANCELLED
    assert (rack.shelf(rack.red), rack.shelf(rack.gold)) == ((5, 0), (5, 0))
    rack.sound()


def test_what_comes_back_after_a_change_is_worth_what_was_paid_for_it(rack: Rack) -> None:
    till, order = rack.till, rack.paid()
    extra = rack.change(order, rack.gold).extra_order_id or ""
    till.pay(extra)
    send(till, order)
    (line,) = lines(till, order)
    go_back(till, order, {line: 1})
    assert sum((*till.returned(order), *till.returned(extra))) == GOLD
    assert rack.shelf(rack.gold) == (5, 0)
    rack.sound()


def test_a_change_of_a_change_counts_from_what_was_paid_last(rack: Rack) -> None:
    """All in one moment of the clock: what came first is known all the same."""
    till, order = rack.till, rack.paid()
    (line,) = lines(till, order)
    with till.transaction() as session:
        now = till.clock.now()
        for variant in (rack.blue, rack.red, rack.blue, rack.small):
            change_variant(
                session,
                order_id=order,
                person_id=till.buyer.id,
                line_id=line,
                variant_id=variant,
                now=now,
            )
    change = rack.change(order, rack.blue)
    till.pay(change.extra_order_id or "")
    assert till.charged(change.extra_order_id or "") == till.returned(order) == [BLUE - SMALL]
    rack.sound()


def test_a_card_has_its_part_of_the_difference_back_first(rack: Rack) -> None:
    till = rack.till
    card, code = issue(till, 1000)
    order = rack.order()
    with till.transaction() as session:
        apply_code(session, order_id=order, code=code, now=till.clock.now())
    till.pay(order)
    rack.change(order, rack.small)
    till.settle()
    assert worth(till, card) == (1000, 0)
    assert till.returned(order) == [RED - SMALL - 1000]
    till.cancel(order)  # what is left goes back, and nothing twice
    till.settle()
    assert worth(till, card) == (1000, 0)
    assert sum(till.returned(order)) == RED + SHIPPING - 1000


def test_an_unpaid_order_is_summed_anew_with_its_coupon_and_its_card(rack: Rack) -> None:
    till = rack.till
    card, code = issue(till, 2000)
    with till.transaction() as session:
        terms = CouponTerms("TENTH", percent_off=10)
        make_coupon(
            session,
            merchant_id=till.shop.id,
            currency="CNY",
            terms=terms,
            by="owner",
            now=till.clock.now(),
        )
    order = rack.order()
    for typed in ("TENTH", code):
        with till.transaction() as session:
            apply_code(session, order_id=order, code=typed, now=till.clock.now())
    rack.change(order, rack.gold)
    with till.looking() as session:
        found = session.get_one(Order, order)
        assert (found.total_minor, found.credit_minor) == (10800 + SHIPPING, 2000)
    assert (rack.shelf(rack.red), rack.shelf(rack.gold)) == ((5, 0), (5, 1))
    assert worth(till, card) == (2000, 2000)
    till.pay(order)
    assert till.charged(order) == [10800 + SHIPPING - 2000]
    assert rack.shelf(rack.gold) == (4, 0)
    rack.sound()


def test_a_coupon_that_asks_for_more_goods_is_free_again(rack: Rack) -> None:
    till = rack.till
    with till.transaction() as session:
        shop = session.get_one(Merchant, till.shop.id)
        terms = CouponTerms("BIG", off=Money(500, "CNY"), goods_from=Money(8000, "CNY"))
        make_coupon(
            session,
            merchant_id=shop.id,
            currency="CNY",
            terms=terms,
            by="owner",
            now=till.clock.now(),
        )
    order = rack.order()
    with till.transaction() as session:
        apply_code(session, order_id=order, code="BIG", now=till.clock.now())
    rack.change(order, rack.small)
    with till.looking() as session:
        assert session.get_one(Order, order).total_minor == SMALL + SHIPPING
    rack.sound()


def test_while_a_provider_is_asked_for_the_old_sum_nothing_is_changed(rack: Rack) -> None:
    order = rack.order()
    rack.till.begin(order)
    with pytest.raises(Refused, match="change_paying"):
        rack.change(order, rack.gold)


def test_what_is_not_on_the_shelf_changes_nothing(rack: Rack) -> None:
    order = rack.paid(4)
    rack.change(rack.paid(1), rack.blue)
    with rack.till.transaction() as session:
        restock(
            session,
            variant_id=rack.red,
            quantity=1,
            reason="delivery",
            ref="1",
            now=rack.till.clock.now(),
        )
    rack.change(rack.paid(1), rack.blue)
    with pytest.raises(OutOfStock):
        rack.change(order, rack.blue)
    assert (rack.is_of(order), rack.shelf(rack.blue)) == (rack.red, (3, 0))
    rack.sound()


def test_a_teams_goods_and_what_is_sent_or_over_stay(rack: Rack) -> None:
    team = rack.order(kind=OrderKind.GROUP)
    rack.till.pay(team)
    with pytest.raises(Refused, match="change_group"):
        rack.change(team, rack.blue)
    sent = rack.paid()
    send(rack.till, sent)
    with pytest.raises(Refused, match="change_sent"):
        rack.change(sent, rack.blue)
    over = rack.paid()
    rack.till.cancel(over)
    with pytest.raises(Refused, match="change_over"):
        rack.change(over, rack.blue)


def test_only_a_variant_of_the_same_product_will_do(rack: Rack) -> None:
    order = rack.paid()
    with pytest.raises(NotFound):
        rack.change(order, rack.till.variant)


def test_shipping_and_changing_at_once_one_of_them_is_first(each_till: Till) -> None:
    """Both may win where the change comes first; never a change of what has left."""
    rack = Rack(each_till, on_hand=9)
    for _ in range(4):
        order = rack.paid()
        states: list[str] = []

        def change(order: str = order, states: list[str] = states) -> None:
            rack.change(order, rack.small)
            states.append("changed")

        all_at_once(change, lambda order=order: send(rack.till, order))
        rack.till.settle()
        assert rack.till.state(order) == OrderState.SHIPPED
        was_changed = states == ["changed"]
        assert rack.is_of(order) == (rack.small if was_changed else rack.red)
        assert rack.till.returned(order) == ([RED - SMALL] if was_changed else [])
    rack.sound()


def test_shipping_and_another_address_at_once_one_of_them_is_first(each_till: Till) -> None:
    rack = Rack(each_till, on_hand=9)
    for _ in range(4):
        order = rack.paid()
        said: list[str] = []

        def move(order: str = order, said: list[str] = said) -> None:
            with rack.till.transaction() as session:
                change_address(
                    session,
                    order_id=order,
                    person_id=rack.till.buyer.id,
                    address=Address(name="Wei", phone="1", line="1 New Street"),
                    by="buyer",
                    now=rack.till.clock.now(),
                )
            said.append("moved")

        all_at_once(move, lambda order=order: send(rack.till, order))
        with rack.till.looking() as session:
            noted = session.scalars(select(OrderChange).where(OrderChange.order_id == order)).all()
        assert len(noted) == len(said)


def test_paying_the_difference_and_calling_off_at_once_leaves_no_fen_astray(
    each_till: Till,
) -> None:
    till = each_till
    rack = Rack(till, on_hand=9)
    for _ in range(4):
        order = rack.paid()
        extra = rack.change(order, rack.gold).extra_order_id or ""
        till.plan(till.begin(extra), Outcome.APPROVED)
        all_at_once(till.make_calls, lambda order=order: till.cancel(order), till.run_jobs)
        till.settle()
        assert till.charged(extra) == till.returned(extra)
        assert till.balance() == {}
    assert (rack.shelf(rack.red), rack.shelf(rack.gold)) == ((9, 0), (9, 0))
    rack.sound()
