"""Notices of WeChat Pay's SIMULATED platform: what is believed to be theirs, and what is read."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.kernel.clock import TurnableClock
from data.kernel.money import Money
from data.payments.gateway import BadNotice, ProviderEvent
from integrations.payments.wechat_pay import WeChatPay
from tests.builders import NOW
from tests.peers.money.wechat_pay_face import Call, Face
from tests.peers.money.wechat_pay_keys import (
    OLD_API_KEY,
    certificate_pem,
    certificate_serial,
    key,
)
from tests.peers.money.wechat_pay_running import running_face
from tests.peers.money.wechat_pay_shop import (
    GIVE_BACK,
    KEY,
    REFUND_KEY,
    TEN,
    WANTED,
    a_gateway,
    credentials,
    do,
)


@pytest.fixture
def face() -> Iterator[Face]:
    with running_face(TurnableClock(NOW)) as face:
        yield face


@pytest.fixture
def ours(face: Face) -> WeChatPay:
    """With a payment that somebody has paid."""
    gateway = a_gateway(face)
    do(gateway.create_payment(WANTED))
    face.pays(KEY)
    return gateway


def read(gateway: WeChatPay, call: Call, **headers: str) -> ProviderEvent | None:
    """Through a server that writes names in small letters and adds its own headers."""
    lowered = {name.lower(): value for name, value in call.headers.items()}
    return do(gateway.verify_webhook(call.body, {"host": "x", "cookie": "c", **lowered, **headers}))


def refused(gateway: WeChatPay, call: Call, why: str, **headers: str) -> None:
    with pytest.raises(BadNotice, match=why):
        read(gateway, call, **headers)


def test_a_payment_is_told(face: Face, ours: WeChatPay) -> None:
    call = face.paid_notice(KEY)
    event = read(ours, call)
    assert event is not None
    assert (event.our_ref, event.claimed, event.raw) == (KEY, TEN, call.body)
    assert event.event_id == json.loads(call.body)["id"]
    assert set(event.headers) == {
        f"wechatpay-{name}"
        for name in ("timestamp", "nonce", "signature", "serial", "signature-type")
    }


@pytest.mark.parametrize("end", ["SUCCESS", "ABNORMAL", "CLOSED"])
def test_the_end_of_a_refund_is_told(face: Face, ours: WeChatPay, end: str) -> None:
    part = Money(400, "CNY")
    do(ours.refund(replace(GIVE_BACK, amount=part)))
    face.ends(REFUND_KEY, end)
    event = read(ours, face.refund_notice(REFUND_KEY))
    assert event is not None
    assert (event.our_ref, event.claimed) == (REFUND_KEY, part)


@pytest.mark.parametrize("event", ["PAYSCORE.USER_PAID", "MCHTRANSFER.BILL.FINISHED", "COUPON.USE"])
def test_what_tells_of_something_else_says_nothing(face: Face, ours: WeChatPay, event: str) -> None:
    assert read(ours, face.notice(event, {})) is None


def test_t01_a_forged_or_changed_notice_is_refused(face: Face, ours: WeChatPay) -> None:
    call = face.paid_notice(KEY)
    by_a_stranger = face.signature(call.body, key=key("stranger"))
    refused(ours, replace(call, headers=by_a_stranger), "signature_wrong")
    refused(ours, replace(call, body=call.body + b" "), "signature_wrong")
    refused(ours, replace(call, body=call.body[:-1]), "signature_wrong")
    refused(ours, replace(call, body=b"\xff\xfe"), "signature_wrong")
    refused(ours, call, "signature_wrong", **{"wechatpay-nonce": "another"})
    refused(ours, call, "signature_wrong", **{"wechatpay-signature": "团"})
    refused(ours, call, "serial_unknown", **{"wechatpay-serial": "5157F09EFDC096DE"})


@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature", "serial"])
def test_t01_each_of_the_four_headers_is_wanted(face: Face, ours: WeChatPay, name: str) -> None:
    refused(ours, face.paid_notice(KEY), "signature_missing", **{f"wechatpay-{name}": ""})


@pytest.mark.parametrize("stamp", ["now", "-1", "1e9", "９９９", "9" * 13, "1 "])
def test_t01_a_stamp_is_a_number(face: Face, ours: WeChatPay, stamp: str) -> None:
    refused(ours, face.paid_notice(KEY), "signature_old", **{"wechatpay-timestamp": stamp})


@pytest.mark.parametrize("minutes", [-5, 5])
def test_t02_an_old_or_future_notice_is_refused(face: Face, ours: WeChatPay, minutes: int) -> None:
    then = NOW + timedelta(minutes=minutes)
    told = {"out_trade_no": KEY}
    refused(ours, face.notice("TRANSACTION.SUCCESS", told, at=then), "signature_old")
    inside = then - timedelta(seconds=1 if minutes > 0 else -1)
    refused(ours, face.notice("TRANSACTION.SUCCESS", told, at=inside), "form")


def test_their_own_probe_is_refused(face: Face, ours: WeChatPay) -> None:
    probe = {"wechatpay-signature": "WECHATPAY/SIGNTEST/Zm9yZ2Vk"}
    refused(ours, face.paid_notice(KEY), "signature_probe", **probe)


@pytest.mark.parametrize("changed", [{"mchid": "1900000110"}, {"appid": "wx1111111111111111"}])
def test_another_merchants_payment_is_refused(
    face: Face, ours: WeChatPay, changed: dict[str, str]
) -> None:
    refused(ours, face.paid_notice(KEY, **changed), "merchant")


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": {"total": "1000", "currency": "CNY"}},
        {"amount": {"total": 10.0, "currency": "CNY"}},
        {"amount": {"total": None}},
        {"amount": {"total": 2**63}},
        {"amount": {"total": 1000, "currency": "yuan"}},
        {"amount": []},
        {"out_trade_no": 7},
        {"mchid": None},
    ],
)
def test_a_signed_notice_without_sense_is_refused(
    face: Face, ours: WeChatPay, changed: dict[str, Any]
) -> None:
    refused(ours, face.paid_notice(KEY, **changed), "form")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b'{"id":1,"event_type":"x"}'])
def test_a_signed_body_that_is_no_notice_is_refused(
    face: Face, ours: WeChatPay, body: bytes
) -> None:
    refused(ours, Call(body, face.signature(body)), "form")


@pytest.mark.parametrize(
    "changed",
    [
        {"algorithm": "AEAD_SM4_GCM"},
        {"ciphertext": "no base64"},
        {"ciphertext": "QUJDRA=="},
        {"nonce": "short"},
        {"associated_data": "another"},
    ],
)
def test_what_cannot_be_opened_is_refused(
    face: Face, ours: WeChatPay, changed: dict[str, str]
) -> None:
    document = json.loads(face.paid_notice(KEY).body)
    document["resource"] |= changed
    body = json.dumps(document).encode()
    refused(ours, Call(body, face.signature(body)), "form")


def test_the_key_before_opens_what_was_sealed_with_it(face: Face, ours: WeChatPay) -> None:
    paid = json.loads(json.dumps(face._trade(KEY, face.orders[KEY])))
    late = face.notice("TRANSACTION.SUCCESS", paid, api_key=OLD_API_KEY)
    refused(ours, late, "form")
    rotated = replace(credentials(), before={"api_v3_key": OLD_API_KEY.decode()})
    for call in (late, face.paid_notice(KEY)):
        event = read(a_gateway(face, rotated), call)
        assert event is not None
        assert event.our_ref == KEY


def test_a_notice_may_be_signed_with_a_certificate(face: Face, ours: WeChatPay) -> None:
    face.serial, face.signs_with = certificate_serial(), key("certified")
    refused(ours, face.paid_notice(KEY), "serial_unknown")
    pem = certificate_pem("certified", now=NOW)
    moved = a_gateway(face, credentials(platform_certificate=pem))
    assert read(moved, face.paid_notice(KEY)) is not None


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
_NAMES = ("id", "event_type", "resource", "algorithm", "ciphertext", "nonce", "associated_data")
_TOLD = ("out_trade_no", "out_refund_no", "mchid", "appid", "trade_state", "amount", "total")


@pytest.fixture(scope="module")
def told_much() -> tuple[Face, WeChatPay]:
    """Nothing is ordered there, and nobody is called."""
    face = Face(clock=TurnableClock(NOW))
    return face, a_gateway(face)


@given(document=st.dictionaries(st.sampled_from(_NAMES), _JSON), junk=st.binary(max_size=80))
def test_whatever_is_signed_is_read_or_refused(
    told_much: tuple[Face, WeChatPay], document: dict[str, Any], junk: bytes
) -> None:
    face, ours = told_much
    for body in (json.dumps({"event_type": "REFUND.CLOSED", **document}).encode(), junk):
        headers = face.signature(body.decode("utf-8", "replace").encode())
        with suppress(BadNotice):
            assert read(ours, Call(body, headers)) is None


@given(told=st.dictionaries(st.sampled_from(_TOLD), _JSON))
def test_whatever_is_sealed_is_read_or_refused(
    told_much: tuple[Face, WeChatPay], told: dict[str, Any]
) -> None:
    face, ours = told_much
    with suppress(BadNotice):
        assert read(ours, face.notice("TRANSACTION.SUCCESS", told)) is None


def test_what_is_nested_too_deep_is_refused(face: Face, ours: WeChatPay) -> None:
    nested = {"amount": json.loads("[" * 900 + "]" * 900)}
    refused(ours, face.notice("REFUND.SUCCESS", nested), "form")
