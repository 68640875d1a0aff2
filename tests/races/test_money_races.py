"""Money in the same moment, by processes of their own, on SQLite and PostgreSQL.

Each race has its control: the same processes with the guard that the race is about switched off
must break the rule, else they did not meet and the race proves nothing.
"""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from data.audit import audit
from data.catalogue import Hold, HoldState
from data.kernel.database import Database
from data.kernel.money import Money
from data.ledger import LedgerEntry
from data.orders import Order, OrderState
from data.payments import PaymentAttempt, PaymentNotice, Refund
from data.payments.books import CAPTURED, GOODS_OWED
from data.payments.sandbox_bank import visit
from data.payments.sandbox_models import Outcome
from tests.data.payments.till import HOLD, IN_HAND, TOTAL, Till
from tests.races import money_acts
from tests.races.money_acts import Wish
from tests.races.together import all_at_once

CARELESS = 6
ROUNDS = 2
SECOND = timedelta(seconds=1)
MOST_OF_IT = Money(6000, "CNY")  # of 98.00: it can be given back once


@pytest.fixture
def till(each_database: Database) -> Till:
    return Till(each_database, on_hand=1)


def _rules_broken(till: Till) -> set[str]:
    with till.looking() as session:
        found = audit(session, now=till.clock.now(), grace=timedelta(0))
    return {violation.what for violation in found}


# One unit, many buyers.


def _wish(till: Till) -> Wish:
    return Wish(till.shop.id, till.buyer.id, till.variant, till.clock.now())


@pytest.mark.parametrize("buyers", [12, pytest.param(50, marks=pytest.mark.slow)])
def test_of_many_buyers_of_one_unit_one_pays_and_has_it_and_nobody_else_is_charged(
    till: Till, buyers: int
) -> None:
    buying = partial(money_acts.buy, wish=_wish(till))
    said = all_at_once(till.database, [buying] * buyers)
    assert said == sorted(["error_out_of_stock"] * (buyers - 1) + ["ok"])
    till.settle()
    with till.looking() as session:
        (order,) = session.scalars(select(Order))
    assert (order.state, till.charged(order.id), till.returned(order.id)) == (
        OrderState.READY,
        [TOTAL],
        [],
    )
    assert (till.shelf(), till.balance()) == ((0, 0), IN_HAND)
    assert _rules_broken(till) == set()


def test_control_holding_what_was_seen_to_be_free_promises_one_unit_to_many(till: Till) -> None:
    buying = partial(money_acts.careless_buy, wish=_wish(till))
    assert all_at_once(till.database, [buying] * CARELESS) == ["ok"] * CARELESS
    with till.looking() as session:
        promised = select(func.sum(Hold.quantity)).where(Hold.state == HoldState.HELD)
        assert session.scalar(promised) == CARELESS
    assert "stock_held_is_not_its_holds" in _rules_broken(till)


# Two callbacks at once.


def _paid_at_the_bank(till: Till) -> PaymentAttempt:
    """The payer has paid, and the shop has not heard of it."""
    attempt_id = till.begin(till.order())
    till.make_calls()
    attempt = till.attempt(attempt_id)
    with till.transaction() as session:
        visit(session, key=attempt.idempotency_key, outcome=Outcome.LOST, now=till.clock.now())
    return attempt


def _entries(till: Till, kind: str) -> int:
    with till.looking() as session:
        booked = select(func.count()).select_from(LedgerEntry).where(LedgerEntry.kind == kind)
        return session.scalar(booked) or 0


def test_two_callbacks_at_once_and_each_twice_book_one_payment_once(till: Till) -> None:
    attempt = _paid_at_the_bank(till)
    telling = [
        partial(
            money_acts.be_told,
            key=attempt.idempotency_key,
            event=event,
            now=till.clock.now(),
        )
        for event in ("evt_1", "evt_2") * 2
    ]
    assert all_at_once(till.database, telling) == ["ok"] * 4
    till.settle()
    assert till.state(attempt.order_id) == OrderState.READY
    assert (_entries(till, CAPTURED), _entries(till, GOODS_OWED)) == (1, 1)
    assert (till.shelf(), till.balance()) == ((0, 0), IN_HAND)
    with till.looking() as session:
        assert session.scalar(select(func.count()).select_from(PaymentNotice)) == 2
    assert _rules_broken(till) == set()


def test_control_a_callback_that_believes_itself_the_first_books_the_payment_again(
    till: Till,
) -> None:
    attempt = _paid_at_the_bank(till)
    telling = partial(money_acts.careless_told, attempt_id=attempt.id, now=till.clock.now())
    assert all_at_once(till.database, [telling] * 2) == ["ok"] * 2
    assert _entries(till, CAPTURED) == 2
    assert "ledger_cash_differs" in _rules_broken(till)


# The bank's word and the order's last moment.


def test_money_that_meets_the_expiry_ends_in_goods_or_in_one_refund(till: Till) -> None:
    """A third wants the unit in the same moment."""
    for _ in range(ROUNDS):
        attempt = _paid_at_the_bank(till)
        order, over = attempt.order_id, till.clock.now() + HOLD
        racing = [
            partial(money_acts.hear, attempt_id=attempt.id, now=over - SECOND),
            partial(money_acts.expire, order_id=order, now=over),
            partial(money_acts.buy, wish=_wish(till)),
        ]
        said = all_at_once(till.database, racing)
        assert said in (["error_out_of_stock", "ok", "ok"], ["ok"] * 3)
        till.later(HOLD)
        _has_goods_or_refund(till, order)
        _free_the_unit(till)


def _has_goods_or_refund(till: Till, order: str) -> None:
    has_goods = till.state(order) == OrderState.READY
    assert till.charged(order) == [TOTAL]
    assert till.returned(order) == ([] if has_goods else [TOTAL])
    assert has_goods or till.state(order) == OrderState.REFUNDED
    assert _rules_broken(till) == set()


def _free_the_unit(till: Till) -> None:
    with till.looking() as session:
        sold = session.scalars(select(Order.id).where(Order.state == OrderState.READY)).all()
    assert len(sold) == 1
    till.cancel(sold[0])
    till.settle()
    assert till.shelf() == (1, 0)


def test_control_an_expiry_that_saw_an_unpaid_order_closes_a_paid_one(till: Till) -> None:
    attempt = _paid_at_the_bank(till)
    over = till.clock.now() + HOLD
    late = partial(money_acts.careless_expire, attempt_id=attempt.id, now=over)
    paying = partial(money_acts.hear_and_meet_again, attempt_id=attempt.id, now=over - SECOND)
    assert all_at_once(till.database, [late, paying]) == ["ok"] * 2
    till.clock.turn_to(over)
    assert till.state(attempt.order_id) == OrderState.EXPIRED
    assert "money_kept_without_goods" in _rules_broken(till)


# Refunds of one payment.


def _refunds(till: Till, act: object) -> tuple[PaymentAttempt, list[str]]:
    attempt = till.attempt(till.pay(till.order()))
    assert callable(act)
    asking = [
        partial(act, attempt_id=attempt.id, wish=(f"cause {n}", MOST_OF_IT), now=till.clock.now())
        for n in range(CARELESS)
    ]
    return attempt, all_at_once(till.database, asking)


def _promised(till: Till) -> int:
    with till.looking() as session:
        return session.scalar(select(func.coalesce(func.sum(Refund.amount_minor), 0))) or 0


def test_of_refunds_at_once_no_more_is_given_back_than_was_taken(till: Till) -> None:
    attempt, said = _refunds(till, money_acts.give_back)
    assert said == sorted(["error_refused"] * (CARELESS - 1) + ["ok"])
    till.settle()
    assert till.returned(attempt.order_id) == [MOST_OF_IT.minor]
    assert _promised(till) == MOST_OF_IT.minor
    assert _rules_broken(till) == set()


def test_one_cause_asked_for_by_many_at_once_is_one_refund(till: Till) -> None:
    attempt = till.attempt(till.pay(till.order()))
    whole = partial(
        money_acts.give_back,
        attempt_id=attempt.id,
        wish=("cancelled", attempt.amount),
        now=till.clock.now(),
    )
    assert all_at_once(till.database, [whole] * CARELESS) == ["ok"] * CARELESS
    till.settle()
    assert till.returned(attempt.order_id) == [TOTAL]


def test_control_refunds_that_add_to_what_they_saw_promise_more_than_was_taken(till: Till) -> None:
    attempt, said = _refunds(till, money_acts.careless_give_back)
    assert said == ["ok"] * CARELESS
    assert _promised(till) > attempt.captured_minor
    assert "refunds_exceed_captured" in _rules_broken(till)
