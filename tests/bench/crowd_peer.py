"""The emulator of telegram_load.py as a bench drives it: a crowd speaks, answers are counted."""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests import calling
from tests.bench.server import free_port, wait_for
from tests.bench.telegram_load import GROUPS, PRIVATE
from tests.house.source import ROOT

_SILENCE = 30.0  # seconds without an answer: no more will come
_LOOK = 0.25
_LANES = 8


@dataclass(frozen=True, slots=True)
class Crowd:
    groups: int
    private: int
    first: int = 1

    def chats(self) -> list[int]:
        groups = [GROUPS - self.first - number for number in range(self.groups)]
        return groups + [PRIVATE + self.first + number for number in range(self.private)]


@dataclass(slots=True)
class Arrived:
    """`said`: chat ▸ texts in the order in which they came."""

    said: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    moments: list[float] = field(default_factory=list)
    impatient: int = 0


@dataclass(slots=True)
class Peer:
    url: str
    token: str
    client: httpx.Client

    def all_say(self, crowd: Crowd, lines: Sequence[str]) -> float:
        """At once; gives the moment, by the clock of this machine."""
        asked = {"groups": crowd.groups, "private": crowd.private, "first": crowd.first}
        body = {"token": self.token, "lines": list(lines), **asked}
        return float(self._ask("POST", "/__bench/crowd", body)["begun"])

    def answers(self, wanted: int) -> Arrived:
        """Until so many are there, or nothing comes any more."""
        found, last = Arrived(), time.perf_counter()
        while len(found.moments) < wanted and time.perf_counter() - last < _SILENCE:
            if self._look(found):
                last = time.perf_counter()
            time.sleep(_LOOK)
        time.sleep(1)  # whatever comes twice comes now
        self._look(found)
        return found

    def quiet_after(self, seconds: float) -> dict[int, list[str]]:
        """What was said until nothing more came for so long; at least one thing."""
        found, last = Arrived(), time.perf_counter()
        patience = time.perf_counter() + 60
        while not found.moments or time.perf_counter() - last < seconds:
            if self._look(found):
                last = time.perf_counter()
            if time.perf_counter() > patience:
                raise TimeoutError("the bot says nothing")
            time.sleep(0.1)
        return found.said

    def flood(self, many: int) -> int:
        """Messages of a bot that does nothing else."""

        def send(number: int) -> None:
            told = {"chat_id": PRIVATE + 10 + number, "text": "团子"}
            self.client.post(f"{self.url}/bot{self.token}/sendMessage", json=told)

        with ThreadPoolExecutor(_LANES) as pool:
            return len([*pool.map(send, range(many))])

    def _look(self, found: Arrived) -> bool:
        """Whether anything is new."""
        told = self._ask("GET", f"/__bench/arrived?after={len(found.moments)}", None)
        for chat, text, moment in told["arrived"]:
            found.said[chat].append(text)
            found.moments.append(moment)
        found.impatient = told["impatient"]
        return bool(told["arrived"])

    def _ask(self, method: str, path: str, body: object) -> Any:
        answer = self.client.request(method, self.url + path, json=body)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def running_peer(token: str) -> Iterator[Peer]:
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.telegram_load", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        wait_for(port, process)
        with calling.client(timeout=60) as client:
            yield Peer(f"http://127.0.0.1:{port}", token, client)
    finally:
        process.terminate()
        process.wait(30)
