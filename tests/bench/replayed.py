"""A transaction as it really happened: its statements are noted on their way to the driver, and run
again by the driver alone.

Every statement, also those that only read and those that set a savepoint, with its parameters as
the driver got them, on connections that are set up as ours are.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from data.kernel.database import Database
from data.kernel.dialects import only_reads


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


@contextmanager
def noting(dialect: Any, note: Callable[[Transaction], None]) -> Iterator[None]:
    """Where every statement passes, prepared or not, and every transaction begins and ends."""
    names = ("do_begin", "do_execute", "do_executemany", "do_commit", "do_rollback")
    real = {name: getattr(dialect, name) for name in names}
    open_now: list[Transaction] = []

    def begin(connection: Any) -> None:
        assert not open_now, "two at once cannot be told apart"
        open_now.append(Transaction(writes=not only_reads.get()))
        note(open_now[-1])
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


class Driver:
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


class _Sqlite(Driver):
    def begin(self, transaction: Transaction) -> None:
        self._cursor.execute("BEGIN IMMEDIATE" if transaction.writes else "BEGIN")

    def _unasked(self) -> int | None:
        cursor: sqlite3.Cursor = self._cursor
        return cursor.lastrowid


def driver_of(database: Database) -> Driver:
    return (_Sqlite if database.is_sqlite else Driver)(database)


def replay_one(driver: Driver, transaction: Transaction, ids: dict[int, int]) -> None:
    """`ids`: what rows were numbered when it was recorded, and are now."""
    driver.begin(transaction)
    try:
        for statement in transaction.statements:
            _run(driver, statement, ids)
    except Exception:
        driver.end(Transaction(transaction.writes))  # else all others would wait for it
        raise
    driver.end(transaction)


def _run(driver: Driver, statement: Statement, ids: dict[int, int]) -> None:
    rows = statement.rows
    if statement.takes:
        rows = [row.copy() if isinstance(row, dict) else list(row) for row in rows]
        for nth, at in statement.takes:
            rows[nth][at] = ids[rows[nth][at]]
    given = driver.run(statement, rows)
    if statement.gave is not None and given is not None:
        ids[statement.gave] = given
