"""Whatever a merchant is asked for or told about a PayPal account stands in all three languages."""

import re
from collections.abc import Iterator

import pytest

from bot.web.wording import catalogue, files_of, say
from data.kernel.clock import TurnableClock
from data.kernel.locales import Locale
from integrations.payments.kinds import Finding
from integrations.payments.paypal import KIND
from tests.builders import NOW
from tests.integrations.payments.paypal_bench import NOTIFY, a_gateway, do
from tests.peers.money.paypal_face import Face, running_face

_GAP = re.compile(r"%\(\w+\)")


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    with running_face(TurnableClock(NOW)) as face:
        return list(_all_there_are(face))


def _all_there_are(face: Face) -> Iterator[Finding]:
    face.notify_url = NOTIFY
    for typed in ({}, {"client_secret": "x"}, {"webhook_id": ""}, {"webhook_id": "OTHER"}):
        yield from do(a_gateway(face, **typed).check())
    face.notify_url, face.events = "https://old.example/hook", []
    yield from do(a_gateway(face).check())


def _id(one: Finding) -> str:
    return f"payments.check.paypal.{one.code}{'' if one.is_sound else '_not'}"


@pytest.mark.parametrize("locale", Locale)
def test_findings_are_told_with_all_that_belongs_in_them(
    locale: Locale, findings: list[Finding]
) -> None:
    for one in findings:
        told = say(_id(one), locale, **one.values)
        assert told != _id(one)
        assert not _GAP.search(told)


@pytest.mark.parametrize("locale", Locale)
def test_nothing_is_missing_and_nothing_left_over(locale: Locale, findings: list[Finding]) -> None:
    (file,) = (file for file in files_of(locale) if file.name == "payments.po")
    written = {str(text.id): str(text.string) for text in catalogue(file, locale) if text.id}
    ours = {text for text in written if re.match(r"payments\.(check\.)?paypal\.", text)}
    fields = {f"payments.paypal.{one.name}" for one in KIND.fields}
    assert ours == fields | {_id(one) for one in findings}
    assert all(written[text].strip() for text in ours)
