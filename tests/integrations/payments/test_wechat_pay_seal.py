"""Our signatures and seals against vectors and a client that others made.

Vectors, both under the Apache License 2.0:
- wechatpay-go, core/notify/notify_test.go, TestHandler_ParseNotifyRequest: certificate, headers,
  body and key. That key has 16 bytes, so a test of a seal; an account's has 32.
- wechatpay-java, core/src/test/java/com/wechat/pay/java/core/cipher/AeadAesCipherTest.java, with
  the key of core/model/TestConfig.java.
"""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from wechatpayv3.utils import aes_decrypt, build_authorization, rsa_sign, rsa_verify

from data.kernel.clock import TurnableClock
from integrations.payments.kinds import Bridging
from integrations.payments.wechat_pay_seal import (
    BadSignature,
    Signer,
    certificates,
    is_signed,
    unseal,
    verify,
)
from tests.builders import NOW
from tests.peers.money.wechat_pay_face import APPID, MCHID, Face
from tests.peers.money.wechat_pay_keys import (
    API_KEY,
    MERCHANT_SERIAL,
    key,
    private_pem,
    sealed,
)
from tests.peers.money.wechat_pay_shop import a_gateway

GO_KEY = b"testMchAPIv3Key0"
GO_NOW = datetime.fromtimestamp(1624523846, UTC)
GO_CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIDVzCCAj+gAwIBAgIJANfOWdH1ItcBMA0GCSqGSIb3DQEBCwUAMEIxCzAJBgNV
BAYTAlhYMRUwEwYDVQQHDAxEZWZhdWx0IENpdHkxHDAaBgNVBAoME0RlZmF1bHQg
Q29tcGFueSBMdGQwHhcNMjEwNDI3MDg1NTIzWhcNMzEwNDI1MDg1NTIzWjBCMQsw
CQYDVQQGEwJYWDEVMBMGA1UEBwwMRGVmYXVsdCBDaXR5MRwwGgYDVQQKDBNEZWZh
dWx0IENvbXBhbnkgTHRkMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA
2VCTd91fnUn73Xy9DLvt/V62TVxRTEEstVdeRaZ3B3leO0pldE806mXO4RwdHXag
HQ4vGeZN0yqm++rDsGK+U3AH7kejyD2pXshNP9Cq5YwbptiLGtjcquw4HNxJQUOm
DeJf2vg6byms9RUipiq4SzbJKqJFlUpbuIPDpSpWz10PYmyCNeDGUUK65E5h2B83
4uxl1zNLYQCrkdBzb8oUxwYeP5a2DNxmjL5lsJML7DGr5znsevnoqGRwTm9fxCGf
y8wus7hwKz6clt3Whmmda7UAdb1c08hEQFVRbF14AR73xbnd8N0obCWJPCbzMCtk
aSef4FdEEgEXJiw0VAJT8wIDAQABo1AwTjAdBgNVHQ4EFgQUT1c7nd/SUO76HSoZ
umNUJv1R5PwwHwYDVR0jBBgwFoAUT1c7nd/SUO76HSoZumNUJv1R5PwwDAYDVR0T
BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAfTjxKRQMzNB/U6ZoCUS+BSNfa2Oh
0plMN6ZuzwiVVZwg1jywvv5yv04koS7Pd4i9E4gt9ZBUQXlpq+A3oOCEEHNRR6b2
kyazGRM7s0OP5X21WrbpSmKmU6K7hkfx30yYs08LVs/Q8DIhvaj1FCFeJzUCzYn/
fHMq4tsbKO0dKAeydPM/nrUZBmaYQVKMVOORGLFjFKVO7JV6Kq/R86ouhjEPgJOe
2xulNBUcjicqtZlBdEh/PWCYP2SpGVDclKm8jeo175T3EVAkdKzzmfpxtMmnMlmq
cTJOU9TxuGvNASMtjj7pYIerTx+xgZDXEVBWFW9PjJ0TV06tCRsgSHItgg==
-----END CERTIFICATE-----"""
GO_HEADERS = {
    "Wechatpay-Nonce": "EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz",
    "Wechatpay-Timestamp": "1624523846",
    "Wechatpay-Serial": "D7CE59D1F522D701",
    "Wechatpay-Signature": (
        "tJHIiIS9eB2hAYstmAmbbD3ZE5LiIm/Ug5tuL4fC0YOFRWIHV39UFIZXC0e9Wl6lBu6sKvkqDkzpqzBsVHyXF"
        "lbYZTOQrVdG4b6LfTnK4mikv9++ixJMd3vTf2yCqvBkh98zs3Ds5zsYQakzbcwhmw4fMJs4nPLws28H0UW9FjDR"
        "//rxELLwXvV1VEA1IBLX70xptjL8hrfUjEE8kkry6yNJTHZRU8CAc7qHli2Ng1V1qb9ARbK8A3ThmFmPQvRGrap"
        "I/jS2laKKgYUmfdEdkNO6B2Cke5e8VTxY406ArAmQ90GAihDwIcb16TQMnzCMBoutnwZKNiKRACrFmtxw2Q=="
    ),
}
GO_SEALED = (
    "YDS3lKPaC4Y52Gf3uhft5qUBlIa8b428AWTtTauHQfQrRw+X1WpiuHIDy0vo1Vd6VEq67aVyqPdDYMkRVSDaZL3iZt"
    "tevRMOoPKMifozg6XPWjIZumks/GpT48lI4NizyeaqLBokNebthah3o1H76qSlO9NkDjp9bzmKLEYYH9TEklFUpsvPq"
    "OTOcgSLgh21YJXYR7dEBXFgRLiNIKRgO5JdXh1hccRUAlyVWxE54PXpnQ=="
)
GO_BODY = (
    '{"id":"3119dfba-e649-5eec-ab1e-3412bc4d2e17","create_time":"2021-06-24T16:37:26+08:00",'
    '"resource_type":"encrypt-resource","event_type":"PAYSCORE.USER_OPEN_SERVICE",'
    '"summary":"签约成功","resource":{"original_type":"payscore",'
    '"algorithm":"AEAD_AES_256_GCM","ciphertext":"' + GO_SEALED + '",'
    '"associated_data":"payscore","nonce":"Kj7QIyUiYx1q"}}'
).encode()
JAVA_KEY = b"a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb"


def test_the_vector_of_wechatpay_go_verifies_at_its_own_time() -> None:
    keys = {one.serial: one for one in certificates(GO_CERTIFICATE)}
    kept = verify(GO_HEADERS, GO_BODY, keys, now=GO_NOW)
    assert kept == {name.lower(): value for name, value in GO_HEADERS.items()}
    for body in (GO_BODY + b" ", GO_BODY.replace(b"payscore", b"Payscore"), b""):
        with pytest.raises(BadSignature, match="signature_wrong"):
            verify(GO_HEADERS, body, keys, now=GO_NOW)
    for now in (GO_NOW + timedelta(minutes=5), GO_NOW - timedelta(minutes=5)):
        with pytest.raises(BadSignature, match="signature_old"):
            verify(GO_HEADERS, GO_BODY, keys, now=now)


def test_the_vector_of_wechatpay_go_opens() -> None:
    told = json.loads(unseal(GO_SEALED, "Kj7QIyUiYx1q", "payscore", [GO_KEY]))
    assert told == {
        "mchid": "1234567890",
        "appid": "054aa7d7a2a54ab5898df65bd96f001c",
        "create_time": "2020-06-30T12:12:00+08:00",
        "out_contract_code": "21640bdbd08e473e828f3206a2741c6e",
    }


def test_the_vector_of_wechatpay_java_opens() -> None:
    given = ("ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=", "uluk4a9R25RW")
    assert unseal(*given, "associatedData", [JAVA_KEY]) == b"message"
    nothing = base64.b64encode(bytes(128)).decode()
    for sealed_text, nonce, about in (
        (*given, "bad-associatedData"),
        (given[0], "bad-4a9R25RW", "associatedData"),
        (nothing, given[1], "associatedData"),
    ):
        with pytest.raises(ValueError, match="sealed"):
            unseal(sealed_text, nonce, about, [JAVA_KEY])


def test_both_clients_sign_alike() -> None:
    signer = Signer(MCHID, MERCHANT_SERIAL, key("merchant"))
    told = "团子 & = \n"
    assert signer.sign("POST", told) == rsa_sign(key("merchant"), f"POST\n{told}\n")


def test_what_we_sign_they_verify_and_the_other_way_round() -> None:
    signer, public = Signer(MCHID, MERCHANT_SERIAL, key("merchant")), key("merchant").public_key()
    signed = signer.sign("1790000000", "n", "{}")
    assert rsa_verify("1790000000", "n", "{}", signed, public)
    assert not rsa_verify("1790000000", "n", "{ }", signed, public)
    theirs = rsa_sign(key("merchant"), "1790000000\nn\n{}\n")
    assert is_signed(public, theirs, "1790000000", "n", b"{}")
    assert not is_signed(public, theirs, "1790000000", "n", b"{ }")


def test_both_clients_write_the_same_header() -> None:
    ours = Signer(MCHID, MERCHANT_SERIAL, key("merchant")).authorization(
        "GET", "/v3/certificates", b"", now=NOW
    )
    theirs = build_authorization("/v3/certificates", "GET", MCHID, MERCHANT_SERIAL, key("merchant"))
    assert _names(ours) == _names(theirs)


def test_both_clients_open_the_same_seal() -> None:
    told = sealed("团子", "transaction")
    given = told["ciphertext"], told["nonce"], told["associated_data"]
    assert unseal(*given, [bytes(32), API_KEY]).decode() == "团子"
    assert aes_decrypt(given[1], given[0], given[2], API_KEY.decode()) == "团子"


def test_the_bridge_gets_what_wechat_can_verify() -> None:
    ours = a_gateway(Face(clock=TurnableClock(NOW)))
    told = ours.bridge("wx201410272009395522657", now=NOW)
    assert isinstance(ours, Bridging)
    assert set(told) == {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}
    assert told["package"] == "prepay_id=wx201410272009395522657"
    assert (told["appId"], told["signType"]) == (APPID, "RSA")
    assert told["timeStamp"] == str(int(NOW.timestamp()))
    lines = f"{told['appId']}\n{told['timeStamp']}", told["nonceStr"], told["package"]
    assert rsa_verify(*lines, told["paySign"], key("merchant").public_key())
    assert ours.bridge("wx1", now=NOW)["nonceStr"] != told["nonceStr"]


def test_a_private_key_is_shown_nowhere() -> None:
    signer = Signer(MCHID, MERCHANT_SERIAL, key("merchant"))
    assert "key" not in repr(signer).lower()
    assert private_pem("merchant").splitlines()[1] not in repr(signer)


def _names(header: str) -> list[str]:
    scheme, _, rest = header.partition(" ")
    return [scheme, *(part.partition("=")[0] for part in rest.split(","))]
