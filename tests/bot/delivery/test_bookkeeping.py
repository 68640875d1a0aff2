"""The bookkeeper's round, through the whole house; Stripe's side is the stand-in."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.settings import SettingsError, read
from data.ledger import trial_balance
from data.orders import OrderState
from data.payments import (
    Alarm,
    PaymentAlarm,
    PaymentLook,
    Refund,
    RefundState,
    cancel_order,
    lease_looks,
)
from tests.bot.conftest import Street
from tests.bot.delivery.test_stripe_payments import PAID, Counter
from tests.bot.delivery.test_stripe_payments import counter as counter_of_a_shop
from tests.peers.money.stripe_face import Face

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CASH = "cash_in_transit:stripe"


@pytest.fixture
def counter(street: Street) -> Iterator[Counter]:
    yield from counter_of_a_shop.__wrapped__(street)


@pytest.fixture
def paid(counter: Counter) -> str:
    """The payment's key."""
    key = counter.go_to_stripe()
    counter.face.books.fee = 300
    counter.pay(key)
    counter.call(counter.face.told(PAID))
    counter.settle()
    with counter.street.tuanzi.database.transaction() as session:  # of what the street has paid
        others = PaymentLook.attempt_id != counter.attempt().id
        session.execute(update(PaymentLook).where(others).values(due_at=None))
    return key


def look(counter: Counter) -> int:
    return asyncio.run(counter.street.tuanzi.bookkeeper.drain())


def books(counter: Counter) -> dict[str, int]:
    with counter.street.tuanzi.database.reading() as session:
        balance = trial_balance(session, merchant_id=counter.street.ours.merchant)
    return {name: money.minor for name, money in balance.items() if "sandbox" not in name}


def alarms(counter: Counter) -> list[str]:
    with counter.street.tuanzi.database.reading() as session:
        return list(session.scalars(select(PaymentAlarm.what).filter_by(closed_at=None)))


def test_fees_and_refunds_that_somebody_made_there_are_booked(counter: Counter, paid: str) -> None:
    assert look(counter) == 0
    counter.later(HOUR)
    assert look(counter) == 1
    before = books(counter)
    assert (before["psp_fee"], before[CASH]) == (-300, 300 - counter.total())
    refunds = select(Refund).where(Refund.order_id == counter.order)
    made = counter.face.books.give_back(
        {"payment_intent": counter.face.intent_of(paid), "amount": "500"}
    )
    assert counter.call(counter.face.told("charge.refunded")).status_code == 200
    counter.settle()
    assert look(counter) == 1
    assert books(counter)[CASH] == before[CASH] + 500
    assert alarms(counter) == [Alarm.REFUNDED_THERE]
    with counter.street.tuanzi.database.reading() as session:
        assert session.scalars(refunds).one().provider_ref == made["id"]
    assert counter.state() == OrderState.READY


def test_a_dispute_is_booked_out_and_in_again(counter: Counter, paid: str) -> None:
    dispute = counter.face.books.dispute(counter.face.intent_of(paid))
    counter.call(counter.face.told("charge.dispute.created"))
    look(counter)
    assert books(counter)["disputed"] == -counter.total()
    assert alarms(counter) == [Alarm.DISPUTED]
    counter.face.books.decide(dispute["id"], "won")
    counter.call(counter.face.told("charge.dispute.closed"))
    look(counter)
    assert books(counter)["disputed"] == 0
    assert books(counter)["psp_fee"] == -1800  # the fee of a dispute stays with Stripe
    assert alarms(counter) == []


def test_a_refund_that_failed_unheard_is_found_the_day_after(counter: Counter, paid: str) -> None:
    with counter.street.tuanzi.database.transaction() as session:
        order = counter.attempt().order_id
        cancel_order(session, order_id=order, person_id=None, now=counter.clock.now())
    counter.settle()
    assert counter.state() == OrderState.REFUNDED
    (refund,) = counter.face.books.refunds_of(counter.face.intent_of(paid))
    counter.face.books.fail_refund(refund["id"])  # and its notice gets lost
    counter.later(DAY)
    assert counter.state() == OrderState.REFUND_PENDING
    with counter.street.tuanzi.database.reading() as session:
        assert session.scalars(select(Refund.state)).one() == RefundState.FAILED
    assert books(counter)["refund_payable"] == counter.total()


@pytest.mark.parametrize("trouble", ["500", "no gateway", "breaks"])
def test_what_cannot_be_asked_is_asked_later(
    counter: Counter, paid: str, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.later(HOUR)
    gateways = counter.street.tuanzi.gateways

    async def none(*_: object) -> None:
        return None

    with monkeypatch.context() as broken:
        if trouble == "500":
            counter.face.faults.append(500)
        elif trouble == "no gateway":
            broken.setattr(type(gateways), "of", none)
        else:
            broken.setattr(Face, "expanded", lambda *_: {"id": 7})
        assert look(counter) == 1
    assert "psp_fee" not in books(counter)
    counter.later(6 * HOUR)
    assert look(counter) == 1
    assert books(counter)["psp_fee"] == -300


def test_two_bookkeepers_do_not_ask_at_once(counter: Counter, paid: str) -> None:
    counter.later(HOUR)
    with counter.street.tuanzi.database.transaction() as session:
        assert len(lease_looks(session, now=counter.clock.now())) == 1
    assert look(counter) == 0


def test_when_we_look_is_configuration(street: Street) -> None:
    told = {"TUANZI_REFUND_CHECK_DAYS": "2,5", "TUANZI_LOOK_BACK_DAYS": "3,10"}
    care = read(told, serving=False).aftercare
    assert care.refunds == (2 * DAY, 5 * DAY)
    assert care.payments == (HOUR, 3 * DAY, 7 * DAY)
    for wrong in ("0", "3,1", "2,2", "x"):
        with pytest.raises(SettingsError):
            read({"TUANZI_LOOK_BACK_DAYS": wrong}, serving=False)
    with street.tuanzi.database.reading() as session:
        assert session.scalar(select(PaymentLook.attempt_id).limit(1))
