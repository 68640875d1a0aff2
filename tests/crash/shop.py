"""A shop that is killed and started again, and a customer who tries again as messengers do."""

import http.client
import json
import shutil
import signal
import socket
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.cli import main as tuanzi
from data.kernel.clock import SystemClock
from tests.crash.nursery import Nursery

_PATIENCE = 60.0
_LOST = (http.client.HTTPException, OSError)


@dataclass(slots=True)
class MortalShop:
    """`folder` survives every death: database and keys."""

    folder: Path
    nursery: Nursery
    environment: dict[str, str] = field(default_factory=dict)
    seam: str = "nowhere"
    nth: int = 1
    deaths: int = 0
    port: int = 0

    def start(self) -> None:
        self.port = self.port or free_port()
        options = ("--port", str(self.port), "--folder", str(self.folder))
        self.nursery.let_live(self.seam, self.nth, options, self.environment)
        until(self._answers)

    def stop(self) -> None:
        self.nursery.kill()

    def call(self, method: str, path: str, body: str, kind: str) -> Any:
        """Ask; if the shop dies on it, start it whole again and ask again, the same."""
        while True:
            try:
                return self._ask(method, path, body, kind)
            except _LOST:
                self.rise_again()

    def say(self, text: str, message_id: str) -> list[dict[str, Any]]:
        message = {
            "sender": "ann",
            "message": text,
            "metadata": {"message_id": message_id, "locale": "zh-Hans"},
        }
        said: list[dict[str, Any]] = self.call(
            "POST", "/webhooks/rest/webhook", json.dumps(message), "application/json"
        )
        return said

    def pay(self, token: str) -> None:
        form = urlencode({"outcome": "approved"})
        self.call("POST", f"/pay/{token}/sandbox", form, "application/x-www-form-urlencoded")

    def turn_clock(self, by: str) -> None:
        self.call("POST", "/demo/clock", json.dumps({"advance": by}), "application/json")

    def heard(self) -> list[str]:
        told = self.call("GET", "/webhooks/rest/messages?recipient=ann", "", "application/json")
        return [message.get("text", "") for message in told["messages"]]

    @property
    def database(self) -> Path:
        (file,) = self.folder.glob("demo-*.db")
        return file

    def ask_database(self, question: str) -> list[Any]:
        address = f"file:{self.database}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            return connection.execute(question).fetchall()

    def _ask(self, method: str, path: str, body: str, kind: str) -> Any:
        call = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        with closing(call) as connection:
            connection.request(method, path, body, {"content-type": kind})
            with connection.getresponse() as answer:
                raw = answer.read()
        assert answer.status < 500, raw
        return json.loads(raw) if raw.startswith((b"{", b"[")) else None

    def rise_again(self) -> None:
        """Whole: the seam has done its work."""
        code = self.nursery.exit_code(_PATIENCE)
        assert code == -signal.SIGKILL, "it must have been killed, not have crashed"
        self.deaths += 1
        self.seam = "nowhere"
        self.start()

    def has_died(self) -> bool:
        return self.nursery.has_ended()

    def _answers(self) -> bool:
        try:
            self._ask("GET", "/demo/clock", "", "application/json")
        except _LOST:
            return False
        return True


def until(true: Any) -> None:
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < _PATIENCE
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def copy_of(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    return to


def sound(shop: MortalShop, monkeypatch: pytest.MonkeyPatch) -> bool:
    """`tuanzi audit`, on the shop as it lies there, at the time its clock was turned to."""
    monkeypatch.setenv("TUANZI_DATABASE_URL", f"sqlite:///{shop.database}")
    monkeypatch.setenv("TUANZI_NOW", (SystemClock().now() + timedelta(minutes=11)).isoformat())
    return tuanzi(["audit"]) == 0
