"""PayPal's calls: what it signed is taken, whatever else is refused before anything is loaded.

Signed by the tests' own certificate, of the tests' own authority. The shape of what is signed is
that of PayPal's documents and of its old Python SDK; no vector with a certificate is published.
"""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from data.kernel.clock import TurnableClock
from data.kernel.money import Money
from data.payments.gateway import BadNotice, ProviderEvent, ProviderUnreachable
from integrations.payments.paypal import PayPal
from tests.builders import NOW
from tests.integrations.payments.paypal_bench import KEY, REFUND_KEY, TEN, a_gateway, created, do
from tests.integrations.payments.paypal_bench import back as give_back
from tests.peers.money.paypal_face import CERTIFICATE, Answer, Call, Face, running_face
from tests.peers.money.paypal_keys import YEAR, Key, certificate, curve_key, key

HOST = "https://api.sandbox.paypal.com"
NAME = CERTIFICATE.rpartition("/")[2]
PATH = f"/v1/notifications/certs/{NAME}"


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(NOW)


@pytest.fixture
def face(clock: TurnableClock) -> Iterator[Face]:
    with running_face(clock) as face:
        yield face


@pytest.fixture
def gateway(face: Face) -> PayPal:
    return a_gateway(face)


@pytest.fixture
def call(face: Face, gateway: PayPal) -> Call:
    created(gateway)
    call = face.order_call(face.approves(KEY))
    face.calls.clear()
    return call


def heard(gateway: PayPal, call: Call, **headers: str) -> ProviderEvent | None:
    """Header names come in small letters, as our site has them."""
    told = {name.lower(): value for name, value in {**call.headers, **headers}.items()}
    return do(gateway.verify_webhook(call.body, told))


def refused(gateway: PayPal, call: Call, **headers: str) -> str:
    with pytest.raises(BadNotice) as bad:
        heard(gateway, call, **{name.replace("_", "-"): told for name, told in headers.items()})
    return str(bad.value)


def test_what_paypal_signed_is_heard(face: Face, gateway: PayPal, call: Call) -> None:
    event = heard(gateway, call)
    assert event is not None
    assert event.event_id == json.loads(call.body)["id"]
    assert (event.our_ref, event.claimed, event.raw) == (KEY, TEN, call.body)
    assert sorted(event.headers) == [
        "paypal-auth-algo",
        "paypal-cert-url",
        "paypal-transmission-id",
        "paypal-transmission-sig",
        "paypal-transmission-time",
    ]


def test_a_certificate_is_fetched_once(face: Face, gateway: PayPal, call: Call) -> None:
    heard(gateway, call)
    heard(gateway, call)
    assert face.calls == [f"GET {PATH}"]


def test_a_kept_certificate_is_good_until_its_own_end(
    face: Face, gateway: PayPal, call: Call, clock: TurnableClock
) -> None:
    heard(gateway, call)
    clock.advance(YEAR + timedelta(seconds=1))
    late = face.order_call(face.order(KEY))
    assert refused(gateway, late) == "certificate_not_valid"
    face.certificates[NAME] = Answer(200, certificate(key("paypal"), until=NOW + 2 * YEAR))
    assert heard(gateway, late) is not None


@pytest.mark.parametrize("place", ["body", "signature", "id", "time"])
def test_whatever_is_changed_is_refused_t01(
    face: Face, gateway: PayPal, call: Call, place: str
) -> None:
    if place == "body":
        call = Call(call.body.replace(b"10.00", b"90.00"), call.headers)
    changed = {
        "signature": {"PAYPAL-TRANSMISSION-SIG": base64.b64encode(b"\0" * 256).decode()},
        "id": {"PAYPAL-TRANSMISSION-ID": "69cd13f0-d67a-11e5-baa3-778b53f4ae55"},
        "time": {"PAYPAL-TRANSMISSION-TIME": "2026-11-22T02:00:01Z"},
    }
    call = Call(call.body, {**call.headers, **changed.get(place, {})})
    assert refused(gateway, call) == "signature_wrong"


def test_a_body_that_was_cut_is_refused(gateway: PayPal, call: Call) -> None:
    assert refused(gateway, Call(call.body[:-1], call.headers)) == "signature_wrong"
    assert refused(gateway, Call(b"", call.headers)) == "signature_wrong"


def test_what_was_signed_by_another_key_is_refused(face: Face, gateway: PayPal, call: Call) -> None:
    forged = Call(call.body, face.signature(call.body, by=key("stranger")))
    assert refused(gateway, forged) == "signature_wrong"


def test_what_was_signed_for_another_account_is_refused(
    face: Face, gateway: PayPal, call: Call
) -> None:
    """The same body, to another webhook of the same PayPal."""
    theirs = Call(call.body, face.signature(call.body, webhook="1JE50Z90C7278"))
    assert refused(gateway, theirs) == "signature_wrong"


def test_without_a_webhooks_name_nothing_is_believed(face: Face, call: Call) -> None:
    nameless = a_gateway(face, webhook_id="")
    signed = Call(call.body, face.signature(call.body, webhook=""))
    assert refused(nameless, signed) == "webhook_id_unknown"
    assert face.calls == []


@pytest.mark.parametrize(
    "address",
    [
        f"https://evil.example{PATH}",
        f"https://evil.example/api.sandbox.paypal.com{PATH}",
        f"https://api.sandbox.paypal.com.evil.example{PATH}",
        f"https://evilpaypal.com{PATH}",
        f"https://api.sandbox.paypal.com@evil.example{PATH}",
        f"https://user:word@api.sandbox.paypal.com{PATH}",
        f"https://evil.example#@api.sandbox.paypal.com{PATH}",
        f"https://evil.example\\@api.sandbox.paypal.com{PATH}",
        f"https://api.sandbox.paypal.com:444{PATH}",
        f"https://api.sandbox.paypal.com:443{PATH}",
        f"http://api.sandbox.paypal.com{PATH}",
        f"HTTPS://API.SANDBOX.PAYPAL.COM{PATH}",
        f"https://api.sandbox.paypal.com.{PATH}",
        f"https://api.sandbox.paypal。com{PATH}",
        f"https://api.paypal.com{PATH}",  # the other mode's
        f"https://www.sandbox.paypal.com{PATH}",
        f"{HOST}/v1/notifications/certs/../../../redirect",
        f"{HOST}/v1/notifications/certs/%2e%2e/x",
        f"{HOST}/v1/notifications/certs/",
        f"{HOST}/v1/oauth2/token",
        f"{HOST}{PATH}?next=https://evil.example",
        f"{HOST}{PATH}#x",
        f"{HOST}{PATH}\n",
        f" {HOST}{PATH}",
        "https://127.0.0.1/",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_certificate_from_anywhere_else_is_not_even_fetched_t17(
    face: Face, gateway: PayPal, call: Call, address: str
) -> None:
    forged = Call(call.body, face.signature(call.body, address=address))
    assert refused(gateway, forged) in {"certificate_address", "paypal_cert_url"}
    assert face.calls == []


def test_a_live_account_takes_a_live_certificate_only(face: Face, call: Call) -> None:
    live = a_gateway(face, mode="live")
    assert refused(live, call) == "certificate_address"
    address = f"https://api.paypal.com{PATH}"
    assert heard(live, Call(call.body, face.signature(call.body, address=address))) is not None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("PAYPAL-AUTH-ALGO", "SHA1withRSA"),
        ("PAYPAL-AUTH-ALGO", "none"),
        ("PAYPAL-TRANSMISSION-SIG", "not base64!"),
        ("PAYPAL-TRANSMISSION-SIG", "团"),
        ("PAYPAL-TRANSMISSION-SIG", "abc"),
        ("PAYPAL-TRANSMISSION-ID", "a|b"),
        ("PAYPAL-TRANSMISSION-TIME", "2026-11-22T02:00:00Z|x"),
        ("PAYPAL-TRANSMISSION-TIME", "2026-13-45T02:00:00Z"),
        ("PAYPAL-TRANSMISSION-TIME", "yesterday"),
    ],
)
def test_a_header_of_another_form_is_refused(
    face: Face, gateway: PayPal, call: Call, name: str, said: str
) -> None:
    assert refused(gateway, Call(call.body, {**call.headers, name: said}))
    assert face.calls == []


def test_a_header_that_is_missing_is_named(face: Face, gateway: PayPal, call: Call) -> None:
    for name in call.headers:
        if name.startswith("PAYPAL-"):
            rest = {other: told for other, told in call.headers.items() if other != name}
            assert refused(gateway, Call(call.body, rest)) == name.lower().replace("-", "_")
    assert face.calls == []


@pytest.mark.parametrize(
    ("ago", "is_taken"),
    [
        (timedelta(days=3), True),  # PayPal repeats a call for so long
        (timedelta(days=4, seconds=1), False),
        (timedelta(minutes=-4), True),
        (timedelta(minutes=-6), False),
    ],
)
def test_old_and_future_ones_are_refused_t02(
    face: Face, gateway: PayPal, call: Call, ago: timedelta, is_taken: bool
) -> None:
    signed = Call(call.body, face.signature(call.body, at=NOW - ago))
    if is_taken:
        assert heard(gateway, signed) is not None
    else:
        assert refused(gateway, signed) == "time"


@pytest.mark.parametrize(
    ("of", "said", "why"),
    [
        ("paypal", {"name": "evil.example"}, "certificate_name"),
        ("paypal", {"name": "paypal.com.evil.example"}, "certificate_name"),
        ("paypal", {"name": "evilpaypal.com"}, "certificate_name"),
        ("paypal", {"until": NOW - timedelta(seconds=1)}, "certificate_not_valid"),
        ("paypal", {"since": NOW + timedelta(seconds=1)}, "certificate_not_valid"),
        ("curve", {}, "certificate_key"),
        ("small", {}, "certificate_key"),
    ],
)
def test_a_certificate_that_is_not_good_is_refused(
    face: Face, gateway: PayPal, call: Call, of: str, said: dict[str, str], why: str
) -> None:
    keys: dict[str, Key] = {
        "paypal": key("paypal"),
        "curve": curve_key(),
        "small": key("small", 1024),
    }
    face.certificates[NAME] = Answer(200, certificate(keys[of], **said))  # type: ignore[arg-type]
    assert refused(gateway, call) == why


def test_a_certificates_other_names_count(face: Face, gateway: PayPal, call: Call) -> None:
    names = ("x.example", "messageverificationcerts.paypal.com")
    document = certificate(key("paypal"), name="PayPal, Inc.", also=names)
    face.certificates[NAME] = Answer(200, document)
    assert heard(gateway, call) is not None


def test_of_several_certificates_the_first_one_signs(
    face: Face, gateway: PayPal, call: Call
) -> None:
    document = certificate(key("paypal")) + certificate(key("authority"), name="an.authority")
    face.certificates[NAME] = Answer(200, document)
    assert heard(gateway, call) is not None


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, b""),
        Answer(429, b""),
        Answer(200, b"<html>"),
        Answer(200, b""),
        Answer(204, b""),
    ],
)
def test_a_certificate_that_cannot_be_had_now_is_asked_for_again(
    face: Face, gateway: PayPal, call: Call, answer: Answer
) -> None:
    good = face.certificates[NAME]
    face.certificates[NAME] = answer
    with pytest.raises(ProviderUnreachable):
        heard(gateway, call)
    face.certificates[NAME] = good
    assert heard(gateway, call) is not None


@pytest.mark.parametrize("status", [404, 403, 302])
def test_a_certificate_that_is_not_there_was_made_up(
    face: Face, gateway: PayPal, call: Call, status: int
) -> None:
    face.certificates[NAME] = Answer(status, b"")
    assert refused(gateway, call) == "certificate_unknown"


def test_a_forger_makes_us_call_paypal_only_so_often_t03(
    face: Face, gateway: PayPal, call: Call, clock: TurnableClock
) -> None:
    for number in range(40):
        address = f"{HOST}/v1/notifications/certs/CERT-{number}"
        with pytest.raises((BadNotice, ProviderUnreachable)):
            heard(gateway, Call(call.body, face.signature(call.body, address=address)))
    assert len(face.calls) == 20
    with pytest.raises(ProviderUnreachable):
        heard(gateway, call)
    clock.advance(timedelta(minutes=1))
    assert heard(gateway, call) is not None


# — what they tell —


def test_a_capture_and_a_hold_name_their_payment(face: Face, gateway: PayPal, call: Call) -> None:
    do(gateway.query(created(gateway)))
    event = heard(gateway, face.capture_call(face.order(KEY)))
    assert event is not None
    assert (event.our_ref, event.claimed) == (KEY, TEN)
    told = {"id": "2DC87612EK520411B", "custom_id": KEY, "amount": _usd("10.00")}
    held = face.call("PAYMENT.AUTHORIZATION.VOIDED", "authorization", told)
    event = heard(gateway, held)
    assert event is not None
    assert (event.our_ref, event.claimed) == (KEY, TEN)


@pytest.mark.parametrize(
    "name", ["PAYMENT.CAPTURE.REFUNDED", "PAYMENT.REFUND.FAILED", "PAYMENT.REFUND.PENDING"]
)
def test_a_refund_names_itself(face: Face, gateway: PayPal, name: str) -> None:
    ref = created(gateway)
    face.approves(KEY)
    do(gateway.query(ref))
    do(gateway.refund(give_back(ref, 400)))
    shown = face.order(KEY).refunds[0].shown()
    event = heard(gateway, face.call(name, "refund", shown))
    assert event is not None
    assert (event.our_ref, event.claimed) == (REFUND_KEY, Money(400, "USD"))


def test_what_a_dispute_took_claims_no_sum(face: Face, gateway: PayPal) -> None:
    told = {"id": "0R", "invoice_id": KEY, "amount": _usd("-4.00")}
    event = heard(gateway, face.call("PAYMENT.CAPTURE.REVERSED", "refund", told))
    assert event is not None
    assert (event.our_ref, event.claimed) == (KEY, None)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("BILLING.SUBSCRIPTION.CREATED", {"id": "I-1"}),
        ("CUSTOMER.DISPUTE.CREATED", {"dispute_id": "PP-D-1"}),
        ("PAYMENT.CAPTURE.COMPLETED", {"id": "of another program of the shop's"}),
        ("PAYMENT.CAPTURE.COMPLETED", {"id": "1", "custom_id": "", "invoice_id": None}),
    ],
)
def test_what_is_not_about_a_payment_of_ours_is_nothing(
    face: Face, gateway: PayPal, name: str, told: dict[str, str]
) -> None:
    assert heard(gateway, face.call(name, "x", told)) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"id": "WH-1"}',
        b'{"id": "", "event_type": "X", "resource": {}}',
        b'{"id": 1, "event_type": "X", "resource": {}}',
        b'{"id": "1", "event_type": "CHECKOUT.ORDER.APPROVED", "resource": {}}',
        b'{"id": "1", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": {"amount": 1}}',
        b'{"a":' * 5000,
        b"\xff\xfe",
    ],
)
def test_what_is_signed_but_makes_no_sense_is_refused(
    face: Face, gateway: PayPal, body: bytes
) -> None:
    assert refused(gateway, Call(body, face.signature(body))) == "form"


def _usd(value: str) -> dict[str, str]:
    return {"currency_code": "USD", "value": value}
