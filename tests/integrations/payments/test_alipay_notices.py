"""What Alipay tells by itself: believed by its signature, and then only as a reason to ask."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from data.kernel.clock import TurnableClock
from data.kernel.money import Money
from data.payments.gateway import BadNotice, ProviderEvent
from integrations.payments.alipay import Alipay
from integrations.payments.alipay_seal import read_form
from tests.integrations.payments.alipay_shop import SUM, WANTED, an_alipay, do
from tests.peers.money.alipay_face import Face
from tests.peers.money.alipay_keys import APP_ID, SELLER_ID, keys

KEY = WANTED.key


@pytest.fixture
def face(alipay_stand_in: Face) -> Face:
    alipay = an_alipay(alipay_stand_in)
    alipay_stand_in.open_page(do(alipay.create_payment(WANTED)).pay_with)
    alipay_stand_in.log_in(KEY)
    return alipay_stand_in


@pytest.fixture
def alipay(face: Face) -> Alipay:
    return an_alipay(face)


def test_each_state_of_a_trade_is_told_as_one_event(face: Face, alipay: Alipay) -> None:
    told = [_hear(alipay, face.notice(KEY))]
    face.pay(KEY)
    told.append(_hear(alipay, face.notice(KEY)))
    told.append(_hear(alipay, face.notice(KEY, trade_status="TRADE_FINISHED")))
    assert len({event.event_id for event in told}) == 3
    assert {(event.our_ref, event.claimed) for event in told} == {(KEY, SUM)}


def test_a_trade_that_closed_unpaid_is_no_refund(face: Face, alipay: Alipay) -> None:
    """Its notice has a `refund_fee` as well: 0.00."""
    raw = face.notice(KEY, trade_status="TRADE_CLOSED")
    assert read_form(raw)["refund_fee"] == "0.00"
    assert _hear(alipay, raw).our_ref == KEY


def test_a_notice_of_a_refund_leads_to_the_refund(face: Face, alipay: Alipay) -> None:
    """Its own sum is not told, only what was given back by then in all."""
    face.pay(KEY)
    face.give_back(KEY, "f" * 32, "33.00")
    event = _hear(alipay, face.notice(KEY, of_refund="f" * 32))
    assert (event.our_ref, event.claimed) == ("f" * 32, None)


def test_what_is_kept_is_what_came(face: Face, alipay: Alipay) -> None:
    raw = face.notice(KEY, subject="团子 & 茶 = 好 + 100% 🎁", passback_params="a%3Db")
    event = do(alipay.verify_webhook(raw, {"Cookie": "private", "Host": "x"}))
    assert (event.raw, event.headers) == (raw, {})
    again = do(alipay.verify_webhook(event.raw, event.headers))
    assert again == event, "it can be verified again from what was kept"


def test_t01_a_notice_counts_only_with_alipays_signature(face: Face, alipay: Alipay) -> None:
    raw = face.notice(KEY)
    told = read_form(raw)
    unsealed = {name: told[name] for name in told if name not in ("sign", "sign_type")}
    forger = replace(face, own=keys("forger"))
    ourselves = replace(face, own=keys("shop"))
    bad = {
        "changed": raw.replace(b"99.00", b"0.01"),
        "more": raw + b"&x=y",
        "empty": raw + b"&x=",
        "twice": raw + b"&trade_status=TRADE_SUCCESS",
        "sign twice": raw + b"&sign=x",
        "unsigned": raw.split(b"&sign=")[0],
        "sha1": raw.replace(b"sign_type=RSA2", b"sign_type=RSA"),
        "typeless": raw.replace(b"&sign_type=RSA2", b""),
        "forged": forger.signed_form(unsealed),
        "by our own key": ourselves.signed_form(unsealed),
        "nothing": b"",
        "json": b'{"app_id":"1"}',
        "bytes": b"\xff\xfe",
    }
    for case, one in bad.items():
        with pytest.raises(BadNotice):
            do(alipay.verify_webhook(one, {}))
        assert one != raw, case


@pytest.mark.parametrize(
    "other",
    [
        {"app_id": "2021000118639999"},
        {"app_id": ""},
        {"seller_id": "2088999999999999"},
        {"seller_id": SELLER_ID + "0"},
    ],
)
def test_another_app_or_seller_is_not_ours(
    face: Face, alipay: Alipay, other: Mapping[str, str]
) -> None:
    with pytest.raises(BadNotice, match="not_ours"):
        do(alipay.verify_webhook(face.notice(KEY, **other), {}))


@pytest.mark.parametrize(
    "other", [{"total_amount": "x"}, {"total_amount": "1.234"}, {"notify_id": ""}]
)
def test_a_signed_notice_without_sense_is_refused(
    face: Face, alipay: Alipay, other: Mapping[str, str]
) -> None:
    with pytest.raises(BadNotice, match="form"):
        do(alipay.verify_webhook(face.notice(KEY, **other), {}))


def test_what_says_nothing_of_a_payment_is_thanked_for(face: Face, alipay: Alipay) -> None:
    raw = face.signed_form(
        {"app_id": APP_ID, "seller_id": SELLER_ID, "notify_type": "open_app_auth_notify"}
    )
    assert do(alipay.verify_webhook(raw, {})) is None


def test_there_is_no_time_in_which_a_notice_counts(face: Face, alipay: Alipay) -> None:
    """Alipay repeats one for 25 hours as it was: the same event, however late it comes."""
    raw = face.notice(KEY)
    first = _hear(alipay, raw)
    assert isinstance(face.clock, TurnableClock)
    face.clock.advance(timedelta(days=30))
    assert _hear(alipay, raw) == first
    assert first.claimed == Money(9900, "CNY")


def _hear(alipay: Alipay, raw: bytes) -> ProviderEvent:
    event = do(alipay.verify_webhook(raw, {}))
    assert isinstance(event, ProviderEvent)
    return event
