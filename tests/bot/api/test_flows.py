"""Flows through the API: mistakes with their place, drafts, publishing, rolling back."""

import pytest

from bot.publishing import keep_flows
from bot.trials import Terms, publish_tried
from data.flows.trials import overrides
from data.kernel.errors import Refused
from dialogs.format import schema
from tests.bot.client import TestClient
from tests.bot.conftest import Street
from tests.bot.flow_files import BROKEN, FLOWS, WARMER
from tests.bot.flow_stories import GREEN_FILE, a_red_draft
from tests.builders import NOW


def test_a_mistake_comes_back_with_file_line_column_and_hint(api: TestClient) -> None:
    body = {"sources": {**FLOWS, "flows/gift.yml": BROKEN}, "locale": "zh-Hant"}
    checked = api.post("/api/v1/flows/validate", json=body).json()
    assert not checked["ok"]
    problem = next(each for each in checked["problems"] if each["code"] == "unknown_slot")
    assert (problem["file"], problem["line"]) == ("flows/gift.yml", 13)
    assert problem["column"] == BROKEN.splitlines()[12].index("receiver") + 1
    assert "receiver" in problem["message"]
    assert "recipient" in problem["hint"]


def test_a_right_set_has_no_mistakes(api: TestClient) -> None:
    assert api.post("/api/v1/flows/validate", json={"sources": FLOWS}).json()["ok"]


@pytest.mark.parametrize(
    "name", ["../../up.yml", "/etc/cron.d/x.yml", ".git/hooks/post-merge", "a/../../b.yml", ""]
)
def test_no_file_is_named_so_that_an_export_would_leave_its_folder(
    api: TestClient, name: str
) -> None:
    (text, *_) = FLOWS.values()
    for route in ("validate", "draft"):
        refused = api.post(f"/api/v1/flows/{route}", json={"sources": {**FLOWS, name: text}})
        assert refused.json() == {"error": "error_invalid", "fields": ["body.sources"]}


def test_a_set_with_mistakes_is_no_draft(street: Street, api: TestClient) -> None:
    body = {"sources": {**FLOWS, "flows/gift.yml": BROKEN}}
    refused = api.post("/api/v1/flows/draft", json=body)
    assert (refused.status_code, refused.json()["error"]) == (422, "error_invalid")
    assert api.get("/api/v1/flows").json()["draft"] == street.ours.flows


def test_draft_publish_and_roll_back_move_one_pointer_and_leave_a_trace(
    street: Street, api: TestClient
) -> None:
    sha = api.post("/api/v1/flows/draft", json={"sources": WARMER}).json()["sha"]
    stands = api.get("/api/v1/flows").json()
    assert (stands["live"], stands["draft"]) == (street.ours.flows, sha)
    assert stands["sources"] == WARMER
    assert api.post("/api/v1/flows/publish", json={"sha": sha}).status_code == 200
    assert api.get("/api/v1/flows").json()["live"] == sha
    assert api.post("/api/v1/flows/roll-back").json()["sha"] == street.ours.flows
    moves = [move["to_sha"] for move in api.get("/api/v1/flows/history").json()]
    assert moves == [street.ours.flows, sha, street.ours.flows]
    assert api.get(f"/api/v1/flows/versions/{sha}").json()["author"] == "api"


def test_a_version_nobody_kept_cannot_be_published(api: TestClient) -> None:
    assert api.post("/api/v1/flows/publish", json={"sha": "0" * 64}).status_code == 404


def test_a_yaml_bomb_is_a_mistake_like_any_other(api: TestClient) -> None:
    """T27: no anchors, no aliases; refused with its line, at once."""
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "\n".join(
        f"{new}: &{new} [{','.join(['*' + old] * 9)}]"
        for old, new in zip("abcde", "bcdef", strict=True)
    )
    checked = api.post("/api/v1/flows/validate", json={"sources": {"flows/x.yml": bomb}})
    assert not checked.json()["ok"]


def test_the_schema_is_given_at_the_address_that_it_names(
    street: Street, api: TestClient, visitor: TestClient
) -> None:
    given = api.get(schema()["$id"])
    assert given.json() == schema()
    assert visitor.get(schema()["$id"]).status_code == 401
    assert schema()["$id"] in street.site.openapi()["paths"]


def test_two_versions_are_compared(street: Street, api: TestClient) -> None:
    sha = api.post("/api/v1/flows/draft", json={"sources": WARMER}).json()["sha"]
    asked = {"from": street.ours.flows, "to": sha}
    lines = api.get("/api/v1/flows/compare", params=asked).json()["lines"]
    assert [line for line in lines if line.startswith("+ ")]
    assert api.get("/api/v1/flows/compare", params={**asked, "to": "0" * 64}).status_code == 404
    assert api.get("/api/v1/flows/compare", params={**asked, "to": "x"}).status_code == 422


def test_a_publish_may_say_where_running_conversations_go_on(
    street: Street, api: TestClient
) -> None:
    sha = api.post("/api/v1/flows/draft", json={"sources": WARMER}).json()["sha"]
    body = {"sha": sha, "migrate": {street.ours.flows: {"gift_finder": {"who": "noted"}}}}
    refused = api.post("/api/v1/flows/publish", json={**body, "locale": "zh-Hant"})
    assert refused.status_code == 422
    (problem,) = refused.json()["problems"]
    assert problem["code"] == "migrate_kind"
    assert "對話" in problem["message"]
    assert api.get("/api/v1/flows").json()["live"] == street.ours.flows
    body["migrate"] = {street.ours.flows: {"gift_finder": {"who": "who"}}}
    assert api.post("/api/v1/flows/publish", json=body).json() == {"sha": sha}
    move = api.get("/api/v1/flows/history").json()[0]
    assert (move["kind"], move["stored"]) == ("publish", True)


def test_a_version_whose_stories_fail_is_not_published_but_for_a_reason(
    street: Street, api: TestClient
) -> None:
    sha = a_red_draft(street.tuanzi.database, street.ours.merchant)
    body = {"sha": sha, "locale": "zh-Hans"}
    assert api.post("/api/v1/flows/stories", json=body).json()["passed"] == 1
    refused = api.post("/api/v1/flows/publish", json=body)
    assert (refused.status_code, refused.json()["detail"]) == (409, "stories")
    (failed,) = refused.json()["failed"]
    assert failed["story"] == "the price is told"
    assert failed["failure"].startswith("tests/gift.yml:10 期望 bot: * EUR")
    assert api.get("/api/v1/flows").json()["live"] == street.ours.flows
    assert api.post("/api/v1/flows/publish", json={**body, "despite": ""}).status_code == 422
    assert api.post("/api/v1/flows/publish", json={**body, "despite": "\t"}).status_code == 422
    despite = {**body, "despite": "The price comes tomorrow."}
    assert api.post("/api/v1/flows/publish", json=despite).status_code == 200
    with street.tuanzi.database.reading() as session:
        (taken,) = overrides(session, merchant_id=street.ours.merchant)
        assert (taken.sha, taken.by, taken.reason) == (sha, "api", "The price comes tomorrow.")


def test_a_version_without_stories_has_none_to_fail(street: Street, api: TestClient) -> None:
    told = api.post("/api/v1/flows/stories", json={"sha": street.ours.flows}).json()
    assert told == {"passed": 0, "failed": []}


def test_other_stories_make_another_trial(street: Street, api: TestClient) -> None:
    """The old one says nothing of them: what was not acted is not published."""
    sha = a_red_draft(street.tuanzi.database, street.ours.merchant)
    with street.tuanzi.database.transaction() as session:
        mine = {"merchant_id": street.ours.merchant, "by": "Owner", "now": NOW}
        keep_flows(session, **mine, sources={**WARMER, **GREEN_FILE})
        with pytest.raises(Refused, match="stories_untried"):
            publish_tried(session, **mine, sha=sha, terms=Terms("whatever"))
