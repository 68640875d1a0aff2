"""Deeds of a test about what became of a payment, at the till and at the bank."""

from datetime import timedelta

from sqlalchemy.orm import Session

from data.kernel.money import Money
from data.orders import Address, set_address, ship
from data.payments import (
    PaymentAlarm,
    note_external_refund,
)
from data.payments import sandbox_aftermath as bank
from data.payments.gateway import (
    DisputeStatus,
)
from data.payments.looking import look_soon
from tests.data.payments.till import Till

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def yuan(minor: int) -> Money:
    return Money(minor, "CNY")


def a_paid_order(till: Till) -> tuple[str, str]:
    order = till.order()
    return order, till.pay(order)


def key_of(till: Till, attempt: str) -> str:
    return till.attempt(attempt).idempotency_key


def gives_back_there(till: Till, attempt: str, minor: int) -> str:
    with till.transaction() as session:
        key, now = key_of(till, attempt), till.clock.now()
        return bank.give_back_there(session, key=key, amount=yuan(minor), now=now).provider_ref


def disputes(till: Till, attempt: str, minor: int) -> str:
    with till.transaction() as session:
        now = till.clock.now()
        return bank.dispute(session, key=key_of(till, attempt), amount=yuan(minor), now=now)


def decides(till: Till, number: str, status: DisputeStatus) -> None:
    with till.transaction() as session:
        bank.decide(session, number, status)


def looks(till: Till, by: timedelta = HOUR) -> int:
    till.later(by)
    return till.look_back()


def look_now(till: Till, attempt: str) -> None:
    with till.transaction() as session:
        assert look_soon(session, till.attempt(attempt), now=till.clock.now())
    assert till.look_back() == 1


def open_alarms(till: Till) -> list[str]:
    with till.looking() as session:
        rows = session.query(PaymentAlarm).order_by(PaymentAlarm.id).all()
    return [row.what for row in rows if row.closed_at is None]


def notes(till: Till, session: Session, attempt: str, minor: int) -> None:
    now = till.clock.now()
    note_external_refund(session, attempt_id=attempt, amount=yuan(minor), reference="R-7", now=now)


def ships(till: Till, order: str) -> None:
    with till.transaction() as session:
        now = till.clock.now()
        address = Address("Lan", "138", "Nanjing Road 1")
        set_address(session, order_id=order, person_id=till.buyer.id, address=address, now=now)
        ship(session, merchant_id=till.shop.id, order_id=order, tracking=None, now=now)
