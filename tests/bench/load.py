"""The load that every server gets: a talk, again and again, each time a new person's; from one
client, or from eight at once."""

import itertools
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

from tests.bench.server import Client, Server

CLIENTS = 8
_people = itertools.count()


@dataclass(frozen=True, slots=True)
class Talk:
    lines: Sequence[str]
    locale: str


@dataclass(slots=True)
class Load:
    """What turns (or checkouts) took, each and all together."""

    taken: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_s(self) -> float:
        return len(self.taken) / self.seconds

    def add(self, more: "Load") -> None:
        """One after the other, not side by side."""
        self.taken += more.taken
        self.seconds += more.seconds


def alone(server: Server, talk: Talk, times: int) -> Load:
    """From one client."""
    taken = _talked(server, talk, times)
    return Load(taken, sum(taken))


def together(server: Server, talk: Talk, times: int) -> Load:
    """From eight, each so often."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        runs = [pool.submit(_talked, server, talk, times) for _ in range(CLIENTS)]
        taken = [seconds for run in runs for seconds in run.result()]
    return Load(taken, time.perf_counter() - begun)


def _talked(server: Server, talk: Talk, times: int) -> list[float]:
    taken = []
    with closing(Client(server, locale=talk.locale)) as client:
        for _ in range(times):
            sender = f"somebody-{next(_people)}"
            taken += [client.say(sender, text) for text in talk.lines]
    return taken
