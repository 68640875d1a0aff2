"""Our server beside a real Rasa 3.6, in `./dev bench dialogs`: one talk, one client that talks.

All servers are up and take turns, round by round, so that a machine that changes its speed changes
it for all of them; who is not asked takes next to nothing (Rasa 0.1 % of a core, ours 2 %).
docs/benches.md says what is the same on both sides and what is not.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.floor import record, replay
from tests.bench.load import Load, Talk, alone, together
from tests.bench.report import Report, p99
from tests.bench.server import Client, Server, running_server, seeded_shop
from tests.bench.turns import PROCESSES
from tests.peers.kept import NoPeer, tell
from tests.peers.rasa_kept import FILES, FULL, LIGHT
from tests.peers.rasa_peer import GIFT_TALK, SMALL_BOT, running_rasa

TALK = Talk([text for text, _answer in GIFT_TALK], "en")
# One process and the same small bot, as Rasa is: this row is held against the aims.
OURS = "tuanzi, same bot, 1 process"
SHOP = "tuanzi, whole shop"
FLOOR = "floor_turns_per_s"  # our turns' SQL alone, in a bare loop
FULL_SQL, LIGHT_SQL = "rasa full, SQL", "rasa light, SQL"
_RASA = {
    FULL_SQL: (FULL, "endpoints_sql.yml"),
    LIGHT_SQL: (LIGHT, "endpoints_sql.yml"),
    "rasa full, memory": (FULL, "endpoints_memory.yml"),
    "rasa light, memory": (LIGHT, "endpoints_memory.yml"),
}
AIM_TIMES = {FULL_SQL: 20.0, LIGHT_SQL: 10.0}  # issue 3, "against the peer"
AIM_MEMORY = 0.25
_HELD = ("turns_per_s", "turns_per_s_eight", "rss_mb")


@dataclass(slots=True)
class Side:
    """One server of the comparison, and what it was measured at."""

    server: Server
    first_answer_s: float
    one: Load = field(default_factory=Load)
    eight: Load = field(default_factory=Load)

    def row(self) -> dict[str, float]:
        return {
            "turns_per_s": self.one.per_s,
            "p50_ms": statistics.median(self.one.taken) * 1000,
            "p99_ms": p99(self.one.taken) * 1000,
            "turns_per_s_eight": self.eight.per_s,
            "p50_ms_eight": statistics.median(self.eight.taken) * 1000,
            "p99_ms_eight": p99(self.eight.taken) * 1000,
            "rss_mb": self.server.resident_mb(),
            "first_answer_s": self.first_answer_s,
        }


def stand_beside(report: Report, *, peer: bool, quick: bool) -> None:
    """Adds a row for each server, and holds ours against the peer's if there is one."""
    ours = _ours()
    with ExitStack() as running:
        sides = {name: running.enter_context(_up(name, server)) for name, server in ours.items()}
        if peer:
            _call(running, sides, report)
        statements = record(TALK.lines, locale=TALK.locale)
        floor: list[float] = []
        for _ in range(1 if quick else 10):
            floor += replay(statements, times=1)
            for side in sides.values():
                side.one.add(alone(side.server, TALK, 1 if quick else 3))
                side.eight.add(together(side.server, TALK, 1))
        report.rows = {name: side.row() for name, side in sides.items()}
    report.figures[FLOOR] = len(floor) / sum(floor)
    _hold(report, list(ours))


def _ours() -> dict[str, AbstractContextManager[Server]]:
    """The peer's bot in our format, and the shop that ships: with one process, and with as many as
    there are cores."""
    whole = {_whole(processes): _shop(processes) for processes in sorted({1, PROCESSES})}
    return {OURS: _shop(1, flows=[SMALL_BOT]), **whole}


def _whole(processes: int) -> str:
    return f"{SHOP}, {processes} process{'es' if processes > 1 else ''}"


def _call(running: ExitStack, sides: dict[str, Side], report: Report) -> None:
    """All four of Rasa's; where one cannot be had the report says why, and it goes on without."""
    try:
        for name, (bot, endpoints) in _RASA.items():
            server = running_rasa(bot, endpoints=FILES / endpoints)
            sides[name] = running.enter_context(_up(name, server))
    except NoPeer as reason:
        report.notes.append(f"no {name}, nor what comes after: {reason}")


@contextmanager
def _shop(processes: int, *, flows: Sequence[Path] = ()) -> Iterator[Server]:
    """Ours, in a shop of its own: two servers on one file would wait for one another."""
    with seeded_shop(flows) as shop, running_server(shop, processes=processes) as server:
        yield server


@contextmanager
def _up(name: str, starting: AbstractContextManager[Server]) -> Iterator[Side]:
    """From its start to its first answer, then the talk once more, for the words."""
    with starting as server:
        begun = time.perf_counter()
        _check(server, GIFT_TALK[:1])
        first_answer_s = server.started_in + time.perf_counter() - begun
        tell(f"{name}: the first answer after {first_answer_s:.1f} s")
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


def _hold(report: Report, ours: list[str]) -> None:
    """Each of ours beside each aim's peer; the one that is one process must do."""
    for name in ours:
        for peer in (one for one in AIM_TIMES if one in report.rows):
            ratios = {figure: _ratio(report, name, peer, figure) for figure in _HELD}
            if name == OURS:
                _judge(report, peer, ratios)
                # What nobody passes who keeps every turn: then an aim says more than a ratio.
                over = report.figures[FLOOR] / report.rows[peer]["turns_per_s"]
                report.ratios[f"floor to {peer}, one client"] = over


def _judge(report: Report, peer: str, ratios: dict[str, float]) -> None:
    one, eight, memory = (ratios[figure] for figure in _HELD)
    times = AIM_TIMES[peer]
    aim = f"{times:.0f} times the turns/s of {peer}"
    report.aim(f"{aim}, one client", got=one, ok=one >= times)
    report.aim(f"{aim}, eight", got=eight, ok=eight >= times)
    report.aim(f"a quarter of the memory of {peer}", got=memory, ok=memory <= AIM_MEMORY)


def _ratio(report: Report, ours: str, peer: str, figure: str) -> float:
    ratio = report.rows[ours][figure] / report.rows[peer][figure]
    report.ratios[f"{figure}, {ours} to {peer}"] = ratio
    return ratio
