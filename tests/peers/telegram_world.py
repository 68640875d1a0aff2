"""A whole shop behind a real socket, Telegram's stand-in in its own process, and people who talk.

Everything a person does goes in as an update of Telegram; what they see is what arrived there.
"""

import asyncio
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from sqlalchemy import func, select

from bot.app import Tuanzi, build
from bot.channels.pacing import Speed, Speeds
from bot.demo.seeding import seed
from bot.settings import Secret, Settings
from bot.site import create_site
from data.delivery.models import InboxRow, InboxState, Job, OutboxRow, OutboxState
from data.delivery.sending import PAUSED
from data.kernel.clock import Clock, SystemClock, TurnableClock
from data.kernel.encryption import FieldCipher
from data.schema import create_schema

TOKEN = "7:canary-token-of-the-peer"
SECRET = "canary-secret_of-the-webhook"
BOT_ID = 7
USERNAME = "tuanzi_test_bot"
QUICK = Speeds(overall=Speed(1000, 1), chat=Speed(1000, 1), group=Speed(1000, 1))
KEY = FieldCipher.new_key()
_PATIENCE = 30.0
_TAG = re.compile(r"</?b>")


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str
    language: str = "en"

    def as_user(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "is_bot": False,
            "first_name": self.name,
            "language_code": self.language,
        }


@dataclass(frozen=True, slots=True)
class Group:
    id: int
    title: str = "Buyers"


ChatOf = Person | Group
Found = TypeVar("Found")


@dataclass(slots=True)
class Bubble:
    """One message as a chat shows it now: an edit changes it in place."""

    number: int
    text: str
    buttons: dict[str, dict[str, str]]
    edits: int = 0
    method: str = "sendMessage"


@dataclass(slots=True)
class Street:
    """The shop, the peer, and everything anybody can see."""

    tuanzi: Tuanzi
    peer: str
    journal: Path
    client: httpx.Client
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1000, 100_000)))

    @property
    def site(self) -> str:
        return self.tuanzi.settings.public_url

    # — doing —

    def say(self, who: Person, text: str, where: Group | None = None, **more: Any) -> None:
        self.inject({"message": self.message(who, text, where, **more)})

    def message(
        self, who: Person, text: str, where: Group | None = None, **more: Any
    ) -> dict[str, Any]:
        return {
            "message_id": next(self._numbers),
            "date": 1_790_000_000,
            "chat": chat_json(where or who),
            "from": who.as_user(),
            **({"text": text} if text else {}),
            **more,
        }

    def press(self, who: Person, label: str, where: Group | None = None) -> None:
        """The newest button with this label in the chat."""
        chat = where or who
        for bubble in reversed(self.bubbles(chat)):
            for title, button in bubble.buttons.items():
                if re.search(label, title):
                    self.press_token(who, button["callback_data"], chat, bubble.number)
                    return
        raise AssertionError(f"no button {label}: {self.told(chat)}")

    def press_token(self, who: Person, data: str, chat: ChatOf, number: int = 1) -> None:
        message = {"message_id": number, "date": 1, "chat": chat_json(chat), "text": "…"}
        press = {
            "id": f"press-{next(self._numbers)}",
            "from": who.as_user(),
            "message": message,
            "chat_instance": "1",
            "data": data,
        }
        self.inject({"callback_query": press})

    def inject(self, update: dict[str, Any]) -> int:
        answer = self.client.post(
            f"{self.peer}/__fixture/updates", json={"token": TOKEN, "update": update}
        )
        assert answer.status_code == 200, answer.text
        return int(answer.json()["result"]["update_id"])

    def deliver_again(self) -> None:
        """The emulator has no loop of its own that tries again."""
        self.client.post(f"{self.peer}/__fixture/deliver", json={"token": TOKEN})

    def call_webhook(self, raw: object, secret: str | bytes | None = SECRET) -> httpx.Response:
        headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
        body: dict[str, Any] = {"content": raw} if isinstance(raw, bytes) else {"json": raw}
        url = f"{self.site}/webhooks/telegram/{BOT_ID}"
        return self.client.post(url, headers=headers, **body)  # type: ignore[arg-type]  # bytes too

    def refuse(
        self,
        method: str,
        chat: ChatOf | None,
        *,
        status: int,
        description: str,
        times: int = 1,
        **parameters: Any,
    ) -> None:
        """Let the peer SIMULATE a refusal of the real Telegram."""
        told = {
            "method": method,
            "chat_id": str(chat.id) if chat else None,
            "status": status,
            "description": description,
            "times": times,
            "parameters": parameters or None,
        }
        self.client.post(f"{self.peer}/__fixture/refuse", json=told)

    def pay(self, who: Person, outcome: str = "approved") -> None:
        """Open the newest payment link of the private chat and let the bank do as told."""
        links = re.findall(r"/pay/[\w-]+", "\n".join(self.told(who)))
        assert links, self.told(who)
        answer = self.client.post(
            f"{self.site}{links[-1]}/sandbox", data={"outcome": outcome}, follow_redirects=False
        )
        assert answer.status_code == 303, answer.text

    # — seeing —

    def calls(self, method: str | None = None) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = self.client.get(f"{self.peer}/__fixture/seen").json()
        return [call for call in seen if method in (None, call["method"])]

    def bubbles(self, chat: ChatOf) -> list[Bubble]:
        shown: dict[int, Bubble] = {}
        for call in self.calls():
            fields = call["fields"]
            if str(fields.get("chat_id")) != str(chat.id) or not call["message_id"]:
                continue
            bubble = _bubble(call)
            old = shown.get(bubble.number)
            bubble.edits = old.edits + 1 if old else 0
            shown[bubble.number] = bubble
        return list(shown.values())

    def told(self, chat: ChatOf) -> list[str]:
        return [bubble.text for bubble in self.bubbles(chat)]

    def wait_for(self, words: str, chat: ChatOf) -> str:
        """The newest bubble that says so, as soon as it does."""

        def found() -> str | None:
            texts = [text for text in reversed(self.told(chat)) if re.search(words, text)]
            return texts[0] if texts else None

        return wait(found, lambda: f"{words!r} in {self.told(chat)}")

    def settle(self) -> None:
        settle(self.tuanzi)

    def open_work(self) -> list[str]:
        return open_work(self.tuanzi)


def settle(tuanzi: Tuanzi) -> None:
    """Until every update is answered and what was said has left; a counter may wait."""
    wait(lambda: not open_work(tuanzi) or None, lambda: open_work(tuanzi))


def open_work(tuanzi: Tuanzi) -> list[str]:
    with tuanzi.database.reading() as session:
        counts = {
            "inbox": session.scalar(
                select(func.count())
                .select_from(InboxRow)
                .where(InboxRow.state == InboxState.RECEIVED)
            ),
            "jobs": session.scalar(
                select(func.count())
                .select_from(Job)
                .where(Job.state == "due", Job.run_at <= tuanzi.clock.now())
            ),
            "outbox": session.scalar(
                select(func.count())
                .select_from(OutboxRow)
                .where(
                    OutboxRow.state.in_((OutboxState.PENDING, OutboxState.SENDING)),
                    OutboxRow.error != PAUSED,
                )
            ),
        }
    return [f"{name}: {count}" for name, count in counts.items() if count]


def chat_json(chat: ChatOf) -> dict[str, Any]:
    if isinstance(chat, Group):
        return {"id": chat.id, "type": "supergroup", "title": chat.title}
    return {"id": chat.id, "type": "private", "first_name": chat.name}


def _bubble(call: dict[str, Any]) -> Bubble:
    fields = call["fields"]
    markup = httpx.Response(200, content=fields.get("reply_markup") or "{}").json()
    buttons = [button for row in markup.get("inline_keyboard", []) for button in row]
    text = _TAG.sub("", fields.get("text") or fields.get("caption") or "")
    titled = {button["text"]: button for button in buttons}
    return Bubble(int(call["message_id"]), text, titled, method=call["method"])


def wait(look: Callable[[], Found | None], why: Callable[[], object]) -> Found:
    until = time.perf_counter() + _PATIENCE
    while time.perf_counter() < until:
        found = look()
        if found is not None:
            return found
        time.sleep(0.03)
    raise AssertionError(f"waited in vain: {why()}")


# — building —


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_peer(journal: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "tests.peers.telegram_peer", "--port", str(port)]
    process = subprocess.Popen([*command, "--journal", str(journal)])
    try:
        wait(lambda: _answers(port), lambda: "the peer")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool | None:
    with closing(socket.socket()) as probe:
        return True if probe.connect_ex(("127.0.0.1", port)) == 0 else None


def shop_settings(database: Path, *, port: int, peer: str, polling: bool = False) -> Settings:
    return Settings(
        database_url=f"sqlite:///{database}",
        public_url=f"http://127.0.0.1:{port}",
        port=port,
        demo=True,
        field_keys=(Secret(KEY),),
        sandbox_secret=Secret(KEY),
        telegram_token=Secret(TOKEN),
        telegram_secret=None if polling else Secret(SECRET),
        telegram_api=f"{peer}/bot",
        telegram_polling=polling,
    )


def seed_shop(database: Path) -> None:
    clock = SystemClock()
    settings = replace(shop_settings(database, port=1, peer="http://127.0.0.1:1"))
    tuanzi = build(settings, clock=clock)
    create_schema(tuanzi.database)
    with tuanzi.database.transaction() as session:
        seed(session, token=KEY, now=clock.now())
    tuanzi.close()


def a_shop(settings: Settings, clock: Clock | None = None, speeds: Speeds = QUICK) -> Tuanzi:
    """Its clock is the real one, and may be turned."""
    system = SystemClock()
    return at_speed(
        build(settings, clock=clock or TurnableClock(system.now(), running=system)), speeds
    )


def at_speed(tuanzi: Tuanzi, speeds: Speeds) -> Tuanzi:
    """The same shop, with this much patience between two messages."""
    assert tuanzi.telegram is not None
    return replace(tuanzi, telegram=replace(tuanzi.telegram, speeds=speeds))


@contextmanager
def serving(
    tuanzi: Tuanzi,
    *,
    connected: bool = True,
    beside: Callable[[], Sequence[Coroutine[None, None, None]]] = tuple,
) -> Iterator[Tuanzi]:
    """The site on a real socket, with all its loops, in a thread of this process."""
    config = uvicorn.Config(
        create_site(tuanzi, beside=beside),
        host="127.0.0.1",
        port=tuanzi.settings.port,
        log_level="warning",
        access_log=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        wait(lambda: server.started or None, lambda: "the site")
        wait(lambda: bool(tuanzi.channels) or not connected or None, lambda: "telegram")
        yield tuanzi
    finally:
        server.should_exit = True
        thread.join(20)
        tuanzi.close()
