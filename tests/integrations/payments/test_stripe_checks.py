"""Connecting an account at Stripe: what may be typed in, and what its check finds."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.web.wording import say, words
from data.kernel.clock import TurnableClock
from data.kernel.locales import Locale
from data.payments.gateway import ProviderUnreachable
from integrations.payments import KINDS, stripe_checks
from integrations.payments.kinds import BadCredentials, Finding, Mode
from integrations.payments.stripe import KIND, StripeGateway
from integrations.payments.stripe_events import NEEDED
from tests.builders import NOW
from tests.integrations.payments.stripe_bench import ACCOUNT, NOTIFY, credentials, do, wiring
from tests.peers.money.stripe_face import KEY, Face, running_stripe

ENDPOINT: dict[str, Any] = {
    "id": "we_1",
    "object": "webhook_endpoint",
    "url": NOTIFY,
    "status": "enabled",
    "enabled_events": list(NEEDED),
}
_SOURCE = Path(stripe_checks.__file__).read_text("utf-8")
CODES = set(re.findall(r'Finding\(.*?, "(\w+)"', _SOURCE, re.DOTALL))


@pytest.fixture
def face() -> Iterator[Face]:
    with running_stripe(TurnableClock(NOW)) as face:
        face.books.endpoints.append(dict(ENDPOINT))
        yield face


def found(face: Face, **typed: str) -> dict[str, Finding]:
    gateway = StripeGateway(credentials(**typed), wiring(face.url, TurnableClock(NOW)))
    return {finding.code: finding for finding in do(gateway.check())}


def broken(findings: dict[str, Finding]) -> list[str]:
    return [code for code, finding in findings.items() if not finding.is_sound]


def test_an_account_that_is_set_up_is_sound(face: Face) -> None:
    findings = found(face)
    assert set(findings) == CODES
    assert broken(findings) == []
    assert findings["key"].values["mode"] == Mode.SANDBOX
    assert {method for method, _, _ in face.calls} == {"GET"}  # no money moves


def test_a_live_key_is_told_as_one(face: Face) -> None:
    face.keys.add("rk_live_CANARY")
    assert found(face, api_key="rk_live_CANARY")["key"].values["mode"] == Mode.LIVE


def test_a_key_that_is_no_good_is_all_there_is_to_say(face: Face) -> None:
    findings = found(face, api_key="sk_test_other")
    assert broken(findings) == list(findings) == ["key"]


def test_somebody_elses_key_is_told(face: Face) -> None:
    face.books.account = "acct_other"
    findings = found(face)
    assert broken(findings) == ["account"]
    assert findings["account"].values == {"told": ACCOUNT, "found": "acct_other"}


def test_an_account_that_may_not_take_payments_is_told(face: Face) -> None:
    face.books.charges_enabled = False
    assert broken(found(face)) == ["charges"]


@pytest.mark.parametrize(
    ("path", "missing"), [("/v1/account", "account_read"), ("/v1/webhook_e", "webhook_read")]
)
def test_a_restricted_key_is_told_what_it_may_not_see(face: Face, path: str, missing: str) -> None:
    face.barred = (path,)
    assert broken(found(face)) == [missing]


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"url": "https://shop.example/elsewhere"}, "webhook"),
        ({"status": "disabled"}, "webhook_on"),
        ({"enabled_events": ["charge.refunded"]}, "webhook_events"),
    ],
)
def test_an_endpoint_that_will_not_do_is_told(
    face: Face, changed: dict[str, Any], missing: str
) -> None:
    face.books.endpoints[0].update(changed)
    assert broken(found(face)) == [missing]


def test_the_events_that_are_missing_are_named(face: Face) -> None:
    face.books.endpoints[0]["enabled_events"] = list(NEEDED[1:])
    assert found(face)["webhook_events"].values == {"missing": NEEDED[0]}
    face.books.endpoints[0]["enabled_events"] = ["*"]
    assert broken(found(face)) == []


def test_of_two_endpoints_the_one_that_is_on_counts(face: Face) -> None:
    face.books.endpoints.insert(0, {**ENDPOINT, "status": "disabled", "enabled_events": []})
    assert broken(found(face)) == []


def test_without_an_answer_nothing_is_said(face: Face) -> None:
    face.faults.append(500)
    with pytest.raises(ProviderUnreachable):
        found(face)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("account", ""),
        ("account", "giftshop"),
        ("api_key", ""),
        ("api_key", "pk_live_CANARY"),  # the one that is not secret
        ("api_key", "sk_test_"),
        ("api_key", "sk_test_1\nx"),
        ("api_key", "sk_test_1 x"),
        ("webhook_secret", "we_1CANARY"),  # the endpoint's id, not its secret
        ("webhook_secret", "ｗhsec_1"),
    ],
)
def test_what_cannot_be_right_is_refused_by_its_name(field: str, typed: str) -> None:
    nowhere = wiring("http://127.0.0.1:1", TurnableClock(NOW))
    with pytest.raises(BadCredentials, match=field):
        StripeGateway(credentials(**{field: typed}), nowhere)


def test_secrets_are_in_no_repr() -> None:
    assert KEY not in repr(credentials())
    assert credentials().settings == {"account": ACCOUNT}
    assert KINDS["stripe"] is KIND


@pytest.mark.parametrize("locale", list(Locale))
def test_every_field_and_finding_has_its_words(locale: Locale) -> None:
    ids = [f"payments.stripe.{field.name}" for field in KIND.fields]
    ids += [f"payments.check.stripe.{code}{end}" for code in CODES for end in ("", "_not")]
    texts = words(locale)
    assert [text_id for text_id in ids if texts.ugettext(text_id) == text_id] == []


@pytest.mark.parametrize("locale", list(Locale))
def test_words_are_filled_with_what_was_found(face: Face, locale: Locale) -> None:
    for broken_one in ({}, {"status": "disabled"}, {"enabled_events": []}, {"url": "x"}):
        face.books.endpoints[0].update(broken_one)
        for code, finding in found(face).items():
            end = "" if finding.is_sound else "_not"
            text = say(f"payments.check.stripe.{code}{end}", locale, **finding.values)
            assert "%(" not in text
            assert "payments.check" not in text
    assert BadCredentials("api_key").code == "error_payment_credentials"
