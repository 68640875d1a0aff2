"""The client that others wrote (wechatpayv3) against our SIMULATED platform: it signs, the platform
believes it; it verifies what the platform answers and tells. So the platform speaks as they expect.

It asks the real clock for its signatures, and has no window for a notice's time.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from wechatpayv3 import WeChatPayType

from data.kernel.clock import SystemClock
from tests.peers.money.wechat_pay_face import Face
from tests.peers.money.wechat_pay_keys import (
    MERCHANT_SERIAL,
    certificate_pem,
    certificate_serial,
    key,
    private_pem,
)
from tests.peers.money.wechat_pay_running import running_face
from tests.peers.money.wechat_pay_shop import KEY, REFUND_KEY, a_gateway, do, their_client
from tests.peers.money.wechat_pay_shop import WANTED as OURS

AMOUNT = {"total": 1000, "currency": "CNY"}


@pytest.fixture
def face() -> Iterator[Face]:
    with running_face(SystemClock()) as face:
        yield face


def test_their_client_pays_three_ways(face: Face) -> None:
    client = their_client(face)
    told = {
        WeChatPayType.NATIVE: {},
        WeChatPayType.H5: {
            "scene_info": {"payer_client_ip": "192.0.2.7", "h5_info": {"type": "Wap"}}
        },
        WeChatPayType.JSAPI: {"payer": {"openid": "o_lan"}},
    }
    links = {}
    for number, (kind, more) in enumerate(told.items()):
        code, text = client.pay("团子 R7", f"order_{number}", AMOUNT, pay_type=kind, **more)
        assert code == 200, text
        links |= json.loads(text)
    assert set(links) == {"code_url", "h5_url", "prepay_id"}


def test_their_client_follows_a_payment_to_its_refund(face: Face) -> None:
    client = their_client(face)
    client.pay("R7", KEY, AMOUNT)
    assert json.loads(client.query(out_trade_no=KEY)[1])["trade_state"] == "NOTPAY"
    order = face.pays(KEY)
    assert json.loads(client.query(out_trade_no=KEY)[1])["transaction_id"] == order.transaction_id
    code, text = client.refund(
        REFUND_KEY, {"refund": 400, **AMOUNT}, out_trade_no=KEY, reason="退款"
    )
    assert (code, json.loads(text)["status"]) == (200, "PROCESSING")
    face.ends(REFUND_KEY, "SUCCESS")
    assert json.loads(client.query_refund(REFUND_KEY)[1])["status"] == "SUCCESS"
    assert client.query_refund("c" * 32)[0] == 404
    assert client.close(KEY)[0] == 400


def test_their_client_closes(face: Face) -> None:
    client = their_client(face)
    client.pay("R7", KEY, AMOUNT)
    assert client.close(KEY)[0] == 204
    assert client.close("never_ordered")[0] == 204
    assert face.orders[KEY].state == "CLOSED"


def test_their_client_believes_no_other_signature(face: Face) -> None:
    client = their_client(face)
    client.pay("R7", KEY, AMOUNT)
    face.faults += ["wrong"]
    with pytest.raises(Exception, match="failed to verify the signature"):
        client.query(out_trade_no=KEY)


def test_the_platform_believes_no_other_key_and_no_other_serial(face: Face) -> None:
    for changed in (
        {"private_key": private_pem("stranger")},
        {"cert_serial_no": MERCHANT_SERIAL[::-1]},
        {"mchid": "1900000110"},
    ):
        assert their_client(face, **changed).query(out_trade_no=KEY)[0] == 401


def test_their_client_opens_the_platforms_notices(face: Face) -> None:
    client = their_client(face)
    client.pay("R7", KEY, AMOUNT)
    face.pays(KEY)
    call = face.paid_notice(KEY)
    told = client.callback(call.headers, call.body)
    assert told["resource"]["out_trade_no"] == KEY
    client.refund(REFUND_KEY, {"refund": 1000, **AMOUNT}, out_trade_no=KEY)
    face.ends(REFUND_KEY, "SUCCESS")
    call = face.refund_notice(REFUND_KEY)
    assert client.callback(call.headers, call.body)["resource"]["refund_status"] == "SUCCESS"
    call = face.notice("TRANSACTION.SUCCESS", {}, api_key=bytes(32))
    assert not client.callback(call.headers, call.body)


def test_both_clients_see_the_same_payment(face: Face) -> None:
    do(a_gateway(face).create_payment(OURS))
    told = json.loads(their_client(face).query(out_trade_no=KEY)[1])
    assert (told["out_trade_no"], told["trade_state"]) == (KEY, "NOTPAY")


def test_their_client_verifies_a_certificates_signature(face: Face, tmp_path: Path) -> None:
    pem = certificate_pem("certified", now=face.clock.now())
    (tmp_path / "one.pem").write_text(pem)
    face.serial, face.signs_with = certificate_serial(), key("certified")
    client = their_client(face, public_key=None, public_key_id=None, cert_dir=str(tmp_path))
    assert client.pay("R7", KEY, AMOUNT)[0] == 200


def test_their_client_has_no_window_for_a_notice(face: Face) -> None:
    """Ours has one: test_wechat_pay_notices.py."""
    old = face.clock.now() - timedelta(days=900)
    call = face.notice("TRANSACTION.SUCCESS", {"a": 1}, at=old)
    assert their_client(face).callback(call.headers, call.body)["resource"] == {"a": 1}
