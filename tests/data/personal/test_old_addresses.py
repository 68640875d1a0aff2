"""Addresses go thirty days after all that went to them is over, and never before (T14)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from data.audit import audit
from data.delivery.models import Job, Lane
from data.kernel.database import Database
from data.kernel.errors import WrongState
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders import (
    Address,
    AddressStands,
    Order,
    OrderState,
    address_of,
    address_stands,
    change_address,
    deliver,
    set_address,
)
from data.orders.return_terms import set_return_days
from data.payments import RefundState, request_refund, retry_refund
from data.payments.attempts import attempts_of
from data.payments.gateway import DisputeStatus
from data.payments.sandbox_models import Outcome, RefundOutcome
from data.people import Person
from data.personal.exporting import export_person
from data.personal.old_addresses import OVER, clear_if_over
from tests.data.payments.aftermath import decides, disputes, look_now
from tests.data.payments.test_changing import Rack
from tests.data.payments.test_exchanging import Counter
from tests.data.payments.test_returning import (
    HOME,
    ask,
    decide,
    lines,
    placed,
    receive,
    send,
)
from tests.data.payments.till import HOLD, TOTAL, Till

DAY, KEPT = timedelta(days=1), timedelta(days=30)
OFFICE = Address("兰", "13800000000", "长乐路 9 号 4 楼")


@pytest.fixture
def till(each_database: Database) -> Till:
    return Till(each_database)


def stands(till: Till, order: str) -> AddressStands:
    with till.looking() as session:
        return address_stands(session, session.get_one(Order, order))


def is_sound(till: Till) -> bool:
    """Without the rules of a shop at rest: here the bank may owe an answer."""
    with till.looking() as session:
        broken = audit(session, now=till.clock.now(), grace=timedelta(0))
        return not [one for one in broken if one.what.endswith("_kept_too_long")]


def arrives(till: Till, order: str) -> None:
    with till.transaction() as session:
        deliver(session, merchant_id=till.shop.id, order_id=order, now=till.clock.now())


def arrived(till: Till) -> str:
    order = placed(till, 1)
    till.pay(order)
    send(till, order)
    arrives(till, order)
    return order


def asked_to_take_back(till: Till) -> tuple[str, str]:
    """The order, and the wish to return it, ten days after it came."""
    order = arrived(till)
    till.later(10 * DAY)
    (line,) = lines(till, order)
    return order, ask(till, order, {line: 1})


def goes_in(till: Till, order: str, after: timedelta = KEPT) -> None:
    """It stands up to that moment, and then no more."""
    till.later(after - timedelta(minutes=1))
    assert stands(till, order) == AddressStands.GIVEN
    assert is_sound(till)
    till.later(timedelta(minutes=2))
    assert stands(till, order) == AddressStands.DELETED
    with till.looking() as session:
        row = session.get_one(Order, order)
        assert (row.ship_to, address_of(session, row)) == (None, None)
        assert row.address_cleared_at is not None
    assert is_sound(till)


def test_thirty_days_after_it_arrived_nobody_knows_where(till: Till) -> None:
    order = arrived(till)
    goes_in(till, order)
    with till.looking() as session:
        assert session.get_one(Order, order).state == OrderState.DELIVERED


def test_thirty_days_after_all_its_money_is_back(till: Till) -> None:
    order = placed(till, 1)
    till.pay(order)
    till.later(10 * DAY)
    till.cancel(order)
    till.settle()
    assert till.state(order) == OrderState.REFUNDED
    goes_in(till, order)


@pytest.mark.parametrize("how", ["called_off", "never_paid"])
def test_thirty_days_after_an_order_came_to_nothing(till: Till, how: str) -> None:
    order = placed(till, 1)
    if how == "called_off":
        till.cancel(order)
        till.settle()
        goes_in(till, order)
    else:
        till.later(HOLD)
        assert till.state(order) == OrderState.EXPIRED
        goes_in(till, order)


def test_what_was_not_sent_or_is_on_its_way_keeps_it(till: Till) -> None:
    order = placed(till, 1)
    till.pay(order)
    till.later(100 * DAY)
    assert stands(till, order) == AddressStands.GIVEN
    send(till, order)
    till.later(100 * DAY)
    assert stands(till, order) == AddressStands.GIVEN
    arrives(till, order)
    goes_in(till, order)


def test_a_return_keeps_it_until_its_money_has_been_back_for_thirty_days(till: Till) -> None:
    order, asked = asked_to_take_back(till)
    till.later(30 * DAY)
    assert stands(till, order) == AddressStands.GIVEN
    decide(till, asked)
    till.later(30 * DAY)
    assert stands(till, order) == AddressStands.GIVEN
    receive(till, asked)
    till.settle()
    goes_in(till, order)


def test_a_return_that_is_refused_delays_it_by_no_more_than_it_took(till: Till) -> None:
    order, asked = asked_to_take_back(till)
    till.later(5 * DAY)
    decide(till, asked, approve=False)
    goes_in(till, order)


def test_money_that_does_not_arrive_keeps_it(till: Till) -> None:
    order = placed(till, 1)
    attempt = till.pay(order)
    send(till, order)
    arrives(till, order)
    till.plan(attempt, RefundOutcome.DECLINED)
    with till.transaction() as session:
        about = {"attempt_id": attempt, "cause_ref": "shop:1", "now": till.clock.now()}
        request_refund(session, amount=Money(500, "CNY"), **about)
    till.settle()
    till.later(60 * DAY)
    (refund,) = till.refunds(order)
    assert refund.state == RefundState.FAILED
    assert stands(till, order) == AddressStands.GIVEN
    with till.transaction() as session:
        retry_refund(session, refund_id=refund.id, now=till.clock.now())
    till.settle()
    goes_in(till, order)


def test_a_dispute_keeps_it_until_it_is_decided(till: Till) -> None:
    order = placed(till, 1)
    attempt = till.pay(order)
    send(till, order)
    arrives(till, order)
    number = disputes(till, attempt, TOTAL)
    look_now(till, attempt)
    till.later(45 * DAY)
    assert stands(till, order) == AddressStands.GIVEN
    decides(till, number, DisputeStatus.WON)
    look_now(till, attempt)
    till.settle()
    goes_in(till, order)


def test_a_difference_that_was_paid_keeps_it_only_while_its_money_is_under_way(till: Till) -> None:
    rack = Rack(till)
    order = rack.paid()
    extra = rack.change(order, rack.gold).extra_order_id
    assert extra is not None
    till.pay(extra)
    assert till.state(extra) == OrderState.READY
    send(till, order)
    arrives(till, order)
    till.later(20 * DAY)
    with till.transaction() as session:
        (attempt,) = attempts_of(session, extra)
        request_refund(
            session, attempt_id=attempt.id, amount=None, cause_ref="shop:1", now=till.clock.now()
        )
    till.settle()
    goes_in(till, order)


def test_what_is_exchanged_goes_to_where_the_first_went_and_is_forgotten_after_it(
    till: Till,
) -> None:
    counter = Counter(till)
    order = counter.sent()
    arrives(till, order)
    till.later(5 * DAY)
    instead = counter.instead(counter.swap(order, counter.rack.blue))
    assert stands(till, instead) == AddressStands.GIVEN
    goes_in(till, order)
    send(till, instead)
    arrives(till, instead)
    goes_in(till, instead)


def test_where_goods_are_taken_back_for_longer_an_exchange_asks_anew_where_to(till: Till) -> None:
    counter = Counter(till)
    with till.transaction() as session:
        set_return_days(session.get_one(Merchant, till.shop.id), 90)
    order = counter.sent()
    arrives(till, order)
    goes_in(till, order)
    till.later(DAY)
    instead = counter.instead(counter.swap(order, counter.rack.blue))
    assert stands(till, instead) == AddressStands.MISSING
    with pytest.raises(WrongState, match="address_missing"):
        send(till, instead)
    with till.transaction() as session:
        buyer, now = till.buyer.id, till.clock.now()
        change_address(
            session, order_id=instead, person_id=buyer, address=OFFICE, by="buyer", now=now
        )
    send(till, instead)


def test_an_order_that_late_money_brought_back_has_an_address_again(till: Till) -> None:
    order = placed(till, 1)
    attempt = till.begin(order)
    till.plan(attempt, Outcome.LATE, delay=35 * DAY)
    till.settle()
    till.later(HOLD)
    goes_in(till, order)
    till.later(6 * DAY)
    assert till.state(order) == OrderState.READY
    with till.transaction() as session:
        buyer, now = till.buyer.id, till.clock.now()
        set_address(session, order_id=order, person_id=buyer, address=OFFICE, now=now)
    assert stands(till, order) == AddressStands.GIVEN
    send(till, order)
    arrives(till, order)
    goes_in(till, order)


def test_looking_twice_changes_nothing_and_looking_early_looks_again(till: Till) -> None:
    order = arrived(till)
    till.later(5 * DAY)
    for _ in range(2):
        with till.transaction() as session:
            assert not clear_if_over(session, holder_id=order, now=till.clock.now())
            assert not clear_if_over(session, holder_id="ord_unknown", now=till.clock.now())
    with till.looking() as session:
        due = session.scalars(select(Job.run_at).where(Job.kind == OVER, Job.state == "due")).all()
    assert len(due) == 1  # the moment is the same, and so is the job
    goes_in(till, order, KEPT - 5 * DAY)
    with till.transaction() as session:
        assert not clear_if_over(session, holder_id=order, now=till.clock.now())


def test_a_file_of_ones_data_says_when_an_address_was_deleted(till: Till) -> None:
    order = arrived(till)
    till.later(KEPT)
    with till.transaction() as session:
        buyer = session.get_one(Person, till.buyer.id)
        (row,) = export_person(session, person=buyer, by=buyer.id, now=till.clock.now())["orders"]
        cleared = session.get_one(Order, order).address_cleared_at
    assert cleared is not None
    assert row["address_cleared_at"] == cleared.isoformat()
    assert "ship_to" not in row
    assert HOME.line not in str(row)


@pytest.mark.parametrize("left", ["job", "nothing"])
def test_the_audit_sees_an_address_that_nobody_looked_at(till: Till, left: str) -> None:
    """SIMULATED: the job is lost."""
    order = arrived(till)
    if left == "nothing":
        with till.transaction() as session:
            session.execute(update(Job).where(Job.kind == OVER).values(state="done"))
            session.execute(update(Lane).values(due=None))
    till.later(KEPT + DAY)
    with till.looking() as session:
        broken = {one.what: one.ids for one in audit(session, now=till.clock.now())}
    found = broken.get("order_address_kept_too_long")
    assert found == ((order,) if left == "nothing" else None)
