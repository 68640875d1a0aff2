"""Another variant for goods that have arrived: held, paid for or paid back, sent; each once."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from data.catalogue import count_stock
from data.kernel.errors import NotFound, OutOfStock, Refused, WrongState
from data.ledger import REVENUE
from data.merchants import Merchant
from data.orders import (
    Exchange,
    ExchangeLapsed,
    Order,
    OrderKind,
    OrderState,
    ReturnApproved,
    ReturnExchanged,
    ReturnReceived,
    ReturnState,
    address_of,
)
from data.orders.taxes import Tax, set_tax
from data.payments import request_refund
from data.payments.changing import changeable
from data.payments.exchanging import exchangeable, request_exchange
from data.payments.sandbox_models import Outcome
from tests.data.payments.at_once import all_at_once
from tests.data.payments.test_changing import GOLD, RED, SHIPPING, SMALL, Rack
from tests.data.payments.test_gift_cards import apply, issue, worth
from tests.data.payments.test_returning import (
    HOME,
    ask,
    decide,
    go_back,
    how,
    lines,
    receive,
    send,
)
from tests.data.payments.till import CASH, Till

TO_PAY = timedelta(days=3)
TO_ARRIVE = timedelta(days=14)


class Counter:
    """A rack of one product in four variants; an order of it that was sent, and its exchanges."""

    def __init__(self, till: Till, *, on_hand: int = 5) -> None:
        self.till, self.rack = till, Rack(till, on_hand=on_hand)

    def sent(self, quantity: int = 1) -> str:
        order = self.rack.paid(quantity)
        send(self.till, order)
        return order

    def ask(self, order: str, variant: str, *, units: int = 1, ref: str = "turn:1") -> str:
        till = self.till
        (line,) = lines(till, order)
        with till.transaction() as session:
            asked = request_exchange(
                session,
                order_id=order,
                person_id=till.buyer.id,
                line_id=line,
                units=units,
                variant_id=variant,
                asked_ref=ref,
                now=till.clock.now(),
            )
            return asked.id

    def swap(self, order: str, variant: str, *, units: int = 1, ref: str = "turn:1") -> str:
        """As far as the shop's part goes: agreed, and here."""
        asked = self.ask(order, variant, units=units, ref=ref)
        decide(self.till, asked)
        receive(self.till, asked)
        self.till.settle()
        return asked

    def instead(self, asked: str) -> str:
        """The order that brings the other one."""
        with self.till.looking() as session:
            return session.get_one(Exchange, asked).order_id or ""

    def look(self, order: str) -> Order:
        with self.till.looking() as session:
            return session.get_one(Order, order)

    def shelf(self, variant: str) -> tuple[int, int]:
        return self.rack.shelf(variant)

    def sell_out(self, variant: str) -> None:
        with self.till.transaction() as session:
            now = self.till.clock.now()
            count_stock(session, variant_id=variant, on_hand=0, reason="gone", ref="gone", now=now)


@pytest.fixture
def counter(till: Till) -> Iterator[Counter]:
    """Whatever happens, the audit has nothing to say in the end."""
    counter = Counter(till)
    yield counter
    counter.rack.sound()


def test_for_the_same_price_nothing_moves_but_the_goods(counter: Counter) -> None:
    till, rack = counter.till, counter.rack
    order = counter.sent()
    asked = counter.ask(order, rack.blue)
    assert counter.shelf(rack.blue) == (5, 0)
    decide(till, asked)
    assert counter.shelf(rack.blue) == (5, 1)  # promised to nobody else
    assert counter.instead(asked) == ""
    receive(till, asked)
    till.settle()
    instead = counter.look(counter.instead(asked))
    assert (instead.kind, instead.state) == (OrderKind.EXCHANGE, OrderState.READY)
    assert (instead.total_minor, how(till, asked).state) == (0, ReturnState.EXCHANGED)
    assert (counter.shelf(rack.red), counter.shelf(rack.blue)) == ((5, 0), (4, 0))
    assert (till.returned(order), till.balance()[REVENUE]) == ([], RED + SHIPPING)
    assert [till.told(one) for one in (ReturnApproved, ReturnReceived, ReturnExchanged)] == [1] * 3
    with till.looking() as session:
        assert address_of(session, session.get_one(Order, instead.id)) == HOME
    send(till, instead.id)


def test_a_cheaper_one_gives_exactly_the_difference_back_once(counter: Counter) -> None:
    till = counter.till
    order = counter.sent(2)
    asked = counter.swap(order, counter.rack.small, units=2)
    receive(till, asked)
    till.settle()
    assert till.returned(order) == [2 * (RED - SMALL)]
    assert how(till, asked).given_minor == 2 * (RED - SMALL)
    assert till.balance()[REVENUE] == 2 * SMALL + SHIPPING
    assert counter.look(counter.instead(asked)).state == OrderState.READY


def test_a_dearer_one_is_owed_when_its_difference_is_paid_and_not_before(counter: Counter) -> None:
    till, rack = counter.till, counter.rack
    order = counter.sent()
    asked = counter.swap(order, rack.gold)
    instead = counter.instead(asked)
    assert (how(till, asked).state, till.returned(order)) == (ReturnState.RECEIVED, [])
    assert counter.look(instead).state == OrderState.AWAITING_PAYMENT
    assert counter.shelf(rack.gold) == (5, 1)
    with pytest.raises(WrongState):
        send(till, instead)
    till.pay(instead)
    assert till.charged(instead) == [GOLD - RED]
    assert how(till, asked).state == ReturnState.EXCHANGED
    assert counter.shelf(rack.gold) == (4, 0)
    assert till.balance() == {CASH: -(GOLD + SHIPPING), REVENUE: GOLD + SHIPPING}


def test_a_difference_that_is_not_paid_in_time_makes_it_an_ordinary_return(
    counter: Counter,
) -> None:
    till, rack = counter.till, counter.rack
    order = counter.sent()
    asked = counter.swap(order, rack.gold)
    till.later(TO_PAY + timedelta(minutes=1))
    assert (how(till, asked).state, how(till, asked).given_minor) == (ReturnState.REFUNDED, RED)
    assert till.returned(order) == [RED]
    assert (counter.shelf(rack.red), counter.shelf(rack.gold)) == ((5, 0), (5, 0))
    assert till.told(ExchangeLapsed) == 1


def test_money_that_comes_after_that_goes_back_and_brings_nothing(counter: Counter) -> None:
    till, rack = counter.till, counter.rack
    order = counter.sent()
    asked = counter.swap(order, rack.gold)
    instead = counter.instead(asked)
    till.pay(instead, Outcome.LATE, delay=TO_PAY + timedelta(minutes=5))
    till.later(TO_PAY + timedelta(minutes=10))
    assert (till.returned(order), till.returned(instead)) == ([RED], [GOLD - RED])
    assert counter.look(instead).state == OrderState.REFUNDED
    assert counter.shelf(rack.gold) == (5, 0)


@pytest.mark.parametrize("variant", ["blue", "small", "gold"])
def test_an_exchange_that_is_called_off_before_it_is_sent_gives_everything_back(
    counter: Counter, variant: str
) -> None:
    till = counter.till
    order = counter.sent()
    asked = counter.swap(order, getattr(counter.rack, variant))
    instead = counter.instead(asked)
    if counter.look(instead).state == OrderState.AWAITING_PAYMENT:
        till.pay(instead)
    till.cancel(instead)
    till.settle()
    assert till.cancel(instead).what == "already"
    till.settle()
    assert sum(till.returned(order)) == RED
    assert sum(till.returned(instead)) == max(0, GOLD - RED) * (variant == "gold")
    assert how(till, asked).state == ReturnState.REFUNDED
    assert counter.shelf(getattr(counter.rack, variant)) == (5, 0)
    assert till.balance()[REVENUE] == SHIPPING


def test_one_that_waits_for_its_difference_can_be_called_off_too(counter: Counter) -> None:
    till = counter.till
    order = counter.sent()
    asked = counter.swap(order, counter.rack.gold)
    till.cancel(counter.instead(asked))
    till.settle()
    assert (till.returned(order), how(till, asked).state) == ([RED], ReturnState.REFUNDED)


def test_what_came_by_an_exchange_is_worth_what_stayed_for_it_and_what_was_paid(
    counter: Counter,
) -> None:
    till, rack = counter.till, counter.rack
    order = counter.sent()
    instead = counter.instead(counter.swap(order, rack.gold))
    till.pay(instead)
    send(till, instead)
    (line,) = lines(till, instead)
    go_back(till, instead, {line: 1}, "turn:2")
    assert (till.returned(instead), till.returned(order)) == ([GOLD - RED], [RED])
    assert till.balance()[REVENUE] == SHIPPING


def test_what_came_by_an_exchange_can_be_exchanged_again(counter: Counter) -> None:
    till, rack = counter.till, counter.rack
    order = counter.sent()
    first = counter.instead(counter.swap(order, rack.gold))
    till.pay(first)
    send(till, first)
    second = counter.instead(counter.swap(first, rack.small, ref="turn:2"))
    assert sum(till.returned(first) + till.returned(order)) == GOLD - SMALL
    send(till, second)
    (line,) = lines(till, second)
    go_back(till, second, {line: 1}, "turn:3")
    assert till.balance()[REVENUE] == SHIPPING


def test_sold_out_when_the_shop_agrees_it_is_a_return(counter: Counter) -> None:
    till, rack = counter.till, counter.rack
    order = counter.sent()
    asked = counter.ask(order, rack.blue)
    counter.sell_out(rack.blue)
    decide(till, asked)
    receive(till, asked)
    till.settle()
    assert (how(till, asked).state, till.returned(order)) == (ReturnState.REFUNDED, [RED])
    assert counter.instead(asked) == ""


def test_goods_that_come_too_late_find_no_promise_but_what_is_on_the_shelf(
    counter: Counter,
) -> None:
    till, rack = counter.till, counter.rack
    order = counter.sent(2)
    gone, there = (counter.ask(order, variant, ref=variant) for variant in (rack.small, rack.blue))
    decide(till, gone)
    decide(till, there)
    till.later(TO_ARRIVE + timedelta(hours=1))
    assert (counter.shelf(rack.small), counter.shelf(rack.blue)) == ((5, 0), (5, 0))
    counter.sell_out(rack.small)
    receive(till, gone)
    receive(till, there)
    till.settle()
    assert how(till, gone).state == ReturnState.REFUNDED
    assert how(till, there).state == ReturnState.EXCHANGED


def test_what_the_shop_refuses_holds_nothing(counter: Counter) -> None:
    order = counter.sent()
    asked = counter.ask(order, counter.rack.blue)
    decide(counter.till, asked, approve=False)
    assert counter.shelf(counter.rack.blue) == (5, 0)
    assert counter.ask(order, counter.rack.blue, ref="turn:2") != asked


def test_every_step_said_twice_is_one(counter: Counter) -> None:
    till, rack = counter.till, counter.rack
    order = counter.sent(2)
    asked = counter.ask(order, rack.small)
    assert counter.ask(order, rack.small) == asked
    for _ in range(2):
        decide(till, asked)
    for _ in range(2):
        receive(till, asked)
        till.settle()
    assert till.returned(order) == [RED - SMALL]
    assert counter.shelf(rack.small) == (4, 0)
    assert till.told(ReturnExchanged) == till.told(ReturnReceived) == 1


def test_one_line_is_not_sent_back_and_exchanged_beyond_what_was_bought(counter: Counter) -> None:
    till, rack = counter.till, counter.rack
    order = counter.sent(2)
    (line,) = lines(till, order)
    counter.ask(order, rack.blue)
    with pytest.raises(Refused, match="return_all"):
        counter.ask(order, rack.blue, units=2, ref="turn:2")
    ask(till, order, {line: 1}, "turn:3")
    with pytest.raises(Refused, match="return_all"):
        counter.ask(order, rack.gold, ref="turn:4")


def test_a_cheaper_one_bears_its_share_of_discount_and_tax(counter: Counter) -> None:
    till = counter.till
    with till.transaction() as session:
        set_tax(session.get_one(Merchant, till.shop.id), Tax(Decimal(10), included=False))
    order = counter.sent()
    counter.swap(order, counter.rack.small)
    assert till.returned(order) == [9680 - 5500]  # 88.00 and 50.00, and a tenth on top


def test_what_a_card_paid_goes_back_to_it_first_and_only_once(counter: Counter) -> None:
    till, rack = counter.till, counter.rack
    order = rack.order()
    card, code = issue(till, 5000)
    apply(till, order, code)
    till.pay(order)
    send(till, order)
    instead = counter.instead(counter.swap(order, rack.small))
    assert worth(till, card) == (RED - SMALL, 0)
    till.cancel(instead)
    till.settle()
    assert (worth(till, card), till.returned(order)) == ((5000, 0), [RED - 5000])


def test_money_that_went_back_by_hand_brings_no_goods_for_nothing(counter: Counter) -> None:
    till, rack = counter.till, counter.rack
    order = rack.order()
    paying = till.pay(order)
    send(till, order)
    asked = counter.ask(order, rack.blue)
    decide(till, asked)
    with till.transaction() as session:
        request_refund(
            session,
            attempt_id=paying,
            amount=None,
            cause_ref="by_hand",
            now=till.clock.now(),
        )
    till.settle()
    receive(till, asked)
    till.settle()
    assert (counter.instead(asked), how(till, asked).state) == ("", ReturnState.REFUNDED)
    assert till.returned(order) == [RED + SHIPPING]


def test_what_cannot_be_is_refused(counter: Counter) -> None:
    till, rack = counter.till, counter.rack
    order = rack.paid()
    with pytest.raises(Refused, match="return_unsent"):
        counter.ask(order, rack.blue)
    send(till, order)
    with pytest.raises(Refused, match="exchange_same"):
        counter.ask(order, rack.red)
    with pytest.raises(NotFound):
        counter.ask(order, till.variant)
    counter.sell_out(rack.blue)
    with pytest.raises(OutOfStock):
        counter.ask(order, rack.blue)
    till.later(timedelta(days=15))
    with pytest.raises(Refused, match="return_late"):
        counter.ask(order, rack.gold)


@pytest.mark.parametrize("kind", [OrderKind.GROUP, OrderKind.POOL, OrderKind.POOLED])
def test_what_several_bought_together_is_not_exchanged(counter: Counter, kind: OrderKind) -> None:
    order = counter.rack.order(kind=kind)
    with counter.till.looking() as session:
        found = session.get_one(Order, order)
        assert exchangeable(session, found, now=counter.till.clock.now()) == "exchange_group"
    counter.till.cancel(order)


def test_an_exchange_changes_neither_its_variant_nor_where_the_first_went(counter: Counter) -> None:
    till = counter.till
    instead = counter.instead(counter.swap(counter.sent(), counter.rack.blue))
    with till.looking() as session:
        assert changeable(session, session.get_one(Order, instead), now=till.clock.now()) == (
            "change_over"
        )


@pytest.fixture
def each_counter(each_till: Till) -> Iterator[Counter]:
    counter = Counter(each_till)
    yield counter
    counter.rack.sound()


def test_one_thing_asked_to_be_sent_back_and_exchanged_at_once_is_one_of_both(
    each_counter: Counter,
) -> None:
    till, rack = each_counter.till, each_counter.rack
    order = each_counter.sent()
    (line,) = lines(till, order)
    got: list[str] = []
    sending_back = [
        lambda n=n: got.append(ask(till, order, {line: 1}, f"turn:{n}")) for n in range(3)
    ]
    exchanging = [
        lambda n=n: got.append(each_counter.ask(order, rack.gold, ref=f"turn:{n}"))
        for n in range(3, 6)
    ]
    all_at_once(*sending_back, *exchanging)
    assert len(got) == 1


def test_the_last_one_is_promised_to_one_of_two_exchanges(each_counter: Counter) -> None:
    till, rack = each_counter.till, each_counter.rack
    asked = [each_counter.ask(each_counter.sent(), rack.blue, ref=f"turn:{n}") for n in range(2)]
    with till.transaction() as session:
        now = till.clock.now()
        count_stock(session, variant_id=rack.blue, on_hand=1, reason="sold", ref="x", now=now)
    all_at_once(*[lambda one=one: decide(till, one) for one in asked])
    assert each_counter.shelf(rack.blue) == (1, 1)
    for one in asked:
        receive(till, one)
    till.settle()
    ended = {how(till, one).state for one in asked}
    assert ended == {ReturnState.EXCHANGED, ReturnState.REFUNDED}


def test_goods_that_arrive_at_two_desks_at_once_are_exchanged_once(each_counter: Counter) -> None:
    till, rack = each_counter.till, each_counter.rack
    order = each_counter.sent(2)
    asked = each_counter.ask(order, rack.small)
    decide(till, asked)
    all_at_once(*[lambda: receive(till, asked)] * 6)
    till.settle()
    assert till.returned(order) == [RED - SMALL]
    assert each_counter.shelf(rack.small) == (4, 0)


def test_called_off_and_paid_at_once_one_of_both_counts(each_counter: Counter) -> None:
    till, rack = each_counter.till, each_counter.rack
    order = each_counter.sent()
    asked = each_counter.swap(order, rack.gold)
    instead = each_counter.instead(asked)
    attempt = till.begin(instead)
    till.plan(attempt, Outcome.APPROVED)
    all_at_once(lambda: till.cancel(instead), till.make_calls)
    till.settle()
    till.later(timedelta(hours=1))
    assert how(till, asked).state == ReturnState.REFUNDED
    assert till.balance()[REVENUE] == SHIPPING
