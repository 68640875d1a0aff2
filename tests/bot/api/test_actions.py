"""/api/v1/actions: a shop connects its own server, and is told the secret once."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from bot.action_servers import MOST_NAMES, called_in
from data.actions import ServerMove, secret_of, server_of
from tests.bot.client import TestClient
from tests.bot.conftest import Street
from tests.bot.flow_files import FLOWS
from tests.hostile import HostileServer, as_json, hostile_server

SERVER = "/api/v1/actions/server"
GIVEN = {"url": "https://actions.example/webhook", "names": ["action_fold", "action_cut"]}


def test_a_server_is_connected_looked_at_and_disconnected(street: Street, api: TestClient) -> None:
    assert api.get("/api/v1/actions").json() == {"here": [], "server": None}
    assert api.delete(SERVER).status_code == 404
    secret = api.put(SERVER, json=GIVEN).json()["secret"]
    shown = api.get("/api/v1/actions")
    assert secret not in shown.text
    server = shown.json()["server"]
    assert (server["url"], server["names"]) == (GIVEN["url"], ["action_cut", "action_fold"])
    with street.tuanzi.database.reading() as session:
        kept = server_of(session, merchant_id=street.ours.merchant)
        assert kept is not None
        assert secret_of(session, kept) == secret
    assert api.put(SERVER, json=GIVEN).json()["secret"] != secret
    assert api.delete(SERVER).status_code == 204
    assert api.get("/api/v1/actions").json()["server"] is None
    with street.tuanzi.database.reading() as session:
        moves = session.scalars(select(ServerMove.url).order_by(ServerMove.id)).all()
    assert list(moves) == [GIVEN["url"], GIVEN["url"], None]


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ({**GIVEN, "url": "http://actions.example/webhook"}, "url"),
        ({**GIVEN, "url": "https://actions.example:8443/"}, "url"),
        ({**GIVEN, "url": "https://me:pw@actions.example/"}, "url"),
        ({**GIVEN, "url": "https://xn--zzzzzzzz/webhook"}, "url"),
        ({**GIVEN, "url": "https://10.0.0.7/webhook"}, "url"),
        ({**GIVEN, "url": "https://[::1]/webhook"}, "url"),
        ({**GIVEN, "names": ["action_begin_checkout"]}, "names"),
        ({**GIVEN, "names": ["action_hand_over"]}, "names"),
        ({**GIVEN, "names": ["utter_hello"]}, "names"),
        ({**GIVEN, "names": ["action fold"]}, "names"),
        ({**GIVEN, "names": [f"action_{n}" for n in range(MOST_NAMES + 1)]}, None),
        ({**GIVEN, "names": []}, None),
    ],
)
def test_t19_what_may_not_be_connected_is_refused(
    api: TestClient, given: dict[str, object], detail: str | None
) -> None:
    """Nor may anybody take the place of an action of ours."""
    answer = api.put(SERVER, json=given)
    assert (answer.status_code, answer.json().get("detail")) == (422, detail)


def test_flows_may_name_what_their_own_shops_server_has(street: Street, api: TestClient) -> None:
    flows = {
        name: text.replace("utter_noted\n", "action_fold\n", 1).replace(
            "intents: [gift_find]", "intents: [gift_find]\nactions: [action_fold]"
        )
        for name, text in FLOWS.items()
    }
    assert not api.post("/api/v1/flows/validate", json={"sources": flows}).json()["ok"]
    api.put(SERVER, json=GIVEN)
    assert api.post("/api/v1/flows/validate", json={"sources": flows}).json()["ok"]
    tuanzi = street.tuanzi
    assert called_in(tuanzi.database, tuanzi.house, street.theirs.merchant) == frozenset()


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with hostile_server() as server:
        yield server


def test_t17_a_check_goes_nowhere_that_a_call_may_not_go(
    street: Street, api: TestClient, server: HostileServer
) -> None:
    server.answers["/actions"] = as_json(200, [])
    api.put(SERVER, json={**GIVEN, "url": "https://localhost/webhook"})
    answer = api.post(SERVER + "/check").json()
    assert answer == {"ok": False, "problem": "forbidden", "missing": []}
    assert not server.seen
