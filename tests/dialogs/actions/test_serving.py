"""Our actions on a stock action server: found, handed to another process, called as by Rasa."""

import asyncio
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import httpx
import pytest
from rasa_sdk.executor import ActionExecutor
from sqlalchemy import select

from bot.play.world import seeded_file
from data.delivery.messages import (
    Card,
    GroupBuyCard,
    Image,
    Option,
    Options,
    PaymentLink,
    Reminder,
    Text,
)
from data.kernel.database import Database
from data.kernel.errors import Invalid, NotFound
from data.kernel.money import Money
from data.merchants import Merchant
from data.people import ChannelIdentity
from dialogs.actions import serving
from dialogs.actions.dispatching import messages_of
from dialogs.actions.shelf import ACTIONS
from tests import calling
from tests.builders import NOW, a_merchant
from tests.crash.shop import free_port
from tests.house.source import ROOT

Slots = dict[str, Any]
Webhook = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The demo shop's database."""
    return Path(shutil.copyfile(seeded_file(), tmp_path / "shop.db"))


@pytest.fixture
def webhook(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """What `rasa_sdk` does behind its /webhook, in this process."""
    monkeypatch.setenv("TUANZI_DATABASE_URL", f"sqlite:///{file}")
    serving._counter.cache_clear()
    executor = ActionExecutor()
    executor.register_package("dialogs.actions")
    child = pickle.loads(pickle.dumps(executor))  # noqa: S301  # so it reaches its worker

    def call(body: dict[str, Any]) -> dict[str, Any]:
        answer = asyncio.run(child.run(json.loads(json.dumps(body))))
        found: dict[str, Any] = answer.model_dump()
        return found

    yield call
    serving._counter().database.close()
    serving._counter.cache_clear()


def body(action: str, slots: Slots, *, sender: str = "ann", locale: str = "en") -> dict[str, Any]:
    """As Rasa 3.6 sends it."""
    message = {"text": "hi", "intent": {"name": "ask"}, "entities": [], "intent_ranking": []}
    tracker = {
        "sender_id": sender,
        "slots": {"session_started_metadata": None, **slots},
        "latest_message": {**message, "metadata": {"locale": locale}},
        "latest_event_time": 1.5,
        "followup_action": None,
        "paused": False,
        "events": [{"event": "action", "name": "action_session_start", "timestamp": 1.0}],
        "latest_input_channel": "rest",
        "active_loop": {},
        "latest_action": {"action_name": "action_listen"},
        "latest_action_name": "action_listen",
    }
    domain = {"slots": {}, "intents": [], "actions": [action], "responses": {}, "forms": {}}
    call = {"next_action": action, "sender_id": sender, "tracker": tracker, "domain": domain}
    return {**call, "version": "3.6.21"}


def shown(answer: dict[str, Any]) -> list[str]:
    return [message["text"] for message in answer["responses"]]


def after(slots: Slots, answer: dict[str, Any]) -> Slots:
    assert {event["event"] for event in answer["events"]} <= {"slot"}
    return {**slots, **{event["name"]: event["value"] for event in answer["events"]}}


def finds_a_gift(call: Webhook) -> None:
    """Ideas, then others, then one of them is picked: Rasa keeps the slots between the calls."""
    slots: Slots = {"recipient": "mother"}
    first = call(body("action_find_gifts", slots))
    assert shown(first)[0] == "A few ideas for your mum:"
    assert len(first["responses"]) == 4
    pick = first["responses"][1]["buttons"][0]["payload"]
    assert pick.startswith("/SetSlots(gift_choice=prd_")
    slots = after(slots, first)
    second = call(body("action_find_gifts", slots))
    assert set(shown(first)[1:]).isdisjoint(shown(second)[1:])
    chosen = pick.removeprefix("/SetSlots(gift_choice=").removesuffix(")")
    third = call(body("action_choose_gift", {**after(slots, second), "gift_choice": chosen}))
    assert after({}, third)["product"] == chosen


def test_what_a_rasa_asks_for_is_found_kept_and_picked(webhook: Webhook) -> None:
    finds_a_gift(webhook)


def test_a_search_answers_in_the_language_of_the_channel(webhook: Webhook) -> None:
    english = shown(webhook(body("action_search_products", {"search_for": "tea"})))
    assert english[0] == "Here is what we have:"
    chinese = body("action_search_products", {"search_for": "茶"}, sender="lan", locale="zh-Hant")
    assert shown(webhook(chinese))[0] != english[0]


def test_a_refusal_is_told_in_words_and_undone(webhook: Webhook) -> None:
    refused = webhook(body("action_choose_gift", {"gift_choice": "prd_nothing"}))
    assert after({}, refused) == {"refusal": "error_not_found"}
    assert shown(refused) == ["Sorry, I couldn't find that."]
    again = webhook(body("action_find_gifts", {"recipient": "mother", **after({}, refused)}))
    assert after({}, again)["refusal"] is None


def test_a_sender_is_one_person_of_the_shop(webhook: Webhook, file: Path) -> None:
    for sender in ("ann", "ann", "ben"):
        webhook(body("action_search_products", {"search_for": "tea"}, sender=sender))
    database = Database(f"sqlite:///{file}")
    with database.reading() as session:
        ids = session.scalars(
            select(ChannelIdentity.external_id).where(
                ChannelIdentity.external_id.in_(("ann", "ben"))
            )
        ).all()
    database.close()
    assert sorted(ids) == ["ann", "ben"]


@pytest.mark.parametrize("sender", ["", "x" * 129])
def test_a_sender_that_is_none_is_nobody(webhook: Webhook, sender: str) -> None:
    with pytest.raises(Invalid):
        webhook(body("action_search_products", {"search_for": "tea"}, sender=sender))


def test_values_that_a_slot_does_not_allow_are_not_believed(webhook: Webhook) -> None:
    slots = {"recipient": ["mother"], "budget": "all of it", "search_for": {"a": 1}, "odd": 1}
    assert shown(webhook(body("action_find_gifts", slots)))


def test_where_there_are_several_shops_one_must_be_named(
    webhook: Webhook, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite:///{file}")
    with database.transaction() as session:
        (demo,) = session.scalars(select(Merchant.id)).all()
        a_merchant(session)
    database.close()
    call = body("action_search_products", {"search_for": "tea"})
    with pytest.raises(NotFound, match="TUANZI_MERCHANT"):
        webhook(call)
    serving._counter().database.close()
    serving._counter.cache_clear()
    monkeypatch.setenv("TUANZI_MERCHANT", demo)
    assert shown(webhook(call))


def test_every_action_of_the_shelf_is_served_and_nothing_abstract(webhook: Webhook) -> None:
    assert serving.SERVED.keys() == ACTIONS.keys()
    assert {kind().name() for kind in serving.SERVED.values()} == ACTIONS.keys()


def test_all_that_can_be_shown_reaches_a_rasa() -> None:
    price = Money(8800, "CNY")
    pick = Option("Pick", "/SetSlots(a=b)")
    page = Option("Open", url="https://shop.example/p")
    team = GroupBuyCard("t", "Tea", 1, 2, price, NOW, "open", "1 of 2", options=(pick,))
    segments = (
        Text("hi"), Options((pick, page)), Card("p", "Tea", price, "¥88", options=(pick,)),
        Image("https://shop.example/i.png", "a cup"),
        PaymentLink("https://x.example/", "o", price, "Pay"),
        team, Reminder("occ", "2026-11-22", "Tomorrow"), Options((pick,)),
    )  # fmt: skip
    button = {"title": "Pick", "payload": "/SetSlots(a=b)"}
    open_page = "https://shop.example/p"
    assert messages_of(segments) == [
        {
            "text": "hi",
            "buttons": [button, {"title": "Open", "payload": open_page, "url": open_page}],
        },
        {"text": "Tea\n¥88", "buttons": [button]},
        {"text": "a cup", "image": "https://shop.example/i.png"},
        {"text": "Pay\nhttps://x.example/"},
        {"text": "1 of 2", "buttons": [button]},
        {"text": "Tomorrow", "buttons": [button]},
    ]


@contextmanager
def stock_server(file: Path) -> Iterator[str]:
    """`python -m rasa_sdk` as anybody would start it; gives its address."""
    port = free_port()
    environment = {**os.environ, "TUANZI_DATABASE_URL": f"sqlite:///{file}"}
    environment.pop("SANIC_HOST", None)
    command = [
        sys.executable,
        "-m",
        "rasa_sdk",
        "--actions",
        "dialogs.actions",
        "--port",
        str(port),
    ]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        try:
            _wait(f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            said = server.communicate(timeout=30)[0]
    assert f"http://127.0.0.1:{port}" in said, "and on no other address"


def _wait(address: str) -> None:
    until = perf_counter() + 60
    while perf_counter() < until:
        try:
            if calling.get(address).status_code == 200:
                return
        except httpx.TransportError:
            sleep(0.1)
    raise TimeoutError(address)


@pytest.mark.slow  # two processes start: 9 s of CPU
def test_the_stock_server_serves_our_package_over_http(file: Path) -> None:
    with stock_server(file) as address, calling.client(base_url=address, timeout=20) as client:

        def call(body: dict[str, Any]) -> dict[str, Any]:
            answer = client.post("/webhook", json=body)
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found

        finds_a_gift(call)
        assert shown(call(body("action_search_products", {"search_for": "tea"})))
        assert ACTIONS.keys() <= {each["name"] for each in client.get("/actions").json()}
        unknown = client.post("/webhook", json=body("action_unknown", {}))
        assert unknown.status_code == 404
