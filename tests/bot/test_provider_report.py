"""The day's third way: what the bank shows, beside our attempts. Differences are only told."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.demo.clock import settle
from bot.provider_report import Difference, compare
from data.kernel.money import Money
from data.payments import PaymentAttempt, Refund, cancel_order
from data.payments.gateway import ProviderUnreachable
from data.payments.sandbox_aftermath import give_back_there
from data.payments.sandbox_models import SandboxPayment, SandboxRefund
from tests.bot.open_demo import Demo, open_page
from tests.bot.pages.test_pay import play


@pytest.fixture
def day() -> object:
    """One paid order, one declined, one paid and given back."""
    with open_page() as demo:
        tokens = [demo.a_bill() for _ in range(3)]
        for token, outcome in zip(tokens, ("approved", "declined", "approved"), strict=True):
            play(demo, token, outcome)
        with demo.tuanzi.database.transaction() as session:
            last = session.scalars(
                select(PaymentAttempt).order_by(PaymentAttempt.created_at.desc()).limit(1)
            ).one()
            now = demo.tuanzi.clock.now()
            cancel_order(session, order_id=last.order_id, person_id=None, now=now)
        asyncio.run(settle(demo.tuanzi))
        yield demo


def report(demo: Demo) -> tuple[int, list[Difference]]:
    since = demo.tuanzi.clock.now() - timedelta(days=1)
    return asyncio.run(compare(demo.tuanzi, since=since))


def found(demo: Demo) -> list[tuple[str, str, str]]:
    return [(one.what, one.ours, one.theirs) for one in report(demo)[1]]


def test_a_day_that_fits_is_asked_about_and_nothing_differs(day: Demo) -> None:
    assert report(day) == (4, [])


def test_what_was_not_settled_in_that_time_is_not_asked_about(day: Demo) -> None:
    later = day.tuanzi.clock.now() + timedelta(seconds=1)
    assert asyncio.run(compare(day.tuanzi, since=later)) == (0, [])


def test_money_that_only_we_have_seen_is_told(day: Demo) -> None:
    with day.tuanzi.database.transaction() as session:
        for payment in session.scalars(select(SandboxPayment).filter_by(status="captured")):
            payment.status = "pending"
    assert found(day) == [("captured_here_only", "captured", "pending")] * 2


def test_money_that_we_never_heard_of_is_told(day: Demo) -> None:
    with day.tuanzi.database.transaction() as session:
        session.scalars(select(SandboxPayment).filter_by(status="failed")).one().status = "captured"
    assert found(day) == [("captured_there_only", "failed", "captured")]


def test_another_sum_is_told(day: Demo) -> None:
    with day.tuanzi.database.transaction() as session:
        for kind in (SandboxPayment, SandboxRefund):
            for row in session.scalars(select(kind)):
                row.amount_minor += 1
    assert [what for what, _, _ in found(day)].count("amount") == 2
    assert [what for what, _, _ in found(day)].count("refund_amount") == 1


def test_a_refund_that_the_bank_has_not_given_is_told_and_one_by_hand_is_not_asked_for(
    day: Demo,
) -> None:
    with day.tuanzi.database.transaction() as session:
        session.delete(session.scalars(select(SandboxRefund)).one())
    assert found(day) == [("refunded_here_only", "succeeded", "-")]
    with day.tuanzi.database.transaction() as session:
        session.scalars(select(Refund)).one().calls = 0
    assert found(day) == []


def test_a_bank_that_does_not_answer_is_told_and_the_rest_is_asked(
    day: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bank,) = [one for name, one in day.tuanzi.gateways.house.items() if name == "sandbox"]
    real, silent = bank.query, iter([True])

    async def query(payment: object) -> object:
        if next(silent, False):
            raise ProviderUnreachable("status_503")
        return await real(payment)  # type: ignore[arg-type]

    monkeypatch.setattr(bank, "query", query)
    assert [(what, theirs) for what, _, theirs in found(day)] == [("no_answer", "status_503")]


def test_nothing_is_changed_by_asking(day: Demo) -> None:
    with day.tuanzi.database.transaction() as session:
        session.scalars(select(SandboxPayment).filter_by(status="failed")).one().status = "captured"
    before = versions(day)
    report(day)
    assert versions(day) == before


def versions(demo: Demo) -> list[tuple[str, int, str]]:
    with demo.tuanzi.database.reading() as session:
        attempts = session.scalars(select(PaymentAttempt).order_by(PaymentAttempt.id))
        return [(one.id, one.version, one.state) for one in attempts]


def test_a_refund_begun_at_the_bank_is_recorded_and_told_once(day: Demo) -> None:
    with day.tuanzi.database.transaction() as session:
        given = select(SandboxRefund.payment_key)
        kept = select(SandboxPayment).where(SandboxPayment.key.not_in(given))
        paid = session.scalars(kept.filter_by(status="captured")).one()
        part = Money(100, paid.currency)
        give_back_there(session, key=paid.key, amount=part, now=day.tuanzi.clock.now())
    assert found(day) == [("refunded_there", "-", str(part))]
    assert found(day) == []
    with day.tuanzi.database.reading() as session:
        kinds = sorted(session.scalars(select(Refund.kind)))
    assert kinds == ["external", "ours"]


def test_a_bank_that_does_not_tell_what_became_of_a_payment_is_told(
    day: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = day.tuanzi.gateways.house["sandbox"]

    async def look_back(*_: object) -> None:
        raise ProviderUnreachable("gone")

    monkeypatch.setattr(bank, "look_back", look_back)
    assert found(day) == [("no_answer", "captured", "gone")] * 2
