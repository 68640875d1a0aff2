"""One product, everybody wants it at once: reservations through the shop's own `hold_stock`, and a
bare conditional UPDATE of the same row by as many, each in a transaction of its own.

Several processes with several threads each, every thread with a connection of its own; they meet
at a barrier. The bare writers of SQLite wait for a lock between processes, which wakes them sooner
than SQLite's own waiting would.
"""

import multiprocessing
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from multiprocessing import queues
from multiprocessing.synchronize import Barrier, Lock
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.catalogue import Hold, Variant, hold_stock
from data.kernel.clock import SystemClock
from data.kernel.database import Database
from data.kernel.errors import OutOfStock
from tests.bench.places import Place
from tests.builders import SESSION_INFO, a_merchant, a_product, the_variant

_PATIENCE = 120  # seconds
_processes = multiprocessing.get_context("forkserver")
Tried = tuple[bool, float, float]  # got one; from when, until when
Try = Callable[[], bool]


class _Undone(Exception):
    """Rolls back."""


@dataclass(frozen=True, slots=True)
class Crowd:
    processes: int
    threads: int
    stock: int

    @property
    def buyers(self) -> int:
        return self.processes * self.threads


@dataclass(frozen=True, slots=True)
class Shelf:
    """One product in a database of its own."""

    url: str
    variant_id: str


@dataclass(frozen=True, slots=True)
class Rush:
    sold: int
    seconds: float

    @property
    def per_s(self) -> float:
        return self.sold / self.seconds


def preload() -> None:
    """Many processes begin sooner when what they are forked from knows this module. It is said for
    a whole process, so a test leaves it to the races."""
    _processes.set_forkserver_preload([__name__])


def ours(place: Place, crowd: Crowd) -> Rush:
    """RuntimeError unless exactly the stock was sold, and each to its own holder."""
    return _rush(place, crowd, _holding, live_holds=crowd.stock)


def bare(place: Place, crowd: Crowd) -> Rush:
    return _rush(place, crowd, _updating, live_holds=0)


def _rush(place: Place, crowd: Crowd, begin: "Begin", *, live_holds: int) -> Rush:
    shelf = _filled(place.empty(), crowd.stock)
    tried = _all_at_once(shelf, crowd, begin)
    sold = sum(got for got, _, _ in tried)
    counted = _counted(shelf)
    place.drop(shelf.url)
    if (sold, *counted) != (crowd.stock, crowd.stock, live_holds):
        raise RuntimeError(f"{sold} sold of {crowd.stock}; held, holds: {counted}")
    return Rush(sold, max(end for _, _, end in tried) - min(start for _, start, _ in tried))


def _all_at_once(shelf: Shelf, crowd: Crowd, begin: "Begin") -> list[Tried]:
    barrier, door = _processes.Barrier(crowd.buyers, timeout=_PATIENCE), _processes.Lock()
    answers: queues.Queue[list[Tried]] = _processes.Queue()
    children = [
        _processes.Process(
            target=_crowd_in, args=(shelf, crowd.threads, begin, barrier, door, answers)
        )
        for _ in range(crowd.processes)
    ]
    for child in children:
        child.start()
    tried = [one for _ in children for one in answers.get(timeout=_PATIENCE)]
    for child in children:
        child.join(_PATIENCE)
    return tried


def _crowd_in(
    shelf: Shelf,
    many: int,
    begin: "Begin",
    barrier: Barrier,
    door: Lock,
    answers: "queues.Queue[list[Tried]]",
) -> None:
    database = Database(shelf.url, pool_size=many, info=SESSION_INFO)
    tried: list[Tried] = []
    tries = begin(database, shelf.variant_id, many, door if database.is_sqlite else nullcontext())
    threads = [threading.Thread(target=_meet, args=(one, barrier, tried)) for one in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    answers.put(tried)


def _meet(one: Try, barrier: Barrier, tried: list[Tried]) -> None:
    barrier.wait()
    begun = time.perf_counter()
    got = one()
    tried.append((got, begun, time.perf_counter()))


Begin = Callable[[Database, str, int, AbstractContextManager[Any]], Sequence[Try]]


def _holding(
    database: Database, variant_id: str, many: int, _door: AbstractContextManager[Any]
) -> Sequence[Try]:
    """Before the rush there is a connection for each thread, and the statements are made."""
    for connection in [database.engine.connect() for _ in range(many)]:
        connection.close()
    with suppress(_Undone), database.transaction() as session:
        _hold_in(session, variant_id, "nobody")
        raise _Undone
    owner = multiprocessing.current_process().name
    return [partial(_hold, database, variant_id, f"{owner}:{nth}") for nth in range(many)]


def _hold(database: Database, variant_id: str, owner: str) -> bool:
    try:
        with database.transaction() as session:
            _hold_in(session, variant_id, owner)
    except OutOfStock:
        return False
    return True


def _hold_in(session: Session, variant_id: str, owner: str) -> None:
    now = SystemClock().now()
    until = now + timedelta(minutes=30)
    hold_stock(
        session, variant_id=variant_id, quantity=1, owner_ref=owner, expires_at=until, now=now
    )


def _updating(
    database: Database, variant_id: str, many: int, door: AbstractContextManager[Any]
) -> Sequence[Try]:
    """With the driver alone, on connections that our engine has set up."""
    drivers: list[Any] = [database.engine.raw_connection().driver_connection for _ in range(many)]
    mark = "?" if database.is_sqlite else "%s"
    sql = (
        f"UPDATE variants SET held = held + 1 WHERE id = {mark} AND state = 'active'"  # noqa: S608
        " AND on_hand - held >= 1"
    )
    begin = "BEGIN IMMEDIATE" if database.is_sqlite else ""  # psycopg begins by itself
    return [partial(_update, driver, begin, sql, variant_id, door) for driver in drivers]


def _update(
    driver: Any, begin: str, sql: str, variant_id: str, door: AbstractContextManager[Any]
) -> bool:
    with door:
        if begin:
            driver.execute(begin)
        got = driver.execute(sql, (variant_id,)).rowcount
        driver.commit()
    return bool(got)


def _filled(url: str, stock: int) -> Shelf:
    database = Database(url, info=SESSION_INFO)
    with database.transaction() as session:
        variant = the_variant(session, a_product(session, a_merchant(session), on_hand=stock))
    database.close()
    return Shelf(url, variant.id)


def _counted(shelf: Shelf) -> tuple[int, int]:
    """Held, as the shelf counts it and as its holds do."""
    database = Database(shelf.url)
    with database.reading() as session:
        held = session.scalar(select(Variant.held).where(Variant.id == shelf.variant_id))
        holds = session.scalar(select(func.count()).select_from(Hold))
    database.close()
    return held or 0, holds or 0
