"""Our sending against Telegram's stand-in: what arrives, and what each refusal means for us."""

import asyncio
import json
import logging
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from bot.channels.adapter import (
    Migrated,
    Parcel,
    Rejected,
    Throttled,
    Undeliverable,
    Unreachable,
)
from bot.channels.telegram import Telegram, Ways
from bot.channels.telegram_client import Client
from bot.delivery.doors import Office
from bot.delivery.telegram_door import TelegramDoor
from bot.settings import Secret
from data.delivery.messages import Card, Image, Option, Options, PaymentLink, Segment, Text
from data.kernel.clock import SystemClock
from data.kernel.database import Database
from data.kernel.money import Money
from tests import calling
from tests.peers.telegram_world import (
    QUICK,
    TOKEN,
    USERNAME,
    free_port,
    shop_settings,
)

PICTURE = Path(__file__).parents[2] / "data" / "seeds" / "images" / "baby-bowl-set-sage.png"
SITE = "https://shop.example"
URL = "https://shop.example/media/bowl.png"
PRICE = Money(8800, "CNY")
ANN = "101"


@dataclass(frozen=True, slots=True)
class Desk:
    """One sender, the peer it sends to, and a look at what arrived."""

    peer: str
    http: httpx.Client

    def deliver(self, *segments: Segment, chat: str = ANN, **about: Any) -> tuple[str, ...]:
        kind = "group" if chat.startswith("-") else "private"
        return self.run(Parcel("key", chat, kind, segments, **about))[0]

    def run(self, *parcels: Parcel) -> list[tuple[str, ...]]:
        async def act() -> list[tuple[str, ...]]:
            client = Client(TOKEN, f"{self.peer}/bot")
            await client.introduce()
            pictures = {URL: PICTURE}
            telegram = Telegram(
                client, pictures.get, QUICK, ways=Ways(client.username, client.id, SITE)
            )
            try:
                return [await telegram.deliver(parcel) for parcel in parcels]
            finally:
                await client.shutdown()

        return asyncio.run(act())

    def refuse(self, method: str, status: int, description: str, **parameters: Any) -> None:
        told = {
            "method": method,
            "chat_id": None,
            "status": status,
            "description": description,
            "times": 1,
            "parameters": parameters or None,
        }
        self.http.post(f"{self.peer}/__fixture/refuse", json=told)

    def arrived(self) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = self.http.get(f"{self.peer}/__fixture/seen").json()
        return [call for call in seen if call["method"] != "getMe"]


@pytest.fixture
def desk(telegram_peer: str) -> Iterator[Desk]:
    with calling.client(timeout=30) as http:
        http.post(f"{telegram_peer}/__fixture/forget")
        yield Desk(telegram_peer, http)


def test_a_turn_of_words_pictures_and_buttons_arrives_in_order(desk: Desk) -> None:
    cards = [
        Card("p", f"Bowl {number}", PRICE, body="¥88", image=URL, options=(Option("Pick", "a"),))
        for number in (1, 2)
    ]
    names = desk.deliver(Text("Two ideas:"), *cards, Options((Option("More", "b"),)))
    arrived = desk.arrived()
    assert [call["method"] for call in arrived] == ["sendMessage", "sendPhoto", "sendPhoto"]
    assert names == tuple(str(call["message_id"]) for call in arrived)
    assert [call["files"] for call in arrived[1:]] == [["photo"], []]  # uploaded only once
    keyboard = json.loads(arrived[2]["fields"]["reply_markup"])["inline_keyboard"]
    assert [button["callback_data"] for row in keyboard for button in row] == ["tap:a", "tap:b"]


def test_a_picture_we_do_not_have_leaves_its_words(desk: Desk) -> None:
    desk.deliver(Card("p", "Bowl", PRICE, image="https://elsewhere.example/x.png"), Image("x", ""))
    assert [call["method"] for call in desk.arrived()] == ["sendMessage"]


def test_a_link_into_the_private_chat_is_a_button_of_our_own_name(desk: Desk) -> None:
    desk.deliver(Text("Go on:"), Options((Option("Open", url="tuanzi:start/abc_-9"),)), chat="-5")
    (call,) = desk.arrived()
    (row,) = json.loads(call["fields"]["reply_markup"])["inline_keyboard"]
    assert row[0]["url"] == f"https://t.me/{USERNAME}?start=abc_-9"


def test_a_topic_of_a_forum_is_answered_in_that_topic(desk: Desk) -> None:
    desk.deliver(Text("here"), chat="-1001/7", reply_to="55")
    fields = desk.arrived()[0]["fields"]
    assert (fields["chat_id"], fields["message_thread_id"]) == ("-1001", "7")
    assert json.loads(fields["reply_parameters"])["message_id"] == 55


def test_a_message_that_arrived_in_part_is_finished_not_repeated(desk: Desk) -> None:
    card = Card("p", "Bowl", PRICE, image=URL)
    desk.refuse("sendPhoto", 429, "Too Many Requests", retry_after=4)
    with pytest.raises(Throttled) as told:
        desk.deliver(Text("one"), card)
    assert told.value.seconds == 4
    names = desk.deliver(Text("one"), card, shown=told.value.shown)
    assert [call["method"] for call in desk.arrived()] == ["sendMessage", "sendPhoto"]
    assert names == tuple(str(call["message_id"]) for call in desk.arrived())


def test_a_live_message_changes_in_place(desk: Desk) -> None:
    first = desk.deliver(Text("1 of 3"))
    assert desk.deliver(Text("2 of 3"), edit_of=first) == first
    assert [call["method"] for call in desk.arrived()] == ["sendMessage", "editMessageText"]


def test_an_edit_that_changes_nothing_has_succeeded(desk: Desk) -> None:
    desk.refuse("editMessageText", 400, "Bad Request: message is not modified: same content")
    assert desk.deliver(Text("2 of 3"), edit_of=("9",)) == ("9",)
    assert desk.arrived() == []


def test_a_live_message_that_was_deleted_is_shown_anew(desk: Desk) -> None:
    desk.refuse("editMessageText", 400, "Bad Request: message to edit not found")
    names = desk.deliver(Text("2 of 3"), edit_of=("999999",))  # the peer never counts that far
    assert [str(call["message_id"]) for call in desk.arrived()] == list(names) != ["999999"]


@pytest.mark.parametrize(
    ("status", "description", "parameters", "problem"),
    [
        (429, "Too Many Requests: retry after 3", {"retry_after": 3}, Throttled),
        (403, "Forbidden: bot was blocked by the user", {}, Unreachable),
        (403, "Forbidden: bot can't initiate conversation with a user", {}, Unreachable),
        (400, "Bad Request: chat not found", {}, Unreachable),
        (400, "Bad Request: not enough rights to send text messages", {}, Unreachable),
        (400, "Bad Request: group chat was upgraded", {"migrate_to_chat_id": -1001}, Migrated),
        (400, "Bad Request: can't parse entities", {}, Rejected),
        (401, "Unauthorized", {}, Undeliverable),
        (502, "Bad Gateway", {}, Undeliverable),
        (500, "Internal Server Error", {}, Undeliverable),
    ],
)
def test_each_refusal_has_its_meaning(
    desk: Desk,
    status: int,
    description: str,
    parameters: dict[str, Any],
    problem: type[Undeliverable],
) -> None:
    desk.refuse("sendMessage", status, description, **parameters)
    with pytest.raises(Undeliverable) as told:
        desk.deliver(Text("hello"), chat="-4321")
    assert type(told.value) is problem
    assert TOKEN not in str(told.value)  # T47
    if isinstance(told.value, Migrated):
        assert told.value.external_id == "-1001"


def test_a_messenger_that_is_not_there_is_no_reason_to_give_up() -> None:
    async def act() -> None:
        client = Client(TOKEN, f"http://127.0.0.1:{free_port()}/bot")
        telegram = Telegram(client, lambda _url: None, QUICK)
        with pytest.raises(Undeliverable) as told:
            await telegram.deliver(Parcel("key", ANN, "private", (Text("hello"),)))
        assert type(told.value) is Undeliverable

    asyncio.run(act())


def test_what_we_send_is_what_another_library_takes_for_telegrams_own(
    desk: Desk, another_library: ModuleType
) -> None:
    desk.deliver(Text("Which?"), Options((Option("Yes", "a"), Option("No", "b"))), chat="-1001/7")
    first = desk.deliver(Card("p", "Bowl", PRICE, image=URL), reply_to="4")
    desk.deliver(Card("p", "Bowl", PRICE, image=URL, body="new"), edit_of=first)
    desk.deliver(Text("2 of 3"), edit_of=("9",))
    for call in desk.arrived():
        shape = getattr(another_library.methods, call["method"][0].upper() + call["method"][1:])
        fields = {name: _decoded(name, value) for name, value in call["fields"].items()}
        shape.model_validate({**fields, **dict.fromkeys(call["files"], "upload")})


def _decoded(name: str, value: str) -> Any:
    return json.loads(value) if name in ("reply_markup", "reply_parameters") else value


def test_the_token_stands_in_no_log_not_even_when_it_is_refused(
    desk: Desk, database: Database, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:  # T47
    settings = shop_settings(tmp_path / "unused.db", port=1, peer=desk.peer)
    desk.refuse("getMe", 401, "Unauthorized")
    door = TelegramDoor(Office(settings, database, SystemClock(), {}), Secret(TOKEN))
    with caplog.at_level(logging.DEBUG):
        asyncio.run(door.run())
        desk.deliver(Text("hello"))
    assert "token refused" in caplog.text
    assert "canary" not in caplog.text


def test_without_a_shop_there_is_no_account_to_open(
    desk: Desk, database: Database, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    settings = replace(shop_settings(tmp_path / "x.db", port=1, peer=desk.peer))
    door = TelegramDoor(Office(settings, database, SystemClock(), {}), Secret(TOKEN))
    run: Coroutine[None, None, None] = door.run()
    asyncio.run(run)
    assert "no merchant" in caplog.text


def test_an_order_opens_inside_telegram_in_private_and_as_a_page_in_a_group(
    desk: Desk, another_library: ModuleType
) -> None:
    """Telegram takes such a button in private chats alone; there no secret stands in it."""
    bill = PaymentLink(f"{SITE}/pay/secret", "ord_1", PRICE, "Pay")
    desk.deliver(Text("¥88"), bill)
    desk.deliver(Text("¥88"), bill, chat="-1001")
    shown = [json.loads(call["fields"]["reply_markup"]) for call in desk.arrived()]
    bot_id = TOKEN.partition(":")[0]
    app = {"text": "Pay", "web_app": {"url": f"{SITE}/visit/telegram/{bot_id}/ord_1"}}
    page = {"text": "Pay", "url": f"{SITE}/pay/secret"}
    assert [keyboard["inline_keyboard"] for keyboard in shown] == [[[app]], [[page]]]
    for keyboard in shown:
        another_library.types.InlineKeyboardMarkup.model_validate(keyboard)
