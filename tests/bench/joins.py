"""People who join group-buys: through the shop's own `join` with all that hangs on it (the card of
the chat, jobs, flows); beside it two floors: the SQL of the very same joins, run by the driver
alone, and a bare conditional UPDATE of the same team by as many.

Several processes with a connection each; they meet at a barrier, and each lets its people join one
after the other. The floors' writers of SQLite wait for a lock between processes, which wakes them
sooner than SQLite's own waiting would.
"""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from multiprocessing import queues
from multiprocessing.synchronize import Barrier, Lock
from typing import Any

from bot.app import Tuanzi
from data.group_buys import join
from data.kernel.clock import SystemClock
from data.kernel.database import Database
from tests.bench.load import Load
from tests.bench.replayed import Driver, Transaction, driver_of, noting, replay_one
from tests.bench.teams import TeamShop, open_shop

_PATIENCE = 600  # seconds
_processes = multiprocessing.get_context("forkserver")
Seat = tuple[str, str]  # of which team, for whom
Span = tuple[float, float]  # from when, until when


class _Undone(Exception):
    """Rolls back."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where the processes meet, whom only one of them passes, and what they say afterwards."""

    barrier: Barrier
    door: Lock
    answers: "queues.Queue[list[Span]]"


def preload() -> None:
    """As hot_row.preload, for these processes."""
    _processes.set_forkserver_preload([__name__])


def ours(shop: TeamShop, seats: Sequence[Seat], processes: int) -> Load:
    """RuntimeError unless each got their seat and the audit finds nothing."""
    return _rush(shop, seats, processes, _joining)


def record(shop: TeamShop, seats: Sequence[Seat]) -> list[Transaction]:
    """Everybody's join, one after the other."""
    url = shop.place.copy(shop.url)
    joined: list[Transaction] = []
    with closing(shop.open(url)) as tuanzi:
        warm(tuanzi, seats[0])
        with noting(tuanzi.database.engine.dialect, joined.append):
            one_by_one(tuanzi, seats)
    shop.place.drop(url)
    return joined


def replay(shop: TeamShop, joined: Sequence[Transaction], processes: int) -> Load:
    """RuntimeError unless it leaves what `ours` leaves."""
    return _rush(shop, joined, processes, _replaying)


def bare(shop: TeamShop, seats: Sequence[Seat], processes: int) -> Load:
    return _rush(shop, seats, processes, _updating)


def one_by_one(tuanzi: Tuanzi, seats: Sequence[Seat]) -> Load:
    """From here, in turn."""
    spans = [_timed(partial(_join, tuanzi), seat) for seat in seats]
    return _load(spans)


def _rush(shop: TeamShop, joins: Sequence[Any], processes: int, begin: "Begin") -> Load:
    url = shop.place.copy(shop.url)
    barrier = _processes.Barrier(processes, timeout=_PATIENCE)
    meeting = Meeting(barrier, _processes.Lock(), _processes.Queue())
    children = [
        _processes.Process(
            target=_take, args=(url, shop.key, joins[nth::processes], begin, meeting)
        )
        for nth in range(processes)
    ]
    for child in children:
        child.start()
    spans = [span for _ in children for span in meeting.answers.get(timeout=_PATIENCE)]
    for child in children:
        child.join(_PATIENCE)
    if begin is not _updating:
        shop.prove(url, len(joins))
    shop.place.drop(url)
    return _load(spans)


def _load(spans: Sequence[Span]) -> Load:
    whole = max(end for _, end in spans) - min(start for start, _ in spans)
    return Load([end - start for start, end in spans], whole)


def _take(url: str, key: str, joins: Sequence[Any], begin: "Begin", meeting: Meeting) -> None:
    with begin(url, key, joins[0], meeting.door) as take:
        meeting.barrier.wait()
        spans = [_timed(take, join) for join in joins]
    meeting.answers.put(spans)


Take = Callable[[Any], None]
Begin = Callable[[str, str, Any, Lock], AbstractContextManager[Take]]


def _timed(take: Take, join: Any) -> Span:
    begun = time.perf_counter()
    take(join)
    return begun, time.perf_counter()


@contextmanager
def _joining(url: str, key: str, first: Seat, _door: Lock) -> Iterator[Take]:
    """Before the rush the statements are made and the flows loaded."""
    with closing(open_shop(url, key)) as tuanzi:
        warm(tuanzi, first)
        yield partial(_join, tuanzi)


def warm(tuanzi: Tuanzi, seat: Seat) -> None:
    """As if that seat were taken."""
    with suppress(_Undone), tuanzi.database.transaction() as session:
        join(session, team_id=seat[0], person_id=seat[1], now=tuanzi.clock.now())
        raise _Undone


def _join(tuanzi: Tuanzi, seat: Seat) -> None:
    with tuanzi.database.transaction() as session:
        join(session, team_id=seat[0], person_id=seat[1], now=tuanzi.clock.now())


@contextmanager
def _replaying(url: str, _key: str, first: Transaction, door: Lock) -> Iterator[Take]:
    """Before the rush, as above, the first is run and taken back."""
    with closing(Database(url)) as database, closing(driver_of(database)) as driver:
        replay_one(driver, replace(first, kept=False), {})
        yield partial(_replay, driver, door if database.is_sqlite else nullcontext())


def _replay(driver: Driver, door: AbstractContextManager[Any], joined: Transaction) -> None:
    with door:
        replay_one(driver, joined, {})


@contextmanager
def _updating(url: str, _key: str, _first: Seat, door: Lock) -> Iterator[Take]:
    """With the driver alone, on a connection that our engine has set up."""
    with closing(Database(url)) as database, closing(database.engine.raw_connection()) as ours:
        now = SystemClock().now()
        if database.is_sqlite:
            yield partial(_update_file, ours.driver_connection, _bare("?"), _as_text(now), door)
        else:
            yield partial(_update, ours.driver_connection, _bare("%s"), now)


def _bare(mark: str) -> str:
    return (
        f"UPDATE teams SET held = held + 1, version = version + 1 WHERE id = {mark}"  # noqa: S608
        f" AND state = 'open' AND held < target AND expires_at > {mark}"
    )


def _as_text(moment: datetime) -> str:
    """As SQLite keeps it."""
    return moment.replace(tzinfo=None).isoformat(" ")


def _update_file(driver: Any, sql: str, now: str, door: Lock, seat: Seat) -> None:
    with door:
        driver.execute("BEGIN IMMEDIATE")
        _update(driver, sql, now, seat)


def _update(driver: Any, sql: str, now: object, seat: Seat) -> None:
    got = driver.execute(sql, (seat[0], now)).rowcount
    driver.commit()
    if got != 1:
        raise RuntimeError(seat[0])
