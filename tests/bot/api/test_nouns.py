"""The other nouns of the API: products, group-buys, customers, reminders, and OpenAPI itself."""

import json
from typing import Any

import pytest

from data.group_buys import REVOKED, find_shared, share_team
from data.kernel.errors import Refused
from tests.bot.client import TestClient
from tests.bot.conftest import Street

FEED = "\n".join(
    "\t".join(row)
    for row in [
        ("id", "title", "description", "link", "image_link", "availability", "price", "quantity"),
        ("mug-1", "杯子", "一个杯子", "https://s.example/1", "", "in_stock", "39.00 CNY", "4"),
        ("mug-2", "大杯", "大的", "https://s.example/2", "", "in_stock", "no price", "1"),
    ]
)


def test_a_feed_is_imported_and_its_broken_row_is_named(api: TestClient) -> None:
    dry = api.post("/api/v1/products/import", params={"dry_run": True}, content=FEED.encode())
    assert dry.json()["created"] == 1
    assert len(api.get("/api/v1/products").json()["items"]) == 1
    report = api.post("/api/v1/products/import", content=FEED.encode()).json()
    assert (report["created"], [error["row"] for error in report["errors"]]) == (1, [3])
    assert report["errors"][0]["code"] == "import_bad_price"
    again = api.post("/api/v1/products/import", content=FEED.encode()).json()
    assert (again["created"], again["unchanged"]) == (0, 1)
    mugs = [
        product
        for product in api.get("/api/v1/products").json()["items"]
        if product["external_id"] == "mug-1"
    ]
    assert mugs[0]["variants"][0]["price"] == {"amount_minor": 3900, "currency": "CNY"}


def test_products_come_by_page(street: Street, api: TestClient) -> None:
    api.post("/api/v1/products/import", content=FEED.encode())
    first = api.get("/api/v1/products", params={"limit": 1}).json()
    second = api.get("/api/v1/products", params={"limit": 1, "after": first["next"]}).json()
    assert second["next"] is None
    assert first["items"][0]["id"] != second["items"][0]["id"]


def test_a_group_buy_is_offered_and_its_team_is_counted(street: Street, api: TestClient) -> None:
    body = {
        "variant_id": street.ours.variant,
        "team_size": 2,
        "team_price": {"amount_minor": 5000, "currency": "CNY"},
        "window_seconds": 3600,
        "starts_at": "2026-11-22T00:00:00Z",
        "ends_at": "2026-12-22T00:00:00Z",
    }
    made = api.post("/api/v1/group-buys/campaigns", json=body)
    assert made.status_code == 201
    listed = api.get("/api/v1/group-buys/campaigns").json()["items"]
    assert made.json()["id"] in [campaign["id"] for campaign in listed]
    team = api.get(f"/api/v1/group-buys/teams/{street.ours.team}").json()
    assert (team["state"], team["have"], team["held"], team["need"]) == ("open", 0, 1, 3)
    assert [seat["customer_id"] for seat in team["seats"]] == [street.ours.person]
    dearer = {**body, "team_price": {"amount_minor": 990000, "currency": "CNY"}}
    assert api.post("/api/v1/group-buys/campaigns", json=dearer).status_code == 422


def test_a_team_is_decided_by_the_api(street: Street, api: TestClient) -> None:
    team = f"/api/v1/group-buys/teams/{street.ours.team}"
    alone = api.post(f"{team}/complete", json={"people": 2})
    assert (alone.status_code, alone.json()["detail"]) == (409, "team_changed")
    assert api.post(f"{team}/complete", json={"people": 1}).status_code == 422
    theirs = f"/api/v1/group-buys/teams/{street.theirs.team}"
    assert api.post(f"{theirs}/cancel").status_code == 404
    assert api.post(f"{team}/cancel").json()["state"] == "cancelled"
    assert api.post(f"{team}/cancel").status_code == 409


def test_the_links_to_a_team_are_closed_by_the_api(street: Street, api: TestClient) -> None:
    with street.tuanzi.database.transaction() as session:
        told = {"merchant_id": street.ours.merchant, "team_id": street.ours.team}
        token = share_team(session, **told, now=street.tuanzi.clock.now())
    answer = api.post(f"/api/v1/group-buys/teams/{street.ours.team}/links")
    assert (answer.status_code, answer.json()["state"]) == (200, "open")
    with street.tuanzi.database.reading() as session, pytest.raises(Refused, match=REVOKED):
        find_shared(session, token=token)
    theirs = f"/api/v1/group-buys/teams/{street.theirs.team}/links"
    assert api.post(theirs).status_code == 404


def test_what_a_campaign_says_is_said_and_changed_by_the_api(
    street: Street, api: TestClient
) -> None:
    reward = {"amount_minor": 500, "currency": "CNY"}
    body = {
        "team_size": 2,
        "team_price": {"amount_minor": 5000, "currency": "CNY"},
        "window_seconds": 3600,
        "starts_at": "2026-11-22T00:00:00Z",
        "ends_at": "2026-12-22T00:00:00Z",
        "stock_limit": 2,
        "key": "spring",
        "set_aside": True,
        "new_customers_only": True,
        "open_to_others": True,
        "ship_to": "one",
        "reward": reward,
        "reward_budget": {"amount_minor": 1000, "currency": "CNY"},
    }
    new = {**body, "variant_id": street.ours.variant}
    made = api.post("/api/v1/group-buys/campaigns", json=new)
    assert made.status_code == 201, made.text
    path, shown = f"/api/v1/group-buys/campaigns/{made.json()['id']}", made.json()
    told = ("key", "set_aside", "new_customers_only", "open_to_others", "ship_to", "reward")
    assert {name: shown[name] for name in told} == {name: body[name] for name in told}
    assert shown["chats"] is None
    figures = {"teams": 0, "joins": 0, "success_rate": None}
    assert {name: shown["figures"][name] for name in figures} == figures
    changed = api.put(path, json={**body, "ship_to": "each", "reward": None, "reward_budget": None})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["ship_to"], changed.json()["reward"]) == ("each", None)
    inviting = {"invite_reward": reward, "invite_reward_budget": reward}
    somewhere = {**body, **inviting, "invite_channels": ["telegram", "rest"]}
    rewarded = api.put(path, json=somewhere).json()
    assert (rewarded["invite_reward"], rewarded["invite_channels"]) == (
        reward,
        ["rest", "telegram"],
    )
    assert rewarded["figures"]["inviting"] == {
        "shares": 0,
        "joins": 0,
        "joins_per_share": None,
        "paid_orders": 0,
        "top_sharers": [],
        "rewards_spent": {"amount_minor": 0, "currency": "CNY"},
    }
    for channel in ("wechat", "wecom", "pager"):
        refused = api.put(path, json={**somewhere, "invite_channels": ["rest", channel]})
        assert (refused.status_code, refused.json()["detail"]) == (422, "invite_channels_forbidden")
    wrong = api.put(path, json={**body, "chats": ["cht_nobody"], "open_to_others": False})
    assert (wrong.status_code, wrong.json()["detail"]) == (422, "chats")
    again = api.post("/api/v1/group-buys/campaigns", json=new)
    assert (again.status_code, again.json()["detail"]) == (422, "key")
    for turn, state in (("pause", "paused"), ("resume", "active"), ("end", "ended")):
        assert api.post(f"{path}/{turn}").json()["state"] == state
    assert api.put(path, json=body).status_code == 409
    running = f"/api/v1/group-buys/campaigns/{street.ours.campaign}"
    assert api.put(running, json=body).status_code == 409  # a team is open


def test_larger_teams_and_ways_to_pay_are_said_by_the_api(street: Street, api: TestClient) -> None:
    path = "/api/v1/group-buys/campaigns"
    paid = {
        "tiers": [
            {"min_size": 3, "price": {"amount_minor": 4500, "currency": "CNY"}},
            {"min_size": 5, "price": {"amount_minor": 4000, "currency": "CNY"}},
        ],
        "modes": ["hold", "join_first"],
        "pay_window_seconds": 7200,
        "underpaid": "ship",
    }
    body = {
        "variant_id": street.ours.variant,
        "team_size": 2,
        "team_price": {"amount_minor": 5000, "currency": "CNY"},
        "window_seconds": 3600,
        "starts_at": "2026-11-22T00:00:00Z",
        "ends_at": "2026-12-22T00:00:00Z",
        **paid,
    }
    made = api.post(path, json=body)
    assert made.status_code == 201, made.text
    told = {name: made.json()[name] for name in paid}
    assert told == {**paid, "tiers": made.json()["tiers"]}
    sizes = [(tier["min_size"], tier["price"]["amount_minor"]) for tier in told["tiers"]]
    assert sizes == [(3, 4500), (5, 4000)]
    again = api.put(f"{path}/{made.json()['id']}", json={**body, "tiers": [], "modes": ["charge"]})
    assert (again.json()["tiers"], again.json()["modes"]) == ([], ["charge"])
    for wrong, about in (
        ({"tiers": [*reversed(paid["tiers"])]}, "tiers"),
        ({"modes": ["charge", "charge"]}, "modes"),
        ({"window_seconds": 7 * 86_400}, "hold"),  # as long as the bank holds, and no longer
    ):
        refused = api.post(path, json={**body, **wrong})
        assert (refused.status_code, refused.json()["detail"]) == (422, about)


def test_a_reminder_says_whom_we_remind_and_never_of_whose_day(
    street: Street, api: TestClient
) -> None:
    """T52: an occasion is its saver's own; a merchant's program learns the kind of day only."""
    answer = api.get("/api/v1/reminders")
    (reminder,) = answer.json()["items"]
    assert reminder["customer_id"] == street.ours.person
    assert "mother" not in answer.text


def test_customers_are_listed_and_found(street: Street, api: TestClient) -> None:
    found = api.get(f"/api/v1/customers/{street.ours.person}").json()
    assert found["name"] == "Lan of ours"
    assert found in api.get("/api/v1/customers").json()["items"]


def test_openapi_is_whole(street: Street) -> None:
    """3.1; every reference resolves, every operation has its own id and says what it refuses."""
    document = street.site.openapi()
    assert document["openapi"].startswith("3.1")
    ids = []
    for path, methods in document["paths"].items():
        if not path.startswith("/api/v1/"):
            continue
        for operation in methods.values():
            ids.append(operation["operationId"])
            assert {"401", "404", "422"} <= set(operation["responses"]), path
            assert operation["security"], path
    assert len(ids) == len(set(ids)) > 30
    for reference in _references(document):
        part: Any = document
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
    json.dumps(document)


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in _references(value)]
    if isinstance(part, list):
        return [found for value in part for found in _references(value)]
    return []
