"""The floor of a checkout: its SQL, recorded while it really happens, then run by the driver alone.

Every statement, also those that only read and those that set a savepoint, in the same
transactions, over a copy of the same database, on connections that are set up as ours are.
"""

import asyncio
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from data.kernel.database import Database
from data.kernel.dialects import only_reads
from tests.bench.checkouts import WARM, Base, buy, prove
from tests.bench.load import Load

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


@dataclass(slots=True)
class Statement:
    """`rows`: its parameters, as often as it runs; `gave`: the id that it gave a row when it was
    recorded; `takes`: which row has such an id as a parameter, and where in it."""

    sql: str
    rows: Sequence[Any]
    many: bool = False
    gave: int | None = None
    takes: Sequence[tuple[int, Any]] = ()


@dataclass(slots=True)
class Transaction:
    writes: bool
    statements: list[Statement] = field(default_factory=list)
    kept: bool = False  # committed, not rolled back


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
    with _noting(tuanzi.database.engine.dialect, checkouts):
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
    drivers = [_driver(database) for _ in range(clients)]
    _all_replay(drivers, checkouts[:WARM], door)
    load = _all_replay(drivers, checkouts[WARM:], door)
    for driver in drivers:
        driver.close()
    database.close()
    prove(base, url)
    base.place.drop(url)
    return load


def _all_replay(
    drivers: Sequence["_Driver"], checkouts: Sequence[Checkout], door: AbstractContextManager[Any]
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


@contextmanager
def _noting(dialect: Any, checkouts: list[Checkout]) -> Iterator[None]:
    """Where every statement passes, prepared or not, and every transaction begins and ends."""
    names = ("do_begin", "do_execute", "do_executemany", "do_commit", "do_rollback")
    real = {name: getattr(dialect, name) for name in names}
    open_now: list[Transaction] = []

    def begin(connection: Any) -> None:
        assert not open_now, "two at once cannot be told apart"
        open_now.append(Transaction(writes=not only_reads.get()))
        checkouts[-1].append(open_now[-1])
        real["do_begin"](connection)

    def execute(cursor: Any, sql: str, parameters: Any, context: Any = None) -> None:
        open_now[-1].statements.append(Statement(sql, [parameters]))
        real["do_execute"](cursor, sql, parameters, context)

    def execute_many(cursor: Any, sql: str, rows: Any, context: Any = None) -> None:
        open_now[-1].statements.append(Statement(sql, rows, many=True))
        real["do_executemany"](cursor, sql, rows, context)

    def ending(name: str, *, kept: bool) -> Callable[[Any], None]:
        def end(connection: Any) -> None:
            if open_now:  # the pool rolls back once more
                open_now.pop().kept = kept
            real[name](connection)

        return end

    dialect.do_begin, dialect.do_execute, dialect.do_executemany = begin, execute, execute_many
    dialect.do_commit = ending("do_commit", kept=True)
    dialect.do_rollback = ending("do_rollback", kept=False)
    try:
        yield
    finally:
        for name in names:
            delattr(dialect, name)


def _note_ids(base: Base, checkouts: Sequence[Checkout]) -> None:
    """One after the other over the same copy, each INSERT gives the id that it gave."""
    url = base.copy()
    database = Database(url)
    driver = _driver(database)
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


class _Driver:
    """A connection of sqlite3 or psycopg as our engine sets it up, without the engine."""

    def __init__(self, database: Database) -> None:
        self._pooled = database.engine.raw_connection()
        self._connection: Any = self._pooled.driver_connection
        self._cursor = self._connection.cursor()

    def close(self) -> None:
        self._cursor.close()
        self._pooled.close()

    def begin(self, transaction: Transaction) -> None:
        """psycopg begins by itself."""

    def end(self, transaction: Transaction) -> None:
        (self._connection.commit if transaction.kept else self._connection.rollback)()

    def run(self, statement: Statement, given: Sequence[Any]) -> int | None:
        """The id of a new row, if there is one."""
        if statement.many:
            self._cursor.executemany(statement.sql, given)
        else:
            self._cursor.execute(statement.sql, given[0])
        rows = self._cursor.fetchall() if self._cursor.description else ()
        first = rows[0][0] if rows else self._unasked()
        return first if isinstance(first, int) else None

    def _unasked(self) -> int | None:
        return None


class _Sqlite(_Driver):
    def begin(self, transaction: Transaction) -> None:
        self._cursor.execute("BEGIN IMMEDIATE" if transaction.writes else "BEGIN")

    def _unasked(self) -> int | None:
        cursor: sqlite3.Cursor = self._cursor
        return cursor.lastrowid


def _driver(database: Database) -> _Driver:
    return (_Sqlite if database.is_sqlite else _Driver)(database)


def _replayed(
    driver: _Driver, checkouts: Sequence[Checkout], door: AbstractContextManager[Any]
) -> list[float]:
    ids: dict[int, int] = {}
    taken = []
    for checkout in checkouts:
        begun = time.perf_counter()
        for transaction in checkout:
            with door if transaction.writes else nullcontext():
                _replay_one(driver, transaction, ids)
        taken.append(time.perf_counter() - begun)
    return taken


def _replay_one(driver: _Driver, transaction: Transaction, ids: dict[int, int]) -> None:
    driver.begin(transaction)
    try:
        for statement in transaction.statements:
            _run(driver, statement, ids)
    except Exception:
        driver.end(Transaction(transaction.writes))  # else all others would wait for it
        raise
    driver.end(transaction)


def _run(driver: _Driver, statement: Statement, ids: dict[int, int]) -> None:
    rows = statement.rows
    if statement.takes:
        rows = [row.copy() if isinstance(row, dict) else list(row) for row in rows]
        for nth, at in statement.takes:
            rows[nth][at] = ids[rows[nth][at]]
    given = driver.run(statement, rows)
    if statement.gave is not None and given is not None:
        ids[statement.gave] = given
