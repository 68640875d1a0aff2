"""The floor of a checkout: its SQL, recorded while it really happens, then run by the driver alone
(replayed.py), in the same transactions, over a copy of the same database.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import text

from data.kernel.database import Database
from tests.bench.checkouts import WARM, Base, buy, prove
from tests.bench.load import Load
from tests.bench.replayed import Driver, Transaction, driver_of, noting, replay_one

# The database counts rows from here on, each table from a number of its own: so an id is told from
# every other number of a statement, and several may replay side by side.
_APART = 10**9
_COUNTERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%' ORDER BY name",
    "postgresql": "SELECT sequencename FROM pg_sequences ORDER BY sequencename",
}
_SET = {
    "sqlite": (
        "DELETE FROM sqlite_sequence WHERE name = :table",
        "INSERT INTO sqlite_sequence VALUES (:table, :first)",
    ),
    "postgresql": ("SELECT setval(:table, :first)",),
}
Checkout = list[Transaction]


def count_apart(base: Base) -> None:
    """Before anything is recorded."""
    database = Database(base.url)
    name = database.engine.dialect.name
    with database.engine.begin() as connection:
        for nth, table in enumerate(connection.scalars(text(_COUNTERS[name])).all(), 1):
            told = {"table": table, "first": nth * _APART}
            for statement in _SET[name]:
                connection.execute(text(statement), told)
    database.close()


def record(base: Base) -> list[Checkout]:
    """Every buyer's checkout, one after the other, with what the worker does for it."""
    url = base.copy()
    tuanzi = base.open(url)
    with tuanzi.database.reading() as session:
        session.connection()  # what the engine asks of its first connection belongs to no checkout
    checkouts: list[Checkout] = []

    def note(one: Transaction) -> None:
        checkouts[-1].append(one)

    with noting(tuanzi.database.engine.dialect, note):
        for buyer in base.buyers:
            checkouts.append([])
            asyncio.run(buy(tuanzi, buyer))
            asyncio.run(tuanzi.worker.drain())
    tuanzi.close()
    base.place.drop(url)
    _note_ids(base, checkouts)
    return checkouts


def replay(base: Base, checkouts: Sequence[Checkout], *, clients: int) -> Load:
    """By so many connections at once. Writers of SQLite wait for a lock of Python's, which wakes
    them sooner than SQLite would."""
    url = base.copy()
    database = Database(url, pool_size=clients)
    door = threading.Lock() if database.is_sqlite else nullcontext()
    drivers = [driver_of(database) for _ in range(clients)]
    _all_replay(drivers, checkouts[:WARM], door)
    load = _all_replay(drivers, checkouts[WARM:], door)
    for driver in drivers:
        driver.close()
    database.close()
    prove(base, url)
    base.place.drop(url)
    return load


def _all_replay(
    drivers: Sequence[Driver], checkouts: Sequence[Checkout], door: AbstractContextManager[Any]
) -> Load:
    begun = time.perf_counter()
    with ThreadPoolExecutor(len(drivers)) as pool:
        runs = [
            pool.submit(_replayed, driver, checkouts[nth :: len(drivers)], door)
            for nth, driver in enumerate(drivers)
        ]
        taken = [seconds for run in runs for seconds in run.result()]
    return Load(taken, time.perf_counter() - begun)


def calls_of(base: Base) -> float:
    """Calls of functions, Python's and C's, in one checkout."""
    url = base.copy()
    tuanzi = base.open(url)
    counted = 0

    def count(_frame: object, event: str, _about: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    async def each() -> None:
        nonlocal counted
        for nth, buyer in enumerate(base.buyers):
            if nth == WARM:
                counted = 0
            await buy(tuanzi, buyer)
            await tuanzi.worker.drain()

    threading.setprofile(count)
    sys.setprofile(count)
    try:
        asyncio.run(each())
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]  # the library's own way to end it
    tuanzi.close()
    base.place.drop(url)
    return counted / (len(base.buyers) - WARM)


def _note_ids(base: Base, checkouts: Sequence[Checkout]) -> None:
    """One after the other over the same copy, each INSERT gives the id that it gave."""
    url = base.copy()
    database = Database(url)
    driver = driver_of(database)
    for checkout in checkouts:
        for transaction in checkout:
            driver.begin(transaction)
            for statement in transaction.statements:
                given = driver.run(statement, statement.rows)
                if statement.sql.startswith("INSERT") and given is not None and given >= _APART:
                    statement.gave = given
            driver.end(transaction)
        _note_uses(checkout)
    driver.close()
    database.close()
    prove(base, url)
    base.place.drop(url)


def _note_uses(checkout: Checkout) -> None:
    """What one checkout gave, no other takes."""
    statements = [statement for transaction in checkout for statement in transaction.statements]
    given = {statement.gave for statement in statements} - {None}
    for statement in statements:
        statement.takes = [
            (nth, at)
            for nth, row in enumerate(statement.rows)
            for at, cell in (row.items() if isinstance(row, dict) else enumerate(row))
            if isinstance(cell, int) and cell in given
        ]


def _replayed(
    driver: Driver, checkouts: Sequence[Checkout], door: AbstractContextManager[Any]
) -> list[float]:
    ids: dict[int, int] = {}
    taken = []
    for checkout in checkouts:
        begun = time.perf_counter()
        for transaction in checkout:
            with door if transaction.writes else nullcontext():
                replay_one(driver, transaction, ids)
        taken.append(time.perf_counter() - begun)
    return taken
