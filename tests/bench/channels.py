"""`./dev bench channels`: a crowd of groups and private chats at once, through Telegram's emulator.

Our `tuanzi serve` answers as a shop, each turn durable; in the same run, with the same updates and
an emulator of its own each, plain python-telegram-bot with its AIORateLimiter echoes. One group is
throttled and one person has blocked the bot. Nobody keeps to Telegram's own speeds here, except in
the rows that say so: else all would measure 30 messages a second.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import psutil

from tests.bench.crowd_peer import Crowd, Peer, running_peer
from tests.bench.report import Report, p99
from tests.bench.server import running_server, seeded_shop
from tests.bench.telegram_load import BLOCKED
from tests.peers.kept import NoPeer
from tests.peers.ptb_kept import VERSION, running_echo

TOKEN = "7:bench-token-of-the-peer"  # of a bot that is nobody's
LINES = ("你好", "谢谢", "帮助")
_UNPACED = (sys.executable, "-m", "tests.bench.unpaced", "serve")
_AT_ONCE = 256  # concurrent_updates=True is as many (python-telegram-bot's own default)
_SAME = 24  # characters that tell one answer from another

Said = dict[int, list[str]]
Bot = Callable[[Peer], AbstractContextManager[psutil.Process]]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a private chat and a group hear, in order."""

    private: Sequence[str]
    group: Sequence[str]

    def of(self, chat: int) -> Sequence[str]:
        return self.group if chat < 0 else self.private


@dataclass(slots=True)
class Outcome:
    """`taken`: seconds from what was said until each message was there; `impatient`: calls into the
    throttled group before its time; `cpu`: seconds, of the bot alone."""

    taken: list[float] = field(default_factory=list)
    disordered: int = 0
    missing: int = 0
    twice: int = 0
    impatient: int = 0
    cpu: float = 0.0

    def row(self) -> dict[str, float]:
        return {
            "messages/s": len(self.taken) / max(self.taken),
            "p50 s": sorted(self.taken)[len(self.taken) // 2],
            "p99 s": p99(self.taken),
            "disordered": self.disordered,
            "missing": self.missing,
            "twice": self.twice,
            "429 again": self.impatient,
            "cpu ms each": self.cpu / len(self.taken) * 1000,
        }


def run(quick: bool, *, peer: bool = True) -> Report:
    crowd = Crowd(20, 200) if quick else Crowd(200, 2_000)
    few = Crowd(4, 40) if quick else Crowd(20, 200)
    report = Report("channels")
    outcomes = {"ours": _measured(_ours, crowd), "ours, at Telegram's pace": _measured(_paced, few)}
    if peer:
        outcomes |= _echoes(report, crowd, few)
    report.rows = {name: outcome.row() for name, outcome in outcomes.items()}
    report.figures = {"groups": crowd.groups, "private_chats": crowd.private, "lines": len(LINES)}
    report.figures |= {"emulator_alone_messages_per_s": _emulator_alone()}
    _compare(report)
    return report


def _echoes(report: Report, crowd: Crowd, few: Crowd) -> dict[str, Outcome]:
    try:
        return {
            "ptb, one by one": _measured(_echo("--free"), crowd),
            "ptb, 256 at once": _measured(_echo("--free", "--at-once", str(_AT_ONCE)), crowd),
            "ptb, at Telegram's pace": _measured(_echo(), few),
        }
    except NoPeer as problem:
        report.notes.append(f"no python-telegram-bot {VERSION} beside: {problem}")
        return {}


def _compare(report: Report) -> None:
    rows = report.rows
    ours = rows["ours"]
    for name in ("ptb, one by one", "ptb, 256 at once"):
        if name in rows:
            speeds = ours["messages/s"], rows[name]["messages/s"]
            report.ratios[f"speed: ours to {name}"] = speeds[0] / speeds[1]
            report.ratios[f"p99: ours to {name}"] = ours["p99 s"] / rows[name]["p99 s"]
    for name in ("ours", "ours, at Telegram's pace"):
        wrong = sum(rows[name][kind] for kind in ("disordered", "missing", "twice"))
        report.aim(f"{name}: nothing disordered, missing or twice", got=wrong, ok=not wrong)


# — the bots —


@contextmanager
def _ours(peer: Peer) -> Iterator[psutil.Process]:
    with _shop(peer, serve=_UNPACED) as process:
        yield process


@contextmanager
def _paced(peer: Peer) -> Iterator[psutil.Process]:
    with _shop(peer) as process:
        yield process


@contextmanager
def _shop(peer: Peer, **how: Sequence[str]) -> Iterator[psutil.Process]:
    told = {"TOKEN": TOKEN, "API": f"{peer.url}/bot", "POLLING": "1"}
    more = {f"TUANZI_TELEGRAM_{name}": text for name, text in told.items()}
    with seeded_shop() as shop, running_server(shop, processes=1, more=more, **how) as server:
        yield psutil.Process(server.process.pid)


def _echo(*options: str) -> Bot:
    @contextmanager
    def running(peer: Peer) -> Iterator[psutil.Process]:
        with running_echo("--api", f"{peer.url}/bot", "--token", TOKEN, *options) as process:
            yield psutil.Process(process.pid)

    return running


# — measuring —


def _measured(bot: Bot, crowd: Crowd) -> Outcome:
    with running_peer(TOKEN) as peer, bot(peer) as process:
        expected = _rehearsed(peer)
        before = process.cpu_times()
        begun = peer.all_say(crowd, LINES)
        arrived = peer.answers(_count(expected, crowd))
        after = process.cpu_times()
        outcome = _judged(arrived.said, expected, crowd)
        outcome.taken = [moment - begun for moment in arrived.moments]
        outcome.impatient = arrived.impatient
        outcome.cpu = after.user + after.system - before.user - before.system
        return outcome


def _rehearsed(peer: Peer) -> Expected:
    """One person and one group, line by line: what each hears when nobody else talks."""
    heard: dict[bool, list[str]] = {True: [], False: []}
    for line in LINES:
        peer.all_say(Crowd(1, 1, first=500_000), [line])
        for chat, texts in peer.quiet_after(2).items():
            heard[chat < 0] += [text[:_SAME] for text in texts]
    return Expected(heard[False], heard[True])


def _count(expected: Expected, crowd: Crowd) -> int:
    """Of all but the one who hears nothing."""
    return len(expected.group) * crowd.groups + len(expected.private) * (crowd.private - 1)


def _judged(said: Said, expected: Expected, crowd: Crowd) -> Outcome:
    outcome = Outcome()
    for chat in crowd.chats():
        told = [text[:_SAME] for text in said.get(chat, [])]
        wanted = [] if chat == BLOCKED else list(expected.of(chat))
        outcome.missing += (Counter(wanted) - Counter(told)).total()
        outcome.twice += (Counter(told) - Counter(wanted)).total()
        outcome.disordered += told != wanted and Counter(told) == Counter(wanted)
    return outcome


def _emulator_alone() -> float:
    """What it takes when somebody only sends: who comes near it has measured it and not a bot."""
    with running_peer(TOKEN) as peer:
        begun = time.perf_counter()
        sent = peer.flood(1_000)
        return sent / (time.perf_counter() - begun)
