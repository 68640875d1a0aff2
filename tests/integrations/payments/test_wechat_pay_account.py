"""What a merchant types in, what is told of it by a check, and that there are words for both."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from bot.web.wording import say
from data.kernel.clock import TurnableClock
from data.kernel.locales import Locale
from data.payments.accounts import Credentials
from data.payments.gateway import ProviderUnreachable
from integrations.payments import KINDS
from integrations.payments.kinds import BadCredentials, Finding
from integrations.payments.wechat_pay import KIND, WeChatPay
from tests.builders import NOW
from tests.peers.money.wechat_pay_face import MCHID, Face
from tests.peers.money.wechat_pay_keys import (
    API_KEY,
    certificate_pem,
    private_pem,
    public_pem,
)
from tests.peers.money.wechat_pay_running import running_face
from tests.peers.money.wechat_pay_shop import (
    a_gateway,
    credentials,
    do,
    typed,
    wiring,
)

SMALL_KEY = """-----BEGIN PUBLIC KEY-----
MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf
9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==
-----END PUBLIC KEY-----"""
NO_PLATFORM = {"platform_key": "", "platform_key_id": ""}
SOUND = {"notify_url": True, "clock": True, "merchant": True, "platform": True}


@pytest.fixture
def face() -> Iterator[Face]:
    with running_face(TurnableClock(NOW)) as face:
        yield face


def opened(told: Credentials) -> WeChatPay:
    gateway = KIND.open(told, wiring(TurnableClock(NOW)))
    assert isinstance(gateway, WeChatPay)
    return gateway


def seen(found: "list[Finding]") -> dict[str, bool]:
    return {one.code: one.is_sound for one in found}


# — what is typed in —


def test_a_shop_can_connect_it_by_its_merchant_number() -> None:
    assert KINDS["wechat_pay"] is KIND
    told = credentials()
    assert told.external_id == MCHID
    assert set(told.secrets) == {"api_v3_key", "merchant_key"}
    assert opened(told).name == "wechat_pay"
    assert KIND.media_types == {"application/json"}
    assert KIND.thanks.body == b"", "200 says enough"


def test_either_of_the_platforms_keys_will_do() -> None:
    certificate = {"platform_certificate": certificate_pem("certified", now=NOW)}
    for changed in ({}, certificate, {**NO_PLATFORM, **certificate}):
        opened(credentials(**changed))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"mchid": "mch_19000"}, "mchid"),
        ({"mchid": '1900000109",x="'}, "mchid"),
        ({"appid": "wx 1"}, "appid"),
        ({"merchant_serial": "serial no."}, "merchant_serial"),
        ({"api_v3_key": "a" * 31}, "api_v3_key"),
        ({"api_v3_key": "a" * 33}, "api_v3_key"),
        ({"merchant_key": "no key"}, "merchant_key"),
        ({"merchant_key": public_pem("merchant")}, "merchant_key"),
        ({"platform_key": "no key"}, "platform_key"),
        ({"platform_key": private_pem("platform")}, "platform_key"),
        ({"platform_key": SMALL_KEY}, "platform_key"),
        ({"platform_key": ""}, "platform_key"),
        ({"platform_key": public_pem("merchant")}, "platform_key"),
        ({"platform_key_id": ""}, "platform_key_id"),
        ({"platform_key_id": "0119000001092026"}, "platform_key_id"),
        (NO_PLATFORM, "platform_key"),
        ({"platform_certificate": public_pem("platform")}, "platform_certificate"),
        (
            {"platform_certificate": certificate_pem("merchant", now=NOW)},
            "platform_certificate",
        ),
    ],
)
def test_what_will_not_do_is_named(changed: Mapping[str, str], field: str) -> None:
    with pytest.raises(BadCredentials) as refused:
        opened(credentials(**changed))
    assert refused.value.detail == field


@pytest.mark.parametrize("name", ["mchid", "appid", "api_v3_key", "merchant_key"])
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(BadCredentials) as refused:
        KIND.read(typed(**{name: " "}))
    assert refused.value.detail == name


def test_a_key_that_was_never_good_opens_nothing_later() -> None:
    told = credentials()
    before = {"api_v3_key": "short", "merchant_key": "x"}
    opened(Credentials(told.external_id, told.settings, told.secrets, before))


def test_no_secret_is_shown() -> None:
    told = repr(opened(credentials())._account)
    for secret in (API_KEY.decode(), private_pem("merchant").splitlines()[1]):
        assert secret not in told


# — what a check finds —


def test_a_sound_account_is_found_sound(face: Face) -> None:
    found = list(do(a_gateway(face).check()))
    assert seen(found) == SOUND
    assert [one.code for one in found if one.vital] == ["merchant", "platform"]
    assert face.orders == {}, "nothing was ordered"
    assert [call.split()[0] for call in face.calls] == ["GET"]


@pytest.mark.parametrize(
    "changed",
    [{"merchant_key": private_pem("stranger")}, {"merchant_serial": "0" * 40}],
)
def test_a_key_that_is_not_theirs_is_found(face: Face, changed: Mapping[str, str]) -> None:
    found = list(do(a_gateway(face, credentials(**changed)).check()))
    assert seen(found) == {"notify_url": True, "clock": True, "merchant": False}
    assert found[-1].values == {"code": "SIGN_ERROR"}


def test_another_platform_key_is_found(face: Face) -> None:
    told = credentials(platform_key=public_pem("stranger"))
    found = list(do(a_gateway(face, told).check()))
    assert seen(found) == {**SOUND, "platform": False}
    assert found[-1].values == {"reason": "signature_wrong"}


def test_a_refused_merchant_is_found(face: Face) -> None:
    face.faults.append("refuse:403:NO_AUTH")
    assert seen(list(do(a_gateway(face).check()))) == {**SOUND, "merchant": False}


@pytest.mark.parametrize(
    "url", ["http://shop.example/w", "https://shop.example/w?a=1", "https://shop.example/w#a"]
)
def test_an_address_that_is_not_called_is_found(face: Face, url: str) -> None:
    lent = wiring(face.clock, address=face.url, notify_url=url)
    assert seen(list(do(KIND.open(credentials(), lent).check()))) == {**SOUND, "notify_url": False}


@pytest.mark.parametrize(("seconds", "is_sound"), [(-60, True), (60, True), (-61, False)])
def test_a_clock_that_is_off_is_found(face: Face, seconds: int, is_sound: bool) -> None:
    face.ahead = timedelta(seconds=seconds)
    found = list(do(a_gateway(face).check()))
    assert seen(found)["clock"] is is_sound
    assert {"seconds": abs(seconds)} in [one.values for one in found]


@pytest.mark.parametrize(("days", "is_sound"), [(10, True), (-1, False)])
def test_a_certificates_end_is_told(face: Face, days: int, is_sound: bool) -> None:
    pem = certificate_pem("certified", now=NOW, days=days)
    found = do(a_gateway(face, credentials(platform_certificate=pem)).check())
    told = {one.code: one for one in found}
    assert told["certificate"].is_sound is is_sound
    assert told["certificate"].values == {"until": (NOW + timedelta(days=days)).date().isoformat()}


@pytest.mark.parametrize("fault", ["500", "probe"])
def test_no_answer_is_no_finding(face: Face, fault: str) -> None:
    face.faults.append(fault)
    with pytest.raises(ProviderUnreachable):
        do(a_gateway(face).check())


# — words —


@pytest.mark.parametrize("locale", list(Locale))
def test_there_are_words_for_each_field_and_finding(locale: Locale) -> None:
    values = {"url": "u", "seconds": 1, "until": "d", "code": "C", "reason": "r"}
    codes = [f"payments.wechat_pay.{field.name}" for field in KIND.fields]
    for code in ("notify_url", "clock", "certificate", "merchant", "platform"):
        codes += [f"payments.check.wechat_pay.{code}{end}" for end in ("", "_not")]
    assert not [code for code in codes if say(code, locale, **values) == code]
