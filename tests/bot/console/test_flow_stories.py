"""The console's page of a version's stories: what failed is shown, and a reason publishes."""

from html import unescape

import pytest

from bot import trials
from bot.publishing import keep_flows
from tests.bot.browser import Browser
from tests.bot.conftest import Street
from tests.bot.flow_files import WARMER
from tests.bot.flow_stories import GREEN_FILE, a_red_draft
from tests.builders import NOW


@pytest.fixture
def sha(street: Street) -> str:
    return a_red_draft(street.tuanzi.database, street.ours.merchant)


def test_red_stories_keep_a_version_back_and_are_shown(
    owner: Browser, street: Street, sha: str
) -> None:
    answer = owner.post("/flows/publish", sha=sha)
    assert answer.status_code == 409
    assert "tests/gift.yml:10 expected bot: * EUR" in unescape(answer.text)
    assert "1 passed, 1 failed" in answer.text
    assert "&lt;b&gt;Noted" in answer.text
    assert 'name="reason"' in answer.text
    assert owner.post("/flows/publish", sha=sha, reason="  ").status_code == 409
    assert street.ours.flows[:12] in owner.get("/flows").text


def test_a_reason_publishes_and_stays_to_be_read(owner: Browser, sha: str) -> None:
    answer = owner.post("/flows/publish", sha=sha, reason="The price comes tomorrow.")
    assert answer.headers["location"] == "/console/flows?done=published"
    page = owner.get("/flows").text
    assert "Published despite failing tests" in page
    assert "The price comes tomorrow." in page


def test_the_page_of_a_version_without_stories_says_how_to_add_some(
    owner: Browser, street: Street
) -> None:
    page = owner.get(f"/flows/stories?sha={street.ours.flows}").text
    assert "tests/gift.yml" in page
    assert owner.post("/flows/stories", sha=street.ours.flows).status_code == 303
    assert owner.get(f"/flows/stories?sha={'0' * 64}").status_code == 404


def test_stories_that_a_busy_machine_did_not_get_to_are_acted_again(
    street: Street, owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They say nothing against the version, so nobody need publish in spite of them."""
    with street.tuanzi.database.transaction() as session:
        mine = {"merchant_id": street.ours.merchant, "by": "Owner", "now": NOW}
        sha = keep_flows(session, **mine, sources={**WARMER, **GREEN_FILE})
    monkeypatch.setattr(trials, "_run", lambda _asked: trials.Ran(""))
    assert "120 s" in owner.post("/flows/publish", sha=sha).text
    assert 'action="/console/flows/stories"' in owner.get(f"/flows/stories?sha={sha}").text
    acted = '{"story": "a gift is taken note of", "failure": null}\n'
    monkeypatch.setattr(trials, "_run", lambda _asked: trials.Ran(acted))
    assert owner.post("/flows/stories", sha=sha).status_code == 303
    assert 'action="/console/flows/stories"' not in owner.get(f"/flows/stories?sha={sha}").text
    assert owner.post("/flows/publish", sha=sha).status_code == 303
