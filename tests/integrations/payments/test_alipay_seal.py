"""RSA2 over Alipay's two wire forms: ours against another's library, both ways, and a vector."""

import json
import textwrap
from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

import pytest
from alipay import AliPay
from alipay.exceptions import AliPayException, AliPayValidationError
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integrations.payments.alipay_seal import (
    Seal,
    private_key,
    public_key,
    read_answer,
    read_form,
    signed_text,
)
from tests.integrations.payments.alipay_shop import WANTED, an_alipay, at, do, parameters
from tests.peers.money.alipay_face import Face
from tests.peers.money.alipay_keys import an_sdk, keys, pem

# By Alipay's own key tool, over `a=b`: github.com/pedia/spear (MIT), alipay_test.go, TestVerify.
TOOLS_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAhB51wTHA1fBPCekyH/3Pr6zBSFiLg3gsl3Y6knCeTsbe"
    "v0XLGQb4xsLBftHeVy8e2ZN9dgfvbbkE7T3oOdvUmt2rszIB/V/9ND4rMYJfOkTA9rAK8Z+rb6WkBdXwssIK8uiO"
    "vWjWnp7pUWIbvJcxuyiqmqUw3mYARw6rNjJrOxInUgkooH2ZZYNXR6g88k9XpUP2TQcktaEY2RLdZ/4ROtKY7GUN"
    "z4U8qLX92lt1gA3SwH+6myOSt11GqqIkS+tg2/TVP0eQ/ma6kO4YllsqUh7yfSoxwzq+GhzsYo9luXtlgJOeaEnU"
    "SlxK041YnKZzptu/dA47W9RDBciNUU9J3QIDAQAB"
)
TOOLS_SIGNATURE = (
    "Uci+76ETZM5scXcAFtULpocPOnuxLPbVfq8g6nirYkbthLGD/yichOAyF6j0l3TBHudJcEhuydsM978F9HneekZt"
    "/YmUALRPxDX7q0aR8SDZcT4dcD4TpHBSmn7qLFrbVGgsIRwa782JNqAyzzoRup1mAcvp0vEk9t7cudoMmt8LFkah"
    "pVoxq4PKVpYuB7wJzqTAtVjWQapb016ncQfihqmwOtHOIjrUNY9xaoNmBsKVKM9zKpHFLxjpMv2I/jXIQzSCDaf3"
    "+fF4jXB96c6HrQ7fbU3m6vEvmEWrHqGzph6ZORRtUAXzGQ2+ze972WqHAeiXRHfVtcPWaKzh0QRcGw=="
)
SEAL = Seal(private_key(keys("shop").private), public_key(keys("alipay").public))
ALIPAYS = an_sdk(private=keys("alipay").private, public=keys("shop").public)
SHOPS = an_sdk(private=keys("shop").private, public=keys("alipay").public)
METHOD = "alipay.trade.query"
HARD = ["团子礼物铺", "a&b=c", "1+1 = 2", "100%25", "🎁🍵", 'quotes " and \\ and { }', "=&=", ""]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def test_the_tools_signature_is_read() -> None:
    seal = Seal(SEAL.ours, public_key(TOOLS_KEY))
    assert seal.holds("a=b", TOOLS_SIGNATURE)
    assert not seal.holds("a=c", TOOLS_SIGNATURE)
    for odd in ("", "a", "团", TOOLS_SIGNATURE[:-4], TOOLS_SIGNATURE + "\n"):
        assert not seal.holds("a=b", odd)


@settings(max_examples=20)
@given(st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), TEXTS, max_size=6))
def test_what_we_sign_the_library_verifies(told: dict[str, str]) -> None:
    told = {**told, "subject": "团子 & 茶 = 好 + 100% 🎁"}
    told.pop("sign", None)
    text = signed_text(told)
    assert ALIPAYS._verify(text, SEAL.sign(text))
    assert SHOPS._sign(text) == SEAL.sign(text), "one key and one text have one signature"


@given(st.dictionaries(st.sampled_from(["subject", "body", "passback_params", "x"]), TEXTS))
@example(dict(zip("abcdefgh", HARD, strict=True)))
def test_what_the_library_signs_we_verify(told: dict[str, str]) -> None:
    sign = parameters(f"?{ALIPAYS.sign_data(dict(told))}")["sign"]
    assert SEAL.holds(signed_text(told), sign)
    read = read_form(urlencode({**told, "sign": sign, "sign_type": "RSA2"}).encode())
    assert SEAL.holds(signed_text(read, without=("sign", "sign_type")), read["sign"])


def test_our_notices_reader_and_the_library_agree(alipay_stand_in: Face) -> None:
    face = alipay_stand_in
    do(an_alipay(face, desktop="qr").create_payment(at(WANTED.details.scene.DESKTOP)))
    face.pay(WANTED.key)
    for value in HARD:
        told = read_form(face.notice(WANTED.key, subject=value, passback_params=value))
        sign = told.pop("sign")
        assert SHOPS.verify(dict(told), sign)
        assert SEAL.holds(signed_text(told, without=("sign_type",)), sign)


def test_the_library_is_served_as_we_are(alipay_stand_in: Face) -> None:
    """The stand-in takes its requests, and it takes the stand-in's answers: not both are ours."""
    merchants = _merchants(alipay_stand_in)
    number = "b" * 32
    made = merchants.api_alipay_trade_precreate("团子 🎁 100%", number, "9.90")
    assert made["qr_code"].startswith("https://qr.alipay.com/")
    alipay_stand_in.pay(number)
    assert merchants.api_alipay_trade_query(out_trade_no=number)["trade_status"] == "TRADE_SUCCESS"
    given = merchants.api_alipay_trade_refund("9.90", out_trade_no=number, out_request_no="r")
    assert given["fund_change"] == "Y"
    found = merchants.api_alipay_trade_fastpay_refund_query("r", out_trade_no=number)
    assert found["refund_status"] == "REFUND_SUCCESS"
    assert merchants.api_alipay_trade_close(out_trade_no="c" * 32)["sub_code"].endswith("NOT_EXIST")


def test_the_library_minds_a_wrong_answer_of_the_stand_in(alipay_stand_in: Face) -> None:
    merchants = _merchants(alipay_stand_in)
    alipay_stand_in.troubles[:] = ["forged", "unsigned"]
    with pytest.raises(AliPayValidationError):
        merchants.api_alipay_trade_query(out_trade_no="x")
    with pytest.raises(AliPayException):
        merchants.api_alipay_trade_query(out_trade_no="x")


@settings(max_examples=20)
@given(st.dictionaries(TEXTS, st.recursive(TEXTS, lambda one: st.lists(one, max_size=3))))
def test_an_answer_is_verified_as_it_came(inside: dict[str, object]) -> None:
    """Not as it would be written again: gaps, the order of names and escapes stay."""
    inside = {**inside, "code": "10000", "subject": '","sign":"x"} \\ { 团'}
    for plain in (
        json.dumps(inside, ensure_ascii=False),
        json.dumps(inside, indent=1),
        json.dumps(dict(reversed(inside.items())), separators=(",", ":")).replace("/", "\\/"),
    ):
        raw = _answer(plain, ALIPAYS._sign(plain))
        answer = read_answer(raw.encode(), METHOD)
        assert (answer.text, answer.told) == (plain, inside)
        assert answer.is_signed(SEAL)


def test_the_signature_may_come_first_and_an_error_may_have_its_own_name() -> None:
    plain = '{"code":"40002","sub_code":"isv.invalid-signature"}'
    sign = ALIPAYS._sign(plain)
    for raw in (
        f'{{"sign":"{sign}","alipay_trade_query_response":{plain}}}',
        f' {{ "error_response" : {plain} , "alipay_cert_sn":"1","sign":"{sign}" }} \n',
    ):
        assert read_answer(raw.encode(), METHOD).is_signed(SEAL)
    assert not read_answer(f'{{"error_response":{plain}}}'.encode(), METHOD).is_signed(SEAL)


def test_a_figure_stays_as_it_is_written() -> None:
    answer = read_answer(_answer('{"total_amount":88.10}', "x").encode(), METHOD)
    assert answer.told["total_amount"] == "88.10"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b"<html>",
        b"\xff",
        b'{"sign":"x"}',
        b'{"alipay_trade_query_response":1,"sign":"x"}',
        b'{"alipay_trade_query_response":{},"sign":{}}',
        b'{"alipay_trade_query_response":{},"error_response":{},"sign":"x"}',
        b'{"alipay_trade_query_response":{},"alipay_trade_query_response":{},"sign":"x"}',
        b'{"alipay_trade_query_response":{},"sign":"x"} more',
        b'{"alipay_trade_query_response":{},"sign":"x",}',
        b'{"alipay_trade_query_response" {}}',
        b'{"alipay_trade_close_response":{},"sign":"x"}',
        b'{1:{},"sign":"x"}',
    ],
)
def test_what_is_no_answer_is_not_read(raw: bytes) -> None:
    assert _refuses(lambda: read_answer(raw, METHOD))


@pytest.mark.parametrize("raw", [b"a=1&a=2", b"a", b"a=%FF", b"\xe5=1", b"&".join([b"a=1"] * 101)])
def test_what_is_no_form_is_not_read(raw: bytes) -> None:
    assert _refuses(lambda: read_form(raw))


def test_keys_are_read_in_every_form_that_a_merchant_has() -> None:
    key = private_key(keys("shop").private)
    both = [
        key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
        for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)
    ]
    bare = ["".join(text.splitlines()[1:-1]) for text in both]
    wrapped = ["\r\n".join(textwrap.wrap(text, 64)) for text in bare]
    mislabelled = [pem(bare[1], "PRIVATE KEY"), pem(bare[0], "RSA PRIVATE KEY")]
    for text in (*both, *bare, *wrapped, *mislabelled):
        assert private_key(text).private_numbers() == key.private_numbers()
    public = key.public_key()
    for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
        text = public.public_bytes(Encoding.PEM, form).decode()
        for one in (text, "".join(text.splitlines()[1:-1])):
            assert public_key(one).public_numbers() == public.public_numbers()


def test_what_is_no_key_or_a_weak_one_is_refused() -> None:
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505  # on purpose
    other = ec.generate_private_key(ec.SECP256R1())
    locked = BestAvailableEncryption(b"secret")
    good = private_key(keys("shop").private)
    sealed = good.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked).decode()
    for key in ("", "团", "AAAA", keys("shop").public, sealed, *_texts(weak), *_texts(other)):
        assert _refuses(partial(private_key, key)), key
    for key in ("", "AAAA", keys("shop").private, *_texts(weak.public_key())):
        assert _refuses(partial(public_key, key)), key


def test_nothing_secret_is_told_of_a_seal() -> None:
    assert "ours" not in repr(SEAL)


def _refuses(read: Callable[[], object]) -> bool:
    try:
        read()
    except ValueError:
        return True
    return False


def _texts(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPublicKey) -> list[str]:
    if isinstance(key, rsa.RSAPublicKey):
        return [key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()]
    return [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()]


def _answer(plain: str, sign: str) -> str:
    return f'{{"alipay_trade_query_response":{plain},"sign":"{sign}"}}'


def _merchants(face: Face) -> AliPay:
    """The library as a shop's own client; it has no public way to another address."""
    client = an_sdk(private=keys("shop").private, public=keys("alipay").public)
    client._gateway = face.address
    return client
