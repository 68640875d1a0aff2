"""Statements that every turn runs: compiled once, then handed to the driver as they are.

SQLAlchemy makes them and knows the types on both databases; what it does anew at each execution
(cache key, context, result) costs two to four times what SQLite itself does (docs/adr/0011).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import ClauseElement, ColumnDefault, ColumnElement, Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.sql.compiler import SQLCompiler

from data.kernel.dialects import note

_Taken = TypeVar("_Taken")
Row = tuple[Any, ...]
Process = Callable[[Any], Any]
# A parameter that comes with each execution: its place, its name, how the driver takes it.
Parameter = tuple[int, str, Process | None]
_OPEN = "open_transaction"  # the key in Session.info: of which, and its connection


class Prepared:
    """One SELECT, INSERT, UPDATE or DELETE with named parameters, for sessions of any database.

    What waits in the session is written first, as before any query of it; rows are plain tuples,
    in no identity map. `columns`: what an INSERT is given; a list of unknown length (IN) is
    refused, one that stands in the statement is not.
    """

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = columns
        self._made: dict[str, _Made] = {}

    def rows(self, session: Session, **values: Any) -> list[Row]:
        connection = _ready(session)
        made = self._for(connection.dialect)
        return made.read(made.run(connection, made.filled(values), _all_rows))

    def scalar(self, session: Session, **values: Any) -> Any:
        """The first column of the first row, or None."""
        rows = self.rows(session, **values)
        return rows[0][0] if rows else None

    def run(self, session: Session, **values: Any) -> int:
        """How many rows it touched."""
        connection = _ready(session)
        made = self._for(connection.dialect)
        return made.run(connection, made.filled(values), _count)

    def run_each(self, session: Session, rows: Sequence[Mapping[str, Any]], **common: Any) -> None:
        """Once for each row; `common` is the same in all."""
        connection = _ready(session)
        made = self._for(connection.dialect)
        given = made.filled_each(rows, common)
        if len(given) == 1:  # psycopg would go three times to the server with a list
            made.run(connection, given[0], _count)
        else:
            made.run(connection, given, _count, many=True)

    def _for(self, dialect: Dialect) -> "_Made":
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = _make(self._statement, self._columns, dialect)
        return made


@dataclass(frozen=True, slots=True)
class _Made:
    """`cells`: the parameters in order, constants as the driver takes them, None for the `taken`.

    `results`: places in a row and what makes a value of what the driver gives there.
    """

    sql: str
    table: str | None  # that it writes
    names: tuple[str, ...] | None  # of the cells, where the driver takes names
    cells: list[Any]
    taken: tuple[Parameter, ...]
    results: tuple[tuple[int, Process], ...]

    def filled(self, values: Mapping[str, Any]) -> Any:
        return self._shaped(_fill(self.cells.copy(), self.taken, values))

    def filled_each(
        self, rows: Sequence[Mapping[str, Any]], common: Mapping[str, Any]
    ) -> list[Any]:
        """What is common is processed once."""
        same = [each for each in self.taken if each[1] in common]
        other = [each for each in self.taken if each[1] not in common]
        cells = _fill(self.cells.copy(), same, common)
        return [self._shaped(_fill(cells.copy(), other, row)) for row in rows]

    def run(
        self,
        connection: Connection,
        given: Any,
        take: Callable[[Any], _Taken],
        *,
        many: bool = False,
    ) -> _Taken:
        """What is taken from the driver's cursor; its errors come as SQLAlchemy's, and one that
        says the connection is gone takes it out of use."""
        driver, dialect = connection.connection.dbapi_connection, connection.dialect
        assert driver is not None  # noqa: S101  # a session's connection has one
        cursor = None
        try:
            cursor = driver.cursor()
            do = dialect.do_executemany if many else dialect.do_execute
            do(cursor, self.sql, given)
            if self.table is not None:
                note(self.table)
            return take(cursor)
        except dialect.loaded_dbapi.Error as error:
            if dialect.is_disconnect(error, driver, cursor):
                connection.invalidate(error)
            raise _as_sqlalchemys(self.sql, error, dialect) from error
        finally:
            if cursor is not None:
                cursor.close()

    def read(self, found: Sequence[Row]) -> list[Row]:
        """NULL is None, whatever the type."""
        results = self.results
        if not results:
            return list(found)
        rows = []
        for row in found:
            cells = list(row)
            for place, process in results:
                if cells[place] is not None:
                    cells[place] = process(cells[place])
            rows.append(tuple(cells))
        return rows

    def _shaped(self, cells: list[Any]) -> Any:
        return cells if self.names is None else dict(zip(self.names, cells, strict=True))


def settle(session: Session) -> None:
    """Statements about tables do not write what waits in the session, as those about classes do."""
    if session.autoflush:
        session.flush()


def _ready(session: Session) -> Connection:
    """The session is asked once in a transaction or savepoint: its answer goes a long way round."""
    settle(session)
    under_way = session.get_nested_transaction() or session.get_transaction()
    asked: tuple[SessionTransaction, Connection] | None = session.info.get(_OPEN)
    if asked is not None and asked[0] is under_way and under_way.is_active:
        return asked[1]
    connection = session.connection()
    begun = session.get_nested_transaction() or session.get_transaction()
    session.info[_OPEN] = (begun, connection)
    return connection


def _all_rows(cursor: Any) -> list[Row]:
    rows: list[Row] = cursor.fetchall()
    return rows


def _count(cursor: Any) -> int:
    return int(cursor.rowcount)


def _fill(cells: list[Any], taken: Iterable[Parameter], values: Mapping[str, Any]) -> list[Any]:
    for place, name, process in taken:
        value = values[name]
        cells[place] = value if process is None else process(value)
    return cells


def _as_sqlalchemys(sql: str, error: Exception, dialect: Dialect) -> BaseException:
    """Without the parameters: they may be somebody's address."""
    base = dialect.loaded_dbapi.Error
    return DBAPIError.instance(sql, None, error, base, hide_parameters=True, dialect=dialect)


def _make(statement: ClauseElement, columns: Sequence[str] | None, dialect: Dialect) -> _Made:
    compiled = statement.compile(
        dialect=dialect,
        column_keys=columns,
        for_executemany=True,  # else PostgreSQL would give the key of each new row, unasked
    )
    if not isinstance(compiled, SQLCompiler) or any(
        several.required for several in compiled.post_compile_params
    ):
        raise TypeError(str(statement))  # it would have to be compiled for each execution
    writes = compiled.isinsert or compiled.isupdate or compiled.isdelete
    sql, names, listed = _written_out(compiled)
    cells, taken = _parameters(compiled, names, listed, dialect)
    return _Made(
        sql=sql,
        table=compiled.statement.table.name if writes else None,  # type: ignore[union-attr]
        names=None if compiled.positional else names,
        cells=cells,
        taken=taken,
        results=tuple(_results(statement, dialect)),
    )


def _written_out(compiled: SQLCompiler) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
    """The text, its parameters in order, and those that are members of a list in the statement, as
    the driver takes them."""
    if not compiled.post_compile_params:
        places = compiled.positiontup if compiled.positional else compiled.bind_names.values()
        return str(compiled), tuple(places or ()), {}
    later = {name: None for bind, name in compiled.bind_names.items() if bind.required}
    written = compiled.construct_expanded_state(later)
    listed = {}
    for name in chain.from_iterable(written.parameter_expansion.values()):
        process, value = written.processors.get(name), written.parameters[name]
        listed[name] = process(value) if process else value
    return written.statement, tuple(written.positiontup or written.parameters), listed


def _parameters(
    compiled: SQLCompiler, names: Sequence[str], listed: Mapping[str, Any], dialect: Dialect
) -> tuple[list[Any], tuple[Parameter, ...]]:
    """`listed`: what is known already."""
    defaults = {column.key: _default(column) for column in compiled.insert_prefetch}
    cells: list[Any] = []
    taken: list[Parameter] = []
    for place, name in enumerate(names):
        if name in listed:
            cells.append(listed[name])
            continue
        bind = compiled.binds[name]
        process = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if bind.required and name not in defaults:
            taken.append((place, name, process))
            cells.append(None)
        else:
            constant = defaults.get(name, bind.effective_value)
            cells.append(process(constant) if process else constant)
    return cells, tuple(taken)


def _default(column: ColumnElement[Any]) -> Any:
    """Of a column that is given nothing."""
    default = getattr(column, "default", None)
    if not isinstance(default, ColumnDefault) or not default.is_scalar:
        raise TypeError(str(column))  # it would be computed once, and not for each row
    return default.arg


def _results(statement: ClauseElement, dialect: Dialect) -> Iterator[tuple[int, Process]]:
    for place, column in enumerate(getattr(statement, "exported_columns", ())):
        process = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if process is not None:
            yield place, process
