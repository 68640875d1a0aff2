"""What became of a payment, in the console: told with what may be done, and done."""

import asyncio

import pytest
from sqlalchemy import select

from bot.app import Tuanzi
from bot.console.pages import ROOT
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.payments import Alarm, PaymentAlarm, PaymentAttempt, Refund, apply_standing
from data.payments import sandbox_aftermath as bank
from data.payments.alarms import raise_alarm
from data.payments.gateway import Standing
from data.payments.looking import look_soon
from tests.bot.browser import Browser
from tests.bot.conftest import SignIn, Street
from tests.bot.console.test_payment_trouble import alarm

ROOM = "/payments"


@pytest.mark.parametrize("locale", list(Locale))
def test_every_alarm_has_its_words(owner: Browser, street: Street, locale: Locale) -> None:
    owner.post("/language", locale=locale)
    with street.tuanzi.database.transaction() as session:
        paid = session.get_one(PaymentAttempt, street.ours.payment)
        for what in Alarm:
            now = street.tuanzi.clock.now()
            raise_alarm(session, paid, what, about="x", amount=Money(77, "CNY"), now=now)
    page = owner.get(ROOM).text
    assert "trouble." not in page
    assert page.count(f"/orders/{street.ours.order}") == len(Alarm)
    assert str(len(Alarm)) in alarm(owner)
    _close(street.tuanzi)


def test_a_refund_made_at_the_bank_and_a_dispute_are_told(owner: Browser, street: Street) -> None:
    tuanzi, ours = street.tuanzi, street.ours
    with tuanzi.database.transaction() as session:
        paid = session.get_one(PaymentAttempt, ours.payment)
        part, now = Money(123, paid.currency), tuanzi.clock.now()
        bank.give_back_there(session, key=paid.idempotency_key, amount=part, now=now)
        bank.dispute(session, key=paid.idempotency_key, amount=Money(456, paid.currency), now=now)
        bank.keep_fee(session, key=paid.idempotency_key, amount=Money(99, "USD"), now=now)
        look_soon(session, paid, now=now)
    asyncio.run(tuanzi.bookkeeper.drain())
    page = owner.get(ROOM).text
    assert "1.23" in page
    assert "4.56" in page
    assert "external" not in page
    assert "begun at the provider" in owner.get(f"/orders/{ours.order}").text
    ledger = owner.get("/ledger").text
    assert "0.99" in ledger
    assert "disputed" in ledger
    told = _alarms(tuanzi)
    answer = owner.post(f"{ROOM}/alarms/dismiss", number=told[Alarm.DISPUTED])
    assert answer.status_code == 404  # it is not over by looking
    owner.post(f"{ROOM}/alarms/dismiss", number=told[Alarm.REFUNDED_THERE])
    assert list(_alarms(tuanzi)) == [Alarm.DISPUTED]


def test_the_owner_enters_what_a_provider_does_not_tell(
    owner: Browser, street: Street, sign_in: SignIn
) -> None:
    tuanzi, ours = street.tuanzi, street.ours
    with tuanzi.database.transaction() as session:
        now = tuanzi.clock.now()
        apply_standing(session, attempt_id=ours.payment, shown=Standing(is_touched=True), now=now)
    assert "refunds/there" in owner.get(ROOM).text
    for wrong in ("0", "999999", "x"):
        form = {"name": ours.payment, "amount": wrong, "reference": "R-7"}
        assert owner.post(f"{ROOM}/refunds/there", **form).status_code in (409, 422)
    good = {"name": ours.payment, "amount": "1.50", "reference": "R-7"}
    answer = owner.post(f"{ROOM}/refunds/there", **good)
    assert answer.headers["location"].startswith(f"{ROOT}{ROOM}")
    with tuanzi.database.reading() as session:
        (refund,) = session.scalars(select(Refund))
    assert (refund.kind, refund.amount_minor, refund.provider_ref) == ("external", 150, "R-7")


def test_another_shops_alarms_are_closed_by_nobody_here(owner: Browser, street: Street) -> None:
    theirs = street.theirs.payment
    with street.tuanzi.database.transaction() as session:
        paid = session.get_one(PaymentAttempt, theirs)
        now = street.tuanzi.clock.now()
        raise_alarm(session, paid, Alarm.REFUND_UNTOLD, about="", amount=None, now=now)
    number = _alarms(street.tuanzi)[Alarm.REFUND_UNTOLD]
    assert owner.post(f"{ROOM}/alarms/dismiss", number=number).status_code == 404
    form = {"name": theirs, "amount": "1", "reference": "R"}
    assert owner.post(f"{ROOM}/refunds/there", **form).status_code == 404
    assert list(_alarms(street.tuanzi)) == [Alarm.REFUND_UNTOLD]
    _close(street.tuanzi)


def _alarms(tuanzi: Tuanzi) -> dict[str, int]:
    with tuanzi.database.reading() as session:
        rows = session.scalars(select(PaymentAlarm).filter_by(closed_at=None))
        return {row.what: row.id for row in rows}


def _close(tuanzi: Tuanzi) -> None:
    """The shop's own audit is run after each test: what was only put there is taken away."""
    with tuanzi.database.transaction() as session:
        for row in session.scalars(select(PaymentAlarm)):
            session.delete(row)
