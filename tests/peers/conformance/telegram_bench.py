"""Telegram on the bench: its webhook in this process, a public emulator of its API in another."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any, ClassVar, Self

import httpx
from sqlalchemy import select

from bot.channels.adapter import Unreadable
from bot.channels.messages import utf16
from bot.channels.telegram import CAPABILITIES, Telegram, Ways
from bot.channels.telegram_client import Client
from bot.channels.telegram_updates import read_update
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Reaction, Sender
from data.merchants import Merchant
from tests import calling
from tests.bot.delivery.telegram import SECRET, an_account, message, press, update
from tests.bot.open_demo import Demo
from tests.peers.conformance.bench import Bench, Golden, Taken, numbers, read_each
from tests.peers.telegram_world import QUICK, TOKEN

_FOLDER = Path(__file__).parents[2] / "recordings" / "telegram"
_BOLD = re.compile(r"</?b>")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """As it comes: anything, and the secret that is shown with it."""

    raw: object
    secret: bytes | None = SECRET.encode()
    bot: str = "7"


@dataclass
class TelegramBench(Bench):
    name = "telegram"
    longest = CAPABILITIES.max_text
    patience = 5.0
    reasons: ClassVar[dict[str, str]] = {
        "a_stamp_of_another_time_is_refused": "an update carries no time that is signed: what is "
        "old is known by its number alone"
    }
    peer: str = ""
    http: httpx.Client = field(default_factory=lambda: calling.client(timeout=30))

    @classmethod
    @contextmanager
    def opened(cls, demo: Demo, runner: asyncio.Runner, peer: str) -> Iterator[Self]:
        with demo.tuanzi.database.reading() as session:
            merchant = session.scalars(select(Merchant.id)).one()
        account = an_account(demo.tuanzi, merchant, external_id="7", secret=SECRET)
        client = Client(TOKEN, f"{peer}/bot")
        runner.run(client.introduce())
        channel = Telegram(client, lambda _: None, QUICK, ways=Ways(client.username))
        demo.tuanzi.channels[account.id] = channel
        bench = cls(demo, runner, account, peer=peer)
        try:
            yield bench
        finally:
            bench.http.close()
            runner.run(client.shutdown())

    # — what comes in —

    def person(self) -> str:
        return str(next(numbers))

    def said(self, text: str, who: str) -> Update:
        return Update(message(next(numbers), text, who=int(who)))

    def bring(self, wire: Update) -> Taken:
        headers = {} if wire.secret is None else {b"X-Telegram-Bot-Api-Secret-Token": wire.secret}
        raw = wire.raw
        content = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
        path = f"/webhooks/telegram/{wire.bot}"
        answer = self.demo.client.post(path, content=content, headers=headers)  # type: ignore[arg-type]  # bytes too
        return Taken.by(answer.status_code)

    def press(self, token: str, who: str) -> Update:
        return Update(press(next(numbers), token, who=int(who)))

    def goldens(self) -> Iterator[Golden]:
        recorded = [(file.stem, _json(file)) for file in sorted(_FOLDER.glob("*.json"))]
        cases = ((name, one["update"], _expected(one)) for name, one in recorded)
        return read_each(cases, lambda raw: read_update(raw, self.account))

    def forged(self, who: str) -> list[Update]:
        sound = message(next(numbers), "hi", who=int(who))
        secrets = [None, b"", b"wrong", b"\xff", "团子".encode()]
        secrets += [SECRET.encode() + b"x", SECRET[:-1].encode()]
        others = [Update(sound, bot="9"), Update(sound, bot="x"), Update(b"no JSON", b"wrong")]
        return [*(Update(sound, secret) for secret in secrets), *others]

    def junk(self, _who: str) -> list[Update]:
        deep = [b"[" * 100_000, b"[" * 900 + b"]" * 900 + b"}"]
        numbers = [b'"1"', b"true", b"-1", b"9223372036854775808", b"NaN", b"1.5", b"null"]
        bodies = [b"", b"{", b"[]", b'"hi"', b"null", b"\xff\xfe", b"{}"]
        bodies += [b'{"update_id": 1, "x": ' + inner for inner in (b"Infinity}", *deep)]
        bodies += [b'{"update_id": %s}' % number for number in numbers]
        return [Update(body) for body in bodies]

    def too_large(self, who: str) -> Update:
        return self.said("x" * 1024 * 1024, who)

    def poison(self, who: str) -> list[Update]:
        wires = [_json(file) for file in sorted((_FOLDER / "poison").glob("*.json"))]
        for raw in wires:
            with_number(raw)
            try:
                read_update(raw, self.account)
            except Unreadable:
                continue
            raise AssertionError(raw)
        nobody = message(next(numbers), "hi", who=int(who))
        del nobody["message"]["from"]["is_bot"]
        return [*map(Update, wires), Update(nobody)]

    def unknown(self, who: str) -> Update:
        landing = {"chat": {"id": int(who), "type": "private"}}
        return Update(update(next(numbers), moon_landing=landing))

    # — what goes out —

    def shown(self, chat: str) -> list[str]:
        return [unescape(_BOLD.sub("", text)) for text in self._texts(chat)]

    def sizes(self, chat: str) -> list[int]:
        return [utf16(text) for text in self._texts(chat)]

    def _texts(self, chat: str) -> list[str]:
        seen: list[Json] = self.http.get(f"{self.peer}/__fixture/seen").json()
        mine = [call["fields"] for call in seen if call["fields"].get("chat_id") == chat]
        return [fields["text"] for fields in mine if "text" in fields]

    def throttle(self, chat: str) -> float:
        self._refuse(chat, 429, "Too Many Requests: retry after 7", retry_after=7)
        return 7.0

    throttle_one = throttle

    def close(self, chat: str) -> None:
        self._refuse(chat, 403, "Forbidden: bot was blocked by the user")

    def group(self) -> str:
        return f"-{next(numbers)}"

    def move(self, group: str) -> str:
        after = f"-100{next(numbers)}"
        text = "Bad Request: group chat was upgraded to a supergroup chat"
        self._refuse(group, 400, text, migrate_to_chat_id=int(after))
        return after

    def go_away(self) -> None:
        """Once: then it is there again by itself."""
        self._refuse(None, 502, "Bad Gateway")

    def come_back(self) -> None:
        pass

    def refuse(self, chat: str) -> None:
        self._refuse(chat, 400, "Bad Request: can't parse entities")

    def _refuse(self, chat: str | None, status: int, description: str, **parameters: Any) -> None:
        told: Json = {"method": "sendMessage", "chat_id": chat, "status": status, "times": 1}
        told |= {"description": description, "parameters": parameters or None}
        self.http.post(f"{self.peer}/__fixture/refuse", json=told)


def with_number(raw: Json) -> None:
    """Nobody brought it before."""
    raw["update_id"] = next(numbers)


def _json(file: Path) -> Json:
    loaded: Json = json.loads(file.read_text(encoding="utf-8"))
    return loaded


def _expected(recorded: Json) -> InboundEvent | None:
    event = recorded["event"]
    if event is None:
        return None
    names = {"event_id": str(recorded["update"]["update_id"]), "kind": EventKind(event["kind"])}
    people = {"chat": ChatRef(*event["chat"]), "sender": Sender(*event["sender"])}
    thinks = event.get("reaction")
    reaction = {"reaction": Reaction(**thinks)} if thinks else {}
    return InboundEvent(**{**event, **names, **people, **reaction})
