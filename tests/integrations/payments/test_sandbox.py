"""The simulated bank: keeps its word, its keys and its limits, and signs what it says."""

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from data.kernel.clock import TurnableClock
from data.kernel.database import Database
from data.kernel.money import Money
from data.payments.calls import Call, Verb
from data.payments.gateway import (
    BadNotice,
    Declined,
    Flags,
    NewPayment,
    NewRefund,
    NoAnswer,
    NotThere,
    PaymentRef,
    PaymentStatus,
    ProviderPayment,
    ProviderRefused,
    ProviderUnreachable,
    RefundStatus,
)
from data.payments.sandbox_bank import HOLD, end_hold, plan, visit
from data.payments.sandbox_models import Outcome, RefundOutcome
from integrations.payments import SandboxGateway, perform
from integrations.payments.sandbox import SIGNATURE
from tests.builders import NOW

SECRET = "a secret of some length"
TEN = Money(1000, "CNY")
WANTED = NewPayment(key="k" * 32, amount=TEN, order_id="ord_1")
REF = PaymentRef(WANTED.key, None, TEN)
BACK = NewRefund(key="r" * 32, amount=TEN, payment=REF)


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(NOW)


@pytest.fixture
def bank(database: Database, clock: TurnableClock) -> SandboxGateway:
    return SandboxGateway(database, clock, secret=SECRET)


def test_the_same_key_is_the_same_payment(bank: SandboxGateway) -> None:
    first, again = _do(bank.create_payment(WANTED)), _do(bank.create_payment(WANTED))
    assert first == again
    assert first.status == PaymentStatus.PENDING
    with pytest.raises(ProviderRefused, match="key_reused"):
        _do(bank.create_payment(replace(WANTED, amount=Money(1, "CNY"))))


def test_its_word_survives_a_restart(database: Database, clock: TurnableClock) -> None:
    first = SandboxGateway(database, clock, secret=SECRET)
    _plan(database, Outcome.APPROVED)
    taken = _do(first.create_payment(WANTED))
    assert _do(SandboxGateway(database, clock, secret=SECRET).query(REF)) == taken
    assert taken.status == PaymentStatus.CAPTURED


def test_a_lost_answer_means_the_money_was_taken(bank: SandboxGateway, database: Database) -> None:
    _plan(database, Outcome.LOST)
    with pytest.raises(ProviderUnreachable):
        _do(bank.create_payment(WANTED))
    found = _do(bank.query(REF))
    assert found is not None
    assert found.status == PaymentStatus.CAPTURED
    assert _do(bank.create_payment(WANTED)) == found, "the next answer arrives"


def test_a_payer_may_also_decide_at_the_banks_own_page(
    bank: SandboxGateway, database: Database
) -> None:
    _do(bank.create_payment(WANTED))
    for outcome in (Outcome.DECLINED, Outcome.APPROVED):
        with database.transaction() as session:
            visit(session, key=WANTED.key, outcome=outcome, now=NOW)
    found = _do(bank.query(REF))
    assert found is not None
    assert found.status == PaymentStatus.FAILED, "decided is decided"


def test_a_hold_is_taken_or_let_go_or_runs_out(database: Database, clock: TurnableClock) -> None:
    bank = SandboxGateway(database, clock, secret=SECRET, flags=Flags(can_authorize=True))
    seen = []
    for key, act in (("a", bank.capture), ("b", bank.void), ("c", bank.query)):
        wanted = replace(WANTED, key=key * 32, authorize_only=True)
        _plan(database, Outcome.APPROVED, key=wanted.key)
        held = _do(bank.create_payment(wanted))
        assert held.status == PaymentStatus.AUTHORIZED
        assert held.hold_until == clock.now() + HOLD
        if key == "c":
            clock.advance(HOLD)
        after = _do(act(PaymentRef(wanted.key, None, TEN)))
        assert after is not None
        seen.append(after.status)
    assert seen == [PaymentStatus.CAPTURED, PaymentStatus.VOIDED, PaymentStatus.VOIDED]


def test_of_a_hold_a_part_is_taken_and_no_more_than_that_goes_back(
    database: Database, bank: SandboxGateway
) -> None:
    _plan(database, Outcome.APPROVED)
    _do(bank.create_payment(replace(WANTED, authorize_only=True)))
    with pytest.raises(ProviderRefused, match="capture_exceeds_hold"):
        _do(bank.capture(replace(REF, capture=Money(TEN.minor + 1, "CNY"))))
    part = Money(TEN.minor - 1, "CNY")
    taken = _do(bank.capture(replace(REF, capture=part)))
    assert (taken.status, taken.amount) == (PaymentStatus.CAPTURED, part)
    with pytest.raises(ProviderRefused, match="refund_exceeds_captured"):
        _do(bank.refund(replace(BACK, amount=TEN)))


def test_a_hold_may_end_before_its_time(database: Database, bank: SandboxGateway) -> None:
    _plan(database, Outcome.APPROVED)
    _do(bank.create_payment(replace(WANTED, authorize_only=True)))
    with database.transaction() as session:
        end_hold(session, WANTED.key, now=NOW)
    assert _do(bank.capture(REF)).status == PaymentStatus.VOIDED


def test_what_is_paid_cannot_be_closed(bank: SandboxGateway, database: Database) -> None:
    _plan(database, Outcome.APPROVED)
    _do(bank.create_payment(WANTED))
    assert _do(bank.close(REF)).status == PaymentStatus.CAPTURED


def test_it_never_gives_back_more_than_it_took(bank: SandboxGateway, database: Database) -> None:
    _plan(database, Outcome.APPROVED)
    _do(bank.create_payment(WANTED))
    assert _do(bank.refund(BACK)) == _do(bank.refund(BACK)), "one refund per key"
    with pytest.raises(ProviderRefused, match="refund_exceeds_captured"):
        _do(bank.refund(replace(BACK, key="s" * 32, amount=Money(1, "CNY"))))


def test_nothing_is_given_back_of_what_was_never_taken(bank: SandboxGateway) -> None:
    _do(bank.create_payment(WANTED))
    with pytest.raises(ProviderRefused):
        _do(bank.refund(BACK))


def test_a_reversed_refund_succeeds_first_and_fails_later(
    bank: SandboxGateway, database: Database, clock: TurnableClock
) -> None:
    _plan(database, Outcome.APPROVED)
    _plan(database, RefundOutcome.REVERSED)
    _do(bank.create_payment(WANTED))
    assert _do(bank.refund(BACK)).status == RefundStatus.SUCCEEDED
    clock.advance(timedelta(hours=1))
    later = _do(bank.query_refund(BACK))
    assert later is not None
    assert later.status == RefundStatus.FAILED


def test_t01_a_callback_counts_only_with_its_signature(
    bank: SandboxGateway, database: Database, clock: TurnableClock
) -> None:
    raw = json.dumps({"key": WANTED.key, "amount": 1000, "currency": "CNY"}).encode()
    headers = bank.sign(raw)
    event = asyncio.run(bank.verify_webhook(raw, {"Host": "x", **headers}))
    assert (event.our_ref, event.claimed, event.raw) == (WANTED.key, TEN, raw)
    assert set(event.headers) == {SIGNATURE}
    other = SandboxGateway(database, clock, secret="another secret of length")
    for bad_raw, bad_headers in [
        (raw + b" ", headers),
        (raw, {}),
        (raw, {SIGNATURE: "团"}),
        (raw, other.sign(raw)),
    ]:
        with pytest.raises(BadNotice):
            asyncio.run(bank.verify_webhook(bad_raw, bad_headers))


@pytest.mark.parametrize("turn", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_t01_an_old_or_future_callback_is_refused(database: Database, turn: timedelta) -> None:
    then = SandboxGateway(database, TurnableClock(NOW), secret=SECRET)
    later = SandboxGateway(database, TurnableClock(NOW + turn), secret=SECRET)
    with pytest.raises(BadNotice, match="signature_old"):
        asyncio.run(later.verify_webhook(b"{}", then.sign(b"{}")))


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"key":1,"amount":"x","currency":"CNY"}'])
def test_a_signed_callback_without_sense_is_refused(bank: SandboxGateway, raw: bytes) -> None:
    with pytest.raises(BadNotice, match="form"):
        asyncio.run(bank.verify_webhook(raw, bank.sign(raw)))


def test_a_short_secret_is_refused_at_the_start(database: Database, clock: TurnableClock) -> None:
    with pytest.raises(ValueError, match="sandbox_secret_short"):
        SandboxGateway(database, clock, secret="")


def test_whatever_a_provider_says_or_does_not_say_is_an_answer(
    bank: SandboxGateway, database: Database
) -> None:
    assert _do(perform(_call(Verb.QUERY), bank)) == NotThere()
    assert isinstance(_do(perform(_call(Verb.CAPTURE), bank)), Declined)
    _plan(database, Outcome.LOST)
    assert _do(perform(_call(Verb.CREATE), bank)) == NoAnswer("answer_lost")
    assert isinstance(_do(perform(_call(Verb.QUERY), bank)), ProviderPayment)


def test_a_bug_in_a_client_is_no_answer_of_the_provider(bank: SandboxGateway) -> None:
    broken = replace(_call(Verb.REFUND), refund_amount=None)
    with pytest.raises(ValueError, match="call_without_refund"):
        _do(perform(broken, bank))


def test_a_provider_that_cannot_close_is_asked_instead(
    database: Database, clock: TurnableClock
) -> None:
    bank = SandboxGateway(database, clock, secret=SECRET, flags=Flags(can_close=False))
    _do(bank.create_payment(WANTED))
    answer = _do(perform(_call(Verb.CLOSE), bank))
    assert isinstance(answer, ProviderPayment)
    assert answer.status == PaymentStatus.PENDING


def _call(verb: Verb) -> Call:
    return Call(
        verb=verb,
        provider="sandbox",
        merchant_id="mer_1",
        order_id="ord_1",
        attempt_id="pay_1",
        refund_id=None,
        turn=1,
        new_payment=WANTED,
        payment=REF,
        refund_key=BACK.key,
        refund_amount=TEN,
    )


def _plan(database: Database, outcome: Outcome | RefundOutcome, key: str = WANTED.key) -> None:
    with database.transaction() as session:
        plan(session, key=key, outcome=outcome)


def _do(call: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(call)
