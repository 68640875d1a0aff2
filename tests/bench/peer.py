"""Our server beside a real Rasa 3.6, in `./dev bench dialogs`: one talk, one client that talks.

All servers are up and take turns, round by round, so that a machine that changes its speed changes
it for all of them. A turn is HTTP, understanding, policy and store together, on both sides. Ours is
always fully durable and also searches a shop; Rasa's SQL tracker is SQLite as it comes.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field

from tests.bench.load import Load, Talk, alone, together
from tests.bench.report import Report, p99
from tests.bench.server import Client, Server, running_server, seeded_shop
from tests.bench.turns import PROCESSES
from tests.peers.rasa_kept import FILES, FULL, LIGHT, NoPeer, model
from tests.peers.rasa_peer import GIFT_TALK, running_rasa

TALK = Talk([text for text, _answer in GIFT_TALK], "en")
# One process, as Rasa is: this row is held against the aims.
OURS = "tuanzi, 1 process"
FULL_SQL, LIGHT_SQL = "rasa full, SQL", "rasa light, SQL"
_RASA = {
    FULL_SQL: (FULL, "endpoints_sql.yml"),
    LIGHT_SQL: (LIGHT, "endpoints_sql.yml"),
    "rasa full, memory": (FULL, "endpoints_memory.yml"),
    "rasa light, memory": (LIGHT, "endpoints_memory.yml"),
}
AIM_TIMES = {FULL_SQL: 20.0, LIGHT_SQL: 10.0}  # issue 3, "against the peer"
AIM_MEMORY = 0.25


@dataclass(slots=True)
class Side:
    """One server of the comparison, and what it was measured at."""

    server: Server
    first_answer_s: float
    one: Load = field(default_factory=Load)
    eight: Load = field(default_factory=Load)

    def row(self) -> dict[str, float]:
        return {
            "turns_per_s": self.one.turns_per_s,
            "p50_ms": statistics.median(self.one.taken) * 1000,
            "p99_ms": p99(self.one.taken) * 1000,
            "turns_per_s_eight": self.eight.turns_per_s,
            "p50_ms_eight": statistics.median(self.eight.taken) * 1000,
            "p99_ms_eight": p99(self.eight.taken) * 1000,
            "rss_mb": self.server.resident_mb(),
            "first_answer_s": self.first_answer_s,
        }


def stand_beside(report: Report, *, peer: bool, quick: bool) -> None:
    """Adds a row for each server, and holds ours against the peer's if there is one."""
    rasa = _rasa(report) if peer else {}
    with ExitStack() as running:
        sides = {name: running.enter_context(_up(server)) for name, server in rasa.items()}
        for processes in sorted({1, PROCESSES}):
            sides[_ours(processes)] = running.enter_context(_up(_shop(processes)))
        for _ in range(1 if quick else 10):
            for side in sides.values():
                side.one.add(alone(side.server, TALK, 1 if quick else 3))
                side.eight.add(together(side.server, TALK, 1))
        report.rows = {name: side.row() for name, side in sides.items()}
    if rasa:
        _hold(report)


def _ours(processes: int) -> str:
    return OURS if processes == 1 else f"tuanzi, {processes} processes"


def _rasa(report: Report) -> dict[str, AbstractContextManager[Server]]:
    """All four, once both models are learnt; none, and why, where Rasa cannot be had."""
    try:
        for bot in (FULL, LIGHT):
            model(bot)
    except NoPeer as reason:
        report.notes.append(f"Rasa is left out: {reason}")
        return {}
    return {
        name: running_rasa(bot, endpoints=FILES / endpoints)
        for name, (bot, endpoints) in _RASA.items()
    }


@contextmanager
def _shop(processes: int) -> Iterator[Server]:
    """Ours, in a shop of its own: two servers on one file would wait for one another."""
    with seeded_shop() as shop, running_server(shop, processes=processes) as server:
        yield server


@contextmanager
def _up(starting: AbstractContextManager[Server]) -> Iterator[Side]:
    """From its start to its first answer, then the talk once more, for the words."""
    with starting as server:
        begun = time.perf_counter()
        _check(server, GIFT_TALK[:1])
        first_answer_s = server.started_in + time.perf_counter() - begun
        _check(server, GIFT_TALK)
        together(server, TALK, 1)
        yield Side(server, first_answer_s)


def _check(server: Server, lines: tuple[tuple[str, str], ...]) -> None:
    """Whoever answers something else is not measured at this talk."""
    sender = f"first-{len(lines)}"
    with closing(Client(server, locale=TALK.locale)) as client:
        for text, part in lines:
            heard = client.hear(sender, text)
            if part not in heard:
                raise RuntimeError(f"{text!r} was answered {heard!r}")


def _hold(report: Report) -> None:
    ours = report.rows[OURS]
    for peer, times in AIM_TIMES.items():
        theirs = report.rows[peer]
        for clients, figure in (("one client", "turns_per_s"), ("eight", "turns_per_s_eight")):
            ratio = ours[figure] / theirs[figure]
            report.ratios[f"{figure} to {peer}"] = ratio
            report.aim(f"{times:.0f} times {peer}, {clients}", got=ratio, ok=ratio >= times)
        memory = ours["rss_mb"] / theirs["rss_mb"]
        report.ratios[f"rss to {peer}"] = memory
        report.aim(f"a quarter of the memory of {peer}", got=memory, ok=memory <= AIM_MEMORY)
