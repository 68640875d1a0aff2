"""The action server of a shop in the console: connected, tried, cut off; its secret told once."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from ipaddress import ip_network

import pytest

from bot.console.pages import ROOT
from data.actions import moves_of, note_trouble, secret_of, server_of
from data.kernel.database import Database
from data.merchants import StaffRole
from tests.bot.browser import Browser
from tests.bot.conftest import SignIn, Street
from tests.bot.console.routes import console_of
from tests.builders import NOW
from tests.hostile import HostileServer, as_json, hostile_server

ROOM = "/flows/actions"
GIVEN = {"url": "https://actions.example/webhook", "names": "action_fold\r\naction_cut,"}
_SECRET = re.compile(r'id="secret" class="code" value="([^"]+)"')


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with hostile_server() as server:
        yield server


def shown_secret(page: str) -> str:
    found = _SECRET.search(page)
    return found.group(1) if found else ""


def test_a_server_is_connected_and_its_secret_told_once(owner: Browser, street: Street) -> None:
    assert "No server is connected." in owner.get(ROOM).text
    told = owner.post(ROOM, **GIVEN)
    secret = shown_secret(told.text)
    assert told.status_code == 200
    assert "no-store" in told.headers["cache-control"]
    with street.tuanzi.database.reading() as session:
        kept = server_of(session, merchant_id=street.ours.merchant)
        assert kept is not None
        assert (kept.url, kept.names) == (GIVEN["url"], ["action_cut", "action_fold"])
        assert secret_of(session, kept) == secret
    assert secret not in owner.get(ROOM).text
    assert shown_secret(owner.post(ROOM, **GIVEN).text) not in ("", secret)


def test_it_is_disconnected_and_every_move_is_kept(owner: Browser, street: Street) -> None:
    owner.post(ROOM, **GIVEN)
    gone = owner.post(f"{ROOM}/disconnect")
    assert gone.headers["location"] == f"{ROOT}{ROOM}?done=server_disconnected"
    assert owner.post(f"{ROOM}/disconnect").status_code == 404
    page = owner.get(ROOM).text
    assert GIVEN["url"] in page, "where the calls were sent is not forgotten"
    with street.tuanzi.database.reading() as session:
        moves = moves_of(session, merchant_id=street.ours.merchant)
        assert [(move.url, move.by) for move in moves] == [(None, "Owner"), (GIVEN["url"], "Owner")]
        assert moves_of(session, merchant_id=street.theirs.merchant) == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"url": "http://actions.example/webhook"}, "url"),
        ({"url": 'http://10.0.0.7/"><script>'}, "url"),
        ({"url": "https://10.0.0.7/webhook"}, "url"),
        ({"url": ""}, "url"),
        ({"names": "action_begin_checkout"}, "names"),
        ({"names": " , \n"}, "names"),
    ],
)
def test_t19_what_may_not_be_connected_comes_back_marked(
    owner: Browser, given: dict[str, str], field: str
) -> None:
    answer = owner.post(ROOM, **{**GIVEN, **given})
    assert answer.status_code == 422
    assert f'id="{field}"' in answer.text.split('aria-invalid="true"')[0].rsplit("<", 1)[1]
    assert "<script>" not in answer.text
    kept = (set(GIVEN) - {field}).pop()
    assert GIVEN[kept].split()[0] in unescape(answer.text), "what was right need not be typed again"


def test_it_is_tested_as_a_call_would_go(
    owner: Browser, street: Street, server: HostileServer
) -> None:
    """T17: an address in a closed network only where the operator has allowed it."""
    assert owner.post(f"{ROOM}/check").status_code == 404
    local = {"url": server.url + "/webhook", "names": GIVEN["names"]}
    assert owner.post(ROOM, **local).status_code == 422
    _allow_loopback(street)
    owner.post(ROOM, **local)
    server.answers["/actions"] = as_json(200, [{"name": "action_fold"}])
    lacking = owner.post(f"{ROOM}/check").text
    assert "does not have every action" in lacking
    server.answers["/actions"] = as_json(200, [{"name": "action_fold"}, {"name": "action_cut"}])
    assert "has every action of the list" in owner.post(f"{ROOM}/check").text
    server.answers["/actions"] = as_json(503, [])
    assert "Nobody answers" in owner.post(f"{ROOM}/check").text
    assert "tuanzi-signature" in server.seen[-1][2]


def _allow_loopback(street: Street) -> None:
    """As TUANZI_EGRESS_ALLOWED would."""
    console, tuanzi = console_of(street.site), street.tuanzi
    settings = replace(tuanzi.settings, egress_allowed=(ip_network("127.0.0.0/8"),))
    console.state.tuanzi = replace(tuanzi, settings=settings)


def test_a_manager_looks_and_tests_but_holds_no_key(sign_in: SignIn, street: Street) -> None:
    sign_in(StaffRole.OWNER).post(ROOM, **GIVEN)
    with street.tuanzi.database.transaction() as session:
        trouble = "action_fold: forbidden"
        note_trouble(
            session,
            merchant_id=street.ours.merchant,
            action="action_fold",
            trouble="forbidden",
            now=NOW,
        )
    manager = sign_in(StaffRole.MANAGER)
    page = manager.get(ROOM).text
    assert trouble in page
    assert "Only the owner" in page
    assert f'action="{ROOT}{ROOM}"' not in page
    assert f"{ROOT}{ROOM}" in manager.get("/").text, "the first room leads to the trouble"
    assert manager.post(ROOM, **GIVEN).status_code == 403


def test_without_a_key_of_the_operators_nothing_secret_is_written(
    owner: Browser, street: Street
) -> None:
    console, tuanzi = console_of(street.site), street.tuanzi
    keyless = Database(str(tuanzi.database.engine.url))
    console.state.tuanzi = replace(tuanzi, database=keyless)
    answer = owner.post(ROOM, **GIVEN)
    keyless.close()
    assert answer.status_code == 409
    assert "TUANZI_FIELD_KEYS" in answer.text
