"""What a merchant tells of their app at Alipay, and what Alipay says of it."""

import json

import pytest

from bot.web.wording import say
from data.kernel.locales import Locale
from data.payments.gateway import ProviderUnreachable
from integrations.payments.alipay import KIND, Alipay
from integrations.payments.kinds import BadCredentials, Finding
from integrations.payments.shelf import KINDS
from tests.integrations.payments.alipay_shop import (
    NOTIFY_URL,
    WANTED,
    an_alipay,
    credentials,
    do,
    typed,
    wiring,
)
from tests.peers.money.alipay_face import Face
from tests.peers.money.alipay_keys import APP_ID, keys, pem

STEPS = ("app", "key", "answer", "trade")


def test_alipay_stands_on_the_shelf() -> None:
    assert KINDS["alipay"] is KIND
    assert KIND.thanks.body == b"success"
    assert KIND.media_types == {"application/x-www-form-urlencoded"}


def test_only_the_private_key_is_a_secret() -> None:
    told = credentials()
    assert told.external_id == APP_ID
    assert set(told.secrets) == {"private_key"}
    assert "private_key" not in json.dumps(dict(told.settings))


def test_keys_may_come_with_fences_or_bare(alipay_stand_in: Face) -> None:
    shop, theirs = keys("shop").private, keys("alipay").public
    for private in (shop, pem(shop, "PRIVATE KEY"), pem(shop, "RSA PRIVATE KEY")):
        for public in (theirs, pem(theirs, "PUBLIC KEY")):
            alipay = an_alipay(alipay_stand_in, private_key=private, alipay_public_key=public)
            assert [one.is_sound for one in do(alipay.check())] == [True] * 5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("app_id", ""),
        ("app_id", "123"),
        ("app_id", "wx0123456789abcd"),
        ("seller_id", "9088102177846880"),
        ("seller_id", "shop@example.com"),
        ("mode", "test"),
        ("desktop", ""),
        ("private_key", ""),
        ("private_key", "MIIE"),
        ("private_key", keys("shop").public),
        ("alipay_public_key", "-----BEGIN CERTIFICATE-----"),
        ("alipay_public_key", keys("alipay").private),
        ("alipay_public_key", keys("shop").public),
        ("alipay_public_key", pem(keys("shop").public, "PUBLIC KEY")),
    ],
)
def test_what_makes_no_sense_is_named(alipay_stand_in: Face, field: str, value: str) -> None:
    """The last two: a merchant's own public key, which Alipay was given, for Alipay's."""
    with pytest.raises(BadCredentials) as refused:
        an_alipay(alipay_stand_in, **{field: value})
    assert refused.value.detail == field


def test_each_mode_has_an_address_of_its_own(alipay_stand_in: Face) -> None:
    alipay_stand_in.address = ""
    hosts = []
    for mode in ("live", "sandbox"):
        link = do(an_alipay(alipay_stand_in, mode=mode).create_payment(WANTED)).pay_with
        hosts.append(link.partition("?")[0])
    assert hosts == [
        "https://openapi.alipay.com/gateway.do",
        "https://openapi-sandbox.dl.alipaydev.com/gateway.do",
    ]


def test_a_sound_app_is_known_by_an_answer_about_nothing(alipay_stand_in: Face) -> None:
    found = do(an_alipay(alipay_stand_in).check())
    assert [one.code for one in found] == [*STEPS, "notify"]
    assert all(one.is_sound for one in found)
    (asked,) = alipay_stand_in.asked
    assert asked["method"] == "alipay.trade.query"
    assert len(json.loads(asked["biz_content"])["out_trade_no"]) != len(WANTED.key)


def test_what_is_wrong_is_told_up_to_the_first(alipay_stand_in: Face) -> None:
    face = alipay_stand_in
    other_app = {"app_id": "2021000118639999"}
    other_key = {"private_key": keys("another").private}
    other_public = {"alipay_public_key": keys("another").public}
    for number, told in enumerate((other_app, other_key, other_public)):
        found = do(an_alipay(face, **told).check())
        assert _verdicts(found)[:-1] == _failing_at(STEPS[number]), told
    face.forbidden.add("alipay.trade.query")
    found = do(an_alipay(face).check())
    assert _verdicts(found)[:-1] == _failing_at("trade")
    assert found[-2].values["code"] == "isv.insufficient-isv-permissions"


@pytest.mark.parametrize("trouble", ["lost", "html", "unsigned", "500", "busy"])
def test_an_answer_that_tells_nothing_is_none(alipay_stand_in: Face, trouble: str) -> None:
    alipay_stand_in.troubles.append(trouble)
    with pytest.raises(ProviderUnreachable):
        do(an_alipay(alipay_stand_in).check())


def test_notices_want_an_encrypted_address(alipay_stand_in: Face) -> None:
    bare = wiring(alipay_stand_in, notify_url=NOTIFY_URL.replace("https", "http"))
    found = do(Alipay(credentials(), bare).check())
    assert _verdicts(found)[-1] == ("notify", False)


@pytest.mark.parametrize("locale", Locale)
def test_every_field_and_finding_has_its_words(alipay_stand_in: Face, locale: Locale) -> None:
    codes = [f"{code}{ending}" for code in (*STEPS, "notify") for ending in ("", "_not")]
    ids = [f"payments.alipay.{field.name}" for field in KIND.fields]
    ids += [f"payments.alipay.desktop.{way}" for way in ("page", "qr")]
    ids += [f"payments.check.alipay.{code}" for code in codes]
    values = {"app": APP_ID, "code": "isv.x", "url": NOTIFY_URL}
    for text_id in ids:
        text = say(text_id, locale, **values)
        assert text not in ("", text_id), text_id
        assert "%(" not in text


def test_the_words_fit_what_is_found(alipay_stand_in: Face) -> None:
    for one in do(an_alipay(alipay_stand_in).check()):
        assert say(f"payments.check.alipay.{one.code}", Locale.EN, **one.values)


def test_nothing_secret_is_told_of_an_account(alipay_stand_in: Face) -> None:
    key = typed()["private_key"]
    link = do(an_alipay(alipay_stand_in).create_payment(WANTED)).pay_with
    for told in (repr(credentials()), repr(an_alipay(alipay_stand_in)), link):
        assert key[100:140] not in told


def _verdicts(found: list[Finding]) -> list[tuple[str, bool]]:
    return [(one.code, one.is_sound) for one in found]


def _failing_at(step: str) -> list[tuple[str, bool]]:
    """By an answer that is not Alipay's nothing else is proven."""
    if step == "answer":
        return [("answer", False)]
    return [(one, one != step) for one in STEPS[: STEPS.index(step) + 1]]
