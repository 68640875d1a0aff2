"""One engine, one declarative base, one way to open a transaction, on SQLite and PostgreSQL alike.

SQLite: WAL, every transaction IMMEDIATE, synchronous=FULL (a commit survives a power cut).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
)
from sqlalchemy.engine import CursorResult, Dialect, Result
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from data.kernel.dialects import OnlyReading, only_reads, ours, written
from data.kernel.facts import LISTENERS, Listener
from data.kernel.storable import UnstorableTime, as_json
from data.kernel.turnstile import Turnstile

BUSY_TIMEOUT_MS = 30_000
_DEADLOCK = "40P01"  # of PostgreSQL
TRIES = 3  # of what two did crosswise: the second time they mostly come one after the other
_Value = TypeVar("_Value")
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "foreign_keys=ON",
    "recursive_triggers=ON",  # else INSERT OR REPLACE slips past the append-only triggers
)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes in and out; SQLite itself keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("datetime_naive")
        try:
            return value.astimezone(UTC)
        except OverflowError:
            raise UnstorableTime from None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value)


class Base(DeclarativeBase):
    """Every mapped class of the shop."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads it as a class attribute
        # Amounts in minor units outgrow 32 bits; SQLite counts rows only in a plain INTEGER.
        int: BigInteger().with_variant(Integer(), "sqlite"),
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        dict[str, str]: JSON,
        list[str]: JSON,
        list[dict[str, Any]]: JSON,
    }


class Database:
    """An engine and its sessions. `transaction()` is the only way in to write.

    `info` is what every session carries along (the field cipher).
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 5,
        listeners: Sequence[Listener] = (),
        info: Mapping[str, object] | None = None,
    ) -> None:
        self.engine = _engine(url, pool_size)
        # Told the tables that were written; bot/app.py hangs a bell here.
        self.on_commit: Callable[[Set[str]], None] = _nothing
        self._writer = Turnstile(self.engine.url.database) if self.is_sqlite else nullcontext()
        self._sessions = sessionmaker(
            self.engine,
            expire_on_commit=False,
            info={LISTENERS: tuple(listeners), **(info or {})},  # info: the cipher
        )

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Commit at the end, roll back on any error."""
        with self._noting() as tables, self._writer, self._session() as session, session.begin():
            yield session
        self.on_commit(tables)

    def settle(self, work: Callable[[Session], _Value]) -> _Value:
        """`work` in a transaction of its own; again where that was ended by a deadlock."""
        for left in reversed(range(TRIES)):
            try:
                with self.transaction() as session:
                    return work(session)
            except DBAPIError as error:
                if not (left and crossed(error)):
                    raise
        raise AssertionError  # the last try returns or raises

    @contextmanager
    def writing(self, session: Session) -> Iterator[None]:
        """The same, in a session that was reading: what it has read it keeps, as of then."""
        if has_changes(session):
            raise OnlyReading(", ".join(map(repr, (*session.new, *session.dirty))))
        session.commit()  # ends the look, and unlike a rollback forgets nothing
        with self._noting() as tables, self._writer, session.begin():
            yield
        self.on_commit(tables)

    @contextmanager
    def _noting(self) -> Iterator[set[str]]:
        """The tables written within."""
        tables: set[str] = set()
        with _set(written, tables), _set(only_reads, False):
            yield tables

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent look that takes no write lock and changes nothing: closing rolls back."""
        with _set(only_reads, True), _set(written, None), self._session() as session:
            yield session

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """On one connection for its whole life: the pool is asked once, not by each transaction."""
        with self.engine.connect() as connection, self._sessions(bind=connection) as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()
        if isinstance(self._writer, Turnstile):
            self._writer.close()


@contextmanager
def _set(variable: ContextVar[_Value], value: _Value) -> Iterator[None]:
    before = variable.set(value)
    try:
        yield
    finally:
        variable.reset(before)


def _nothing(_written: Set[str]) -> None:
    return None


def has_changes(session: Session) -> bool:
    """Whether something waits in it to be written."""
    return bool(session.new or session.dirty or session.deleted)


def table_of(mapped: type[Base]) -> Table:
    """The table behind a mapped class, for statements that need no objects."""
    table = mapped.__table__
    assert isinstance(table, Table)  # noqa: S101  # none of ours is mapped to a join
    return table


def changed(result: Result[Any]) -> int:
    """Rows an UPDATE or DELETE touched: the one honest answer to `did I win?`"""
    assert isinstance(result, CursorResult)  # noqa: S101  # DML always gives one; mypy needs it said
    return result.rowcount


def crossed(error: BaseException) -> bool:
    """Two transactions waited for each other, PostgreSQL ended this one: it may be done again."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", "") == _DEADLOCK


def _engine(url: str, pool_size: int) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(
            ours(url),
            pool_size=pool_size,
            pool_pre_ping=True,
            json_serializer=as_json,
            hide_parameters=True,
        )
    engine = create_engine(
        ours(url),
        pool_size=pool_size,
        connect_args={"check_same_thread": False, "timeout": 30},
        json_serializer=as_json,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set_pragmas)
    return engine


def _set_pragmas(connection: Any, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver would begin lazily; we begin ourselves
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
