"""The console's page of a version's stories: what failed is shown, and a reason publishes."""

from html import unescape

import pytest

from tests.bot.browser import Browser
from tests.bot.conftest import Street
from tests.bot.flow_stories import a_red_draft


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
