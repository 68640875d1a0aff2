"""The line to the SIMULATED PayPal: tokens kept, renewed, refused; silence; nothing in logs."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from data.kernel.clock import TurnableClock
from data.payments.gateway import (
    PaymentStatus,
    ProviderPayment,
    ProviderRefused,
    ProviderUnreachable,
)
from integrations.payments.kinds import BadCredentials, Mode
from integrations.payments.paypal import KIND, PayPal
from integrations.payments.paypal_line import ADDRESSES, PayPalLine
from tests.builders import NOW
from tests.integrations.payments.paypal_bench import (
    KEY,
    NOTIFY,
    WANTED,
    a_gateway,
    created,
    credentials,
    do,
    looked_at,
    wiring,
)
from tests.peers.money.paypal_face import CLIENT, SECRET, TOKEN_LIVES, WEBHOOK, Face, running_face

TOKEN = "/v1/oauth2/token"


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(NOW)


@pytest.fixture
def face(clock: TurnableClock) -> Iterator[Face]:
    with running_face(clock) as face:
        face.notify_url = NOTIFY
        yield face


@pytest.fixture
def gateway(face: Face) -> PayPal:
    return a_gateway(face)


def test_a_token_is_kept_until_shortly_before_its_end(
    face: Face, gateway: PayPal, clock: TurnableClock
) -> None:
    ref = created(gateway)
    clock.advance(TOKEN_LIVES - timedelta(minutes=3))
    looked_at(gateway, ref)
    assert face.times(TOKEN) == 1
    clock.advance(timedelta(minutes=2))
    looked_at(gateway, ref)
    assert face.times(TOKEN) == 2
    assert face.calls.count("GET /v2/checkout/orders/" + (ref.provider_ref or "")) == 2


def test_a_token_that_was_taken_back_is_replaced_once(face: Face, gateway: PayPal) -> None:
    ref = created(gateway)
    face.faults.append("401")
    assert looked_at(gateway, ref).status is PaymentStatus.PENDING
    assert face.times(TOKEN) == 2
    face.faults.extend(["401", "401"])
    with pytest.raises(ProviderUnreachable, match="INVALID_TOKEN"):
        do(gateway.query(ref))
    assert face.times(TOKEN) == 3


def test_a_payment_that_is_repeated_with_a_new_token_is_one(face: Face, gateway: PayPal) -> None:
    do(gateway.check())
    face.faults.append("401")
    assert do(gateway.create_payment(WANTED)).status is PaymentStatus.PENDING
    assert len(face.orders(KEY)) == 1


def test_one_gateway_serves_many_threads_and_loops(face: Face, gateway: PayPal) -> None:
    ref = created(gateway)
    face.tokens.clear()
    shown: list[ProviderPayment | None] = []

    async def several() -> None:
        shown.extend(await asyncio.gather(*(gateway.query(ref) for _ in range(4))))

    threads = [threading.Thread(target=lambda: asyncio.run(several())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.status for one in shown if one] == [PaymentStatus.PENDING] * 16


@pytest.mark.parametrize("fault", ["429", "500", "lost", "refuse:409:PREVIOUS_REQUEST_IN_PROGRESS"])
def test_where_paypal_may_have_acted_we_do_not_know(
    face: Face, gateway: PayPal, fault: str
) -> None:
    face.faults.append(fault)
    with pytest.raises(ProviderUnreachable):
        do(gateway.create_payment(WANTED))
    ref = created(gateway)
    face.faults.append(fault)
    with pytest.raises(ProviderUnreachable):
        do(gateway.query(ref))
    assert len(face.orders(KEY)) == 1


def test_nobody_there_is_not_a_refusal(face: Face, clock: TurnableClock) -> None:
    gateway = KIND.open(credentials(), wiring(clock, "http://127.0.0.1:9"))
    with pytest.raises(ProviderUnreachable):
        do(gateway.create_payment(WANTED))


@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b"{}", b"[1", b"\xff", b'{"id":1}'])
def test_an_answer_that_nobody_can_read_settles_nothing(
    face: Face, gateway: PayPal, body: bytes
) -> None:
    ref = created(gateway)
    face.garbles = lambda _said: body
    with pytest.raises(ProviderUnreachable, match="answer_unreadable"):
        do(gateway.query(ref))


@pytest.mark.parametrize(
    "value", ["1e3", "NaN", "10.001", "٣", "", "1" * 33, "9" * 30, "10.00\\n", " 10.00", "-"]
)
def test_a_sum_that_is_none_settles_nothing(face: Face, gateway: PayPal, value: str) -> None:
    ref = created(gateway)
    face.garbles = lambda said: said.replace(b'"10.00"', f'"{value}"'.encode())
    with pytest.raises(ProviderUnreachable, match="answer_unreadable"):
        do(gateway.query(ref))


def test_a_wrong_secret_refuses_a_payment(face: Face) -> None:
    with pytest.raises(ProviderRefused, match="invalid_client"):
        do(a_gateway(face, client_secret="another").create_payment(WANTED))


def test_nothing_secret_is_written_down(
    face: Face, gateway: PayPal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ref = created(gateway)
    face.faults.extend(["refuse:422:ORDER_NOT_APPROVED", "500", "lost", "401"])
    for _ in range(4):
        try:
            do(gateway.query(ref))
        except ProviderUnreachable:
            continue
    written = " ".join([caplog.text, repr(gateway._line.__dict__["_kept"]), repr(credentials())])
    assert "ORDER_NOT_APPROVED" in written
    assert not [token for token in face.tokens if token in written]
    assert SECRET not in written
    assert KEY not in written


def test_each_mode_has_its_own_place(clock: TurnableClock) -> None:
    for mode in Mode:
        line = PayPalLine(wiring(clock, None), mode, CLIENT, SECRET)
        assert line._line.address == ADDRESSES[mode]
    assert ADDRESSES[Mode.LIVE] == "https://api-m.paypal.com"
    assert ADDRESSES[Mode.SANDBOX] == "https://api-m.sandbox.paypal.com"


@pytest.mark.parametrize("field", ["client_id", "client_secret", "mode"])
def test_a_field_that_is_missing_is_named(field: str) -> None:
    with pytest.raises(BadCredentials) as wrong:
        credentials(**{field: ""})
    assert wrong.value.detail == field


def test_no_other_mode_is_known() -> None:
    with pytest.raises(BadCredentials):
        credentials(mode="production")


# — is the account set up? —


def found(gateway: PayPal) -> dict[str, bool]:
    return {one.code: one.is_sound for one in do(gateway.check())}


def test_a_sound_account(face: Face, gateway: PayPal) -> None:
    assert found(gateway) == {
        "token": True,
        "webhook": True,
        "webhook_url": True,
        "webhook_events": True,
    }
    assert not [call for call in face.calls if "/v2/" in call], "a check moves no money"


def test_a_wrong_secret_is_vital(face: Face) -> None:
    (finding,) = do(a_gateway(face, client_secret="another").check())
    assert (finding.is_sound, finding.code, finding.vital) == (False, "token", True)
    assert finding.values == {"why": "invalid_client"}


def test_an_account_that_is_not_called_yet_says_what_to_do(face: Face) -> None:
    _, finding = do(a_gateway(face, webhook_id="").check())
    assert (finding.is_sound, finding.code, finding.vital) == (False, "webhook_told", False)
    assert finding.values["url"] == NOTIFY


def test_a_webhook_that_is_not_there(face: Face) -> None:
    assert found(a_gateway(face, webhook_id="0EH40505U7160970P")) == {
        "token": True,
        "webhook": False,
    }


def test_a_webhook_for_another_address_and_without_what_we_need(
    face: Face, gateway: PayPal
) -> None:
    face.notify_url = "https://old.example/hook"
    face.events = ["PAYMENT.CAPTURE.COMPLETED", "PAYMENT.SALE.COMPLETED"]
    findings = {one.code: one for one in do(gateway.check())}
    assert not findings["webhook_url"].is_sound
    missing = str(findings["webhook_events"].values["events"])
    assert "CHECKOUT.ORDER.APPROVED" in missing
    assert "PAYMENT.CAPTURE.COMPLETED" not in missing


def test_a_check_that_hears_nothing_says_so(face: Face, gateway: PayPal) -> None:
    face.faults.append("500")
    with pytest.raises(ProviderUnreachable):
        do(gateway.check())
    assert face.calls[-1] == f"GET /v1/notifications/webhooks/{WEBHOOK}"
