"""SQLAlchemy's two dialects as we need them: how SQLite begins, which tables are written, and that
text which cannot be kept is refused.

Event listeners could say the same, but an engine that has any goes a slower way with every
statement: they made a fifth of what a plain turn costs (docs/adr/0011).
"""

import re
from contextvars import ContextVar
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from data.kernel.storable import UnstorableText, refuse_nul

only_reads: ContextVar[bool] = ContextVar("only_reads", default=False)
_WRITES = re.compile(
    r"\s*(?:INSERT|UPDATE|DELETE|REPLACE|WITH\b.*\b(?:INSERT|UPDATE|DELETE)\b)",
    re.IGNORECASE | re.DOTALL,
)
written: ContextVar[set[str] | None] = ContextVar("written", default=None)
"""Tables, by the transaction under way."""


class OnlyReading(Exception):
    """Something wanted to write in a session that only reads; nothing was written."""


class _NotesTables:
    """Beside a dialect: every INSERT, UPDATE and DELETE says its table, if it may be at all. All
    text goes through here, so here it is refused (data/kernel/storable.py)."""

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        _admit(statement)
        refuse_nul(parameters)
        try:
            super().do_execute(cursor, statement, parameters, context)  # type: ignore[misc]  # mixin
        except UnicodeEncodeError:
            raise UnstorableText from None
        _note(context)

    def do_executemany(
        self, cursor: Any, statement: str, parameters: Any, context: Any = None
    ) -> None:
        _admit(statement)
        for each in parameters:
            refuse_nul(each)
        try:
            super().do_executemany(cursor, statement, parameters, context)  # type: ignore[misc]
        except UnicodeEncodeError:
            raise UnstorableText from None
        _note(context)


class Sqlite(_NotesTables, SQLiteDialect_pysqlite):
    """Takes the write lock first: a deferred read that turns into a write can only fail."""

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: Any) -> None:
        """The driver itself begins nothing: its isolation level is None."""
        dbapi_connection.execute("BEGIN" if only_reads.get() else "BEGIN IMMEDIATE")


class Postgresql(_NotesTables, PGDialect_psycopg):
    supports_statement_cache = True


def ours(url: str) -> URL:
    """The same database by one of these."""
    parsed = make_url(url)
    return parsed.set(drivername=f"{parsed.get_backend_name()}+tuanzi")


def _admit(statement: str) -> None:
    if only_reads.get() and _WRITES.match(statement):
        raise OnlyReading(statement.partition("(")[0])


def _note(context: Any) -> None:
    """Without a context it is a prepared statement, which says its table itself."""
    if context is not None and (context.isinsert or context.isupdate or context.isdelete):
        note(context.compiled.statement.table.name)


def note(table: str) -> None:
    """It is written in the transaction under way."""
    tables = written.get()
    if tables is not None:
        tables.add(table)


for _name in (Sqlite, Postgresql):
    registry.register(f"{_name.name}.tuanzi", __name__, _name.__name__)
