"""Calls to merchants' own servers: signed, once for each key, and nothing odd is taken."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from data.kernel.clock import SystemClock
from integrations.action_servers import (
    ActionServer,
    NoAnswer,
    Problem,
    may_be_called,
    signature,
)
from integrations.egress import Egress
from tests.hostile import HostileServer, as_json, hostile_server
from tests.house.source import ROOT

_PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
SECRET = "canary-of-the-secret"
LOOPBACK = Egress.to("127.0.0.0/8")


@pytest.fixture(scope="module")
def _server() -> Iterator[HostileServer]:
    with hostile_server() as server:
        yield server


@pytest.fixture
def server(_server: HostileServer) -> HostileServer:
    _server.seen.clear()
    _server.answers.clear()
    return _server


def test_t20_a_call_shows_who_made_it_and_when(server: HostileServer) -> None:
    """Verified as docs/actions.md tells it: over the very bytes, with the moment."""
    server.answers["/webhook"] = as_json(200, {"events": [], "responses": []})
    assert call(server, {"next_action": "action_折"}) == {"events": [], "responses": []}
    ((method, _, headers, body),) = server.seen
    assert (method, json.loads(body)["next_action"]) == ("POST", "action_折")
    assert headers["idempotency-key"] == "cnv_1:7"
    assert verified(headers, body)
    assert not verified(headers, body + b" ")
    later = {**headers, "tuanzi-timestamp": str(int(headers["tuanzi-timestamp"]) + 1)}
    assert not verified(later, body)
    old = signature(SECRET, body, now() - timedelta(minutes=6))
    assert not verified({**headers, **old}, body)
    assert not verified({**headers, **signature("another's", body, now())}, body)
    assert SECRET not in str(server.seen) + repr(ActionServer(server.url, SECRET))


def verified(headers: dict[str, str], body: bytes) -> bool:
    """By what the page tells merchants to write."""
    page = (ROOT / "docs" / "actions.md").read_text(encoding="utf-8")
    (recipe,) = (block for block in _PYTHON.findall(page) if "def is_tuanzi" in block)
    names: dict[str, Any] = {}
    exec(recipe, names)  # noqa: S102  # a page of our own
    told: bool = names["is_tuanzi"](SECRET, headers, body)
    return told


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (400, Problem.REFUSED),
        (401, Problem.BROKEN),
        (404, Problem.UNKNOWN_ACTION),
        (429, Problem.UNREACHABLE),
        (449, Problem.UNREACHABLE),
        (500, Problem.UNREACHABLE),
        (503, Problem.UNREACHABLE),
    ],
)
def test_what_a_status_means(server: HostileServer, status: int, problem: Problem) -> None:
    server.answers["/webhook"] = as_json(status, {"error": "canary"})
    with pytest.raises(NoAnswer) as refused:
        call(server)
    assert (refused.value.problem, refused.value.detail) == (problem, str(status))


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/redirect", Problem.BROKEN),
        ("/wrong", Problem.UNREADABLE),
        ("/odd", Problem.UNREADABLE),
        ("/bomb", Problem.TOO_LARGE),
        ("/huge", Problem.TOO_LARGE),
        ("/nan", Problem.UNREADABLE),
        ("/deep", Problem.UNREADABLE),
    ],
)
def test_t18_what_is_no_answer_is_told_by_its_kind(
    server: HostileServer, path: str, problem: Problem
) -> None:
    server.answers["/nan"] = lambda _: (200, b'{"events": [NaN]}')
    server.answers["/deep"] = lambda _: (200, b"[" * 100_000)
    with pytest.raises(NoAnswer) as refused:
        call(server, path=path)
    assert refused.value.problem is problem
    assert len(server.seen) == 1  # nothing was followed


def test_t18_a_slow_answer_is_given_up(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time; all of them do not."""
    monkeypatch.setattr("integrations.action_servers.SECONDS", 0.5)
    with pytest.raises(NoAnswer) as refused:
        call(server, path="/slow")
    assert refused.value.problem is Problem.TIMEOUT


def test_t17_an_inner_address_is_not_called(server: HostileServer) -> None:
    with pytest.raises(NoAnswer) as refused:
        call(server, egress=Egress())
    assert refused.value.problem is Problem.FORBIDDEN
    assert not server.seen


def test_a_server_that_is_away_may_be_back_later(server: HostileServer) -> None:
    with pytest.raises(NoAnswer) as refused:
        asyncio.run(ActionServer("http://127.0.0.1:1/webhook", SECRET, LOOPBACK).call(
            {}, key="k", now=now()
        ))  # fmt: skip
    assert refused.value.problem is Problem.UNREACHABLE


def test_it_is_asked_what_it_has(server: HostileServer) -> None:
    server.answers["/actions"] = as_json(200, [{"name": "action_fold"}])
    found = asyncio.run(ActionServer(server.url + "/webhook", SECRET, LOOPBACK).offered(now=now()))
    assert found == {"action_fold"}
    assert verified(server.seen[0][2], b"")
    server.answers["/actions"] = as_json(200, {"actions": []})
    with pytest.raises(NoAnswer):
        asyncio.run(ActionServer(server.url + "/webhook", SECRET, LOOPBACK).offered(now=now()))


def test_t17_addresses_that_a_shop_may_give() -> None:
    assert may_be_called("https://actions.example/webhook", Egress())
    for url in (
        "http://actions.example/webhook",
        "https://actions.example:5055/webhook",
        "https://me:secret@actions.example/webhook",
        "https://actions.example/webhook#x",
        "https:///webhook",
        "webhook",
    ):
        assert not may_be_called(url, Egress()), url
    assert may_be_called("http://127.0.0.1:5055/webhook", LOOPBACK)


def now() -> datetime:
    """The other side looks at its own clock."""
    return SystemClock().now()


def call(
    server: HostileServer,
    payload: dict[str, Any] | None = None,
    *,
    path: str = "/webhook",
    egress: Egress = LOOPBACK,
) -> object:
    asked = ActionServer(server.url + path, SECRET, egress)
    return asyncio.run(asked.call(payload or {"n": 7}, key="cnv_1:7", now=now()))
