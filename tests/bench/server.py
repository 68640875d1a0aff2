"""A real `tuanzi serve` over a shop of its own, on a free port of the loopback, and its client."""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app import build
from bot.demo.seeding import channel_key, seed
from bot.publishing import publish_flows
from bot.settings import Secret, Settings
from data.kernel.clock import SystemClock
from data.kernel.encryption import FieldCipher
from data.kernel.tokens import new_token
from data.merchants import Merchant
from data.migrations import migrate
from tests.house.source import ROOT

_PATIENCE = 60.0
_SERVE = (sys.executable, "-c", "from bot.cli import main; raise SystemExit(main())", "serve")


@dataclass(frozen=True, slots=True)
class Shop:
    """What the demo seeds, opened as a merchant's shop is; `key` opens its REST channel."""

    database_url: str
    field_key: str
    key: str

    def environment(self) -> dict[str, str]:
        ours = {name: text for name, text in os.environ.items() if not name.startswith("TUANZI_")}
        own = {"TUANZI_DATABASE_URL": self.database_url, "TUANZI_FIELD_KEYS": self.field_key}
        return {**ours, **own, "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    process: "subprocess.Popen[bytes]"
    started_in: float
    key: str

    def memory_mb(self) -> float:
        """All its processes; what several share is counted once (proportional set size)."""
        return sum(float(one.memory_full_info().pss) for one in self.family()) / 2**20

    def resident_mb(self) -> float:
        """All its processes; what several share is counted for each."""
        return sum(float(one.memory_info().rss) for one in self.family()) / 2**20

    def family(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]


class Client:
    """One connection, kept open, as a server's backend would."""

    def __init__(self, server: Server, *, locale: str) -> None:
        self._about = {"locale": locale}
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self._headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {server.key}",
        }

    def close(self) -> None:
        self._connection.close()

    def say(self, sender: str, text: str) -> float:
        """Seconds until the answer is there, whole."""
        begun = time.perf_counter()
        answer = self._post(sender, text)
        taken = time.perf_counter() - begun
        if answer == b"[]":
            raise RuntimeError(text)
        return taken

    def hear(self, sender: str, text: str) -> str:
        """What is answered, in words."""
        return "\n".join(one.get("text", "") for one in json.loads(self._post(sender, text)))

    def _post(self, sender: str, text: str) -> bytes:
        body = json.dumps({"sender": sender, "message": text, "metadata": self._about})
        self._connection.request("POST", "/webhooks/rest/webhook", body, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(answer.status)
        return said


@contextmanager
def seeded_shop(flows: Sequence[Path] = ()) -> Iterator[Shop]:
    """In a folder of its own, migrated and seeded; gone afterwards. `flows`: files published in
    place of those that ship."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(f"sqlite:///{Path(folder) / 'shop.db'}", FieldCipher.new_key(), new_token())
        keys = (Secret(shop.field_key),)
        tuanzi = build(Settings(database_url=shop.database_url, field_keys=keys))
        migrate(tuanzi.database)
        with tuanzi.database.transaction() as session:
            seed(session, token=shop.key, now=SystemClock().now())
            _publish(session, flows)
        tuanzi.close()
        yield Shop(shop.database_url, shop.field_key, channel_key(shop.key))


def _publish(session: Session, flows: Sequence[Path]) -> None:
    sources = {file.name: file.read_text(encoding="utf-8") for file in flows}
    for merchant_id in session.scalars(select(Merchant.id)) if sources else ():
        publish_flows(
            session, merchant_id=merchant_id, sources=sources, by="bench", now=SystemClock().now()
        )


@contextmanager
def running_server(
    shop: Shop,
    *,
    processes: int,
    serve: Sequence[str] = _SERVE,
    more: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Started cold; `started_in` is the time to its first answer. `more`: of its environment."""
    begun = time.perf_counter()
    port = free_port()
    options = ["--port", str(port), "--processes", str(processes)]
    surroundings = {**shop.environment(), **(more or {})}
    process = subprocess.Popen([*serve, *options], cwd=ROOT, env=surroundings)
    try:
        wait_for(port, process)
        yield Server(port, process, time.perf_counter() - begun, shop.key)
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(
    port: int,
    process: "subprocess.Popen[bytes]",
    *,
    path: str = "/",
    patience: float = _PATIENCE,
) -> None:
    """Until it answers; ChildProcessError if it ended instead."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < patience:
        call = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            with closing(call):
                call.request("GET", path)
                call.getresponse().read()
        except OSError:
            if process.poll() is not None:
                raise ChildProcessError(process.returncode) from None
            time.sleep(0.05)
            continue
        return
    raise TimeoutError(port)
