"""Telegram's journeys as its stand-in received them: messages, pictures, keyboards, presses, edits.

The journeys are those of the tests (tests/peers/test_telegram_journeys.py), acted once more.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from tests.peers import test_telegram_journeys as journeys
from tests.peers.telegram_world import (
    TOKEN,
    ChatOf,
    Person,
    Street,
    a_shop,
    free_port,
    running_peer,
    serving,
    shop_settings,
)
from tests.pictures.transcript import Page, Shown, plain

_SHOP = "Tuanzi"
Json = dict[str, Any]


@dataclass(slots=True)
class WatchedStreet(Street):
    """Keeps what people did, and how many calls of ours had come before it."""

    done: list[tuple[int, Json]] = field(default_factory=list)

    def inject(self, update: Json) -> int:
        self.done.append((len(self.calls()), update))
        return Street.inject(self, update)

    def in_order(self) -> Iterator[Json]:
        """Updates and calls, as they came."""
        calls, place = self.calls(), 0
        for before, update in self.done:
            yield from calls[place:before]
            yield update
            place = before
        yield from calls[place:]

    def picture(self, call: Json) -> bytes | None:
        """As somebody's phone would fetch it."""
        if not call.get("photo"):
            return None
        return self.client.get(f"{self.peer}/file/bot{TOKEN}/{call['photo']}").content


@contextmanager
def _watched_street(seeded: Path, folder: Path) -> Iterator[WatchedStreet]:
    shutil.copyfile(seeded, folder / "shop.db")
    journal = folder / "journal.jsonl"
    with running_peer(journal) as peer, httpx.Client(timeout=30, trust_env=False) as client:
        settings = shop_settings(folder / "shop.db", port=free_port(), peer=peer)
        with serving(a_shop(settings)) as tuanzi:
            yield WatchedStreet(tuanzi, peer, journal, client)


def a_gift(seeded: Path, folder: Path) -> list[Page]:
    with _watched_street(seeded, folder) as street:
        journeys.test_a_gift_is_found_bought_and_paid_for_in_a_private_chat(street)
        return [_page(street, journeys.ANN, journeys.ANN, columns=2)]


def a_group_buy(seeded: Path, folder: Path) -> list[Page]:
    with _watched_street(seeded, folder) as street:
        journeys.test_friends_buy_together_in_a_group_and_what_is_private_stays_private(street)
        crew, lan = journeys.CREW, journeys.LAN
        return [_page(street, crew, lan), _page(street, lan, lan)]


def _page(street: WatchedStreet, chat: ChatOf, viewer: Person, *, columns: int = 1) -> Page:
    reading = _Reading(street, chat, viewer)
    for one in street.in_order():
        reading.take(one)
    title = f"{viewer.name} in private" if isinstance(chat, Person) else f"The group {chat.title}"
    return Page(title, list(reading.shown.values()), columns)


@dataclass(slots=True)
class _Reading:
    """A chat as it fills; an edit changes what stands there already."""

    street: WatchedStreet
    chat: ChatOf
    viewer: Person
    shown: dict[str, Shown] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)  # of buttons, by their token
    edits: dict[str, int] = field(default_factory=dict)

    def take(self, one: Json) -> None:
        if "callback_query" in one:
            self._pressed(one["callback_query"])
        elif "message" in one:
            self._said(one["message"])
        elif one["method"] == "answerCallbackQuery":
            self._answered(one["fields"])
        elif one["message_id"]:
            self._told(one)

    def _is_here(self, chat: Json) -> bool:
        return str(chat["id"]) == str(self.chat.id)

    def _said(self, message: Json) -> None:
        if self._is_here(message["chat"]):
            who = message["from"]
            mine = who["id"] == self.viewer.id
            shown = Shown(plain(message["text"]), who["first_name"], mine)
            self.shown[f"said{message['message_id']}"] = shown

    def _pressed(self, press: Json) -> None:
        if self._is_here(press["message"]["chat"]):
            words = f"{press['from']['first_name']} presses “{self.labels[press['data']]}”"
            self.shown[press["id"]] = Shown(plain(words))

    def _answered(self, fields: Json) -> None:
        press = self.shown.get(fields["callback_query_id"])
        if press is None:
            return
        more = f" and is told: “{fields['text']}”" if "text" in fields else ""
        more += ": the private chat opens" if "url" in fields else ""
        self.shown[fields["callback_query_id"]] = replace(press, markup=press.markup + plain(more))

    def _told(self, call: Json) -> None:
        fields, key = call["fields"], f"told{call['message_id']}"
        rows = json.loads(fields.get("reply_markup") or "{}").get("inline_keyboard", [])
        self.labels |= {
            one["callback_data"]: one["text"]
            for row in rows
            for one in row
            if "callback_data" in one
        }
        if str(fields.get("chat_id")) != str(self.chat.id):
            return
        if key in self.shown:
            self.edits[key] = self.edits.get(key, 0) + 1
        count = self.edits.get(key, 0)
        self.shown[key] = Shown(
            fields.get("text") or fields.get("caption") or "",  # Telegram's HTML, made by us
            _SHOP,
            picture=self.street.picture(call),
            buttons=tuple(tuple(one["text"] for one in row) for row in rows),
            note=f"edited in place {count} time{'s' if count > 1 else ''}" if count else "",
        )
