"""Statements that every turn runs: compiled once, then handed to the driver as they are.

SQLAlchemy makes them and knows the types on both databases; what it does anew at each execution
(cache key, context, result) costs two to four times what SQLite itself does (docs/adr/0011).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ClauseElement, ColumnDefault, ColumnElement, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from data.kernel.dialects import note

Row = tuple[Any, ...]
Process = Callable[[Any], Any]
_GIVEN = object()  # in place of a constant: comes with each execution


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    constant: Any  # as the driver takes it
    process: Process | None


class Prepared:
    """One SELECT, INSERT, UPDATE or DELETE with named parameters, for sessions of any database.

    Nothing is flushed before it runs, and rows are plain tuples, in no identity map. `columns`:
    what an INSERT is given; a list of unknown length (IN) is refused.
    """

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = columns
        self._made: dict[str, _Made] = {}

    def rows(self, session: Session, **values: Any) -> list[Row]:
        made = self._for(session)
        cursor = made.execute(session, values)
        try:
            return made.read(cursor.fetchall())
        finally:
            cursor.close()

    def scalar(self, session: Session, **values: Any) -> Any:
        """The first column of the first row, or None."""
        rows = self.rows(session, **values)
        return rows[0][0] if rows else None

    def run(self, session: Session, **values: Any) -> int:
        """How many rows it touched."""
        cursor = self._for(session).execute(session, values)
        try:
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def run_each(self, session: Session, rows: Sequence[Mapping[str, Any]], **common: Any) -> None:
        """Once for each row; `common` is the same in all."""
        self._for(session).execute_each(session, rows, common).close()

    def _for(self, session: Session) -> "_Made":
        dialect = session.get_bind().dialect
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = _make(self._statement, self._columns, dialect)
        return made


@dataclass(frozen=True, slots=True)
class _Made:
    sql: str
    table: str | None  # that it writes
    is_positional: bool
    parameters: tuple[_Parameter, ...]
    results: tuple[Process | None, ...]

    def execute(self, session: Session, values: Mapping[str, Any]) -> Any:
        """The driver's cursor; its errors come as SQLAlchemy's."""
        taken = [_processed(each, values) for each in self.parameters]
        return self._do(session, self._shaped(taken))

    def execute_each(
        self, session: Session, rows: Sequence[Mapping[str, Any]], common: Mapping[str, Any]
    ) -> Any:
        """What is common is processed once."""
        varying = [
            (place, each)
            for place, each in enumerate(self.parameters)
            if each.name not in common and each.constant is _GIVEN
        ]
        left = {each.name: None for _, each in varying}
        same = [_processed(each, {**left, **common}) for each in self.parameters]
        taken = []
        for row in rows:
            cells = same.copy()
            for place, each in varying:
                cells[place] = _processed(each, row)
            taken.append(self._shaped(cells))
        return self._do(session, taken, many=True)

    def _do(self, session: Session, given: Any, *, many: bool = False) -> Any:
        connection = session.connection()
        driver, dialect = connection.connection.dbapi_connection, connection.dialect
        assert driver is not None  # noqa: S101  # a session's connection has one
        cursor = driver.cursor()
        do = dialect.do_executemany if many else dialect.do_execute
        try:
            do(cursor, self.sql, given)
        except dialect.loaded_dbapi.Error as error:
            cursor.close()
            raise _as_sqlalchemys(self.sql, error, dialect) from error
        if self.table is not None:
            note(self.table)
        return cursor

    def read(self, found: Sequence[Row]) -> list[Row]:
        if not any(self.results):
            return list(found)
        return [
            tuple(
                [make(cell) if make else cell for make, cell in zip(self.results, row, strict=True)]
            )
            for row in found
        ]

    def _shaped(self, cells: list[Any]) -> Any:
        """As the driver takes them: by place, or by name."""
        if self.is_positional:
            return cells
        return {each.name: cell for each, cell in zip(self.parameters, cells, strict=True)}


def _as_sqlalchemys(sql: str, error: Exception, dialect: Dialect) -> BaseException:
    """Without what was to be written: that may be somebody's address."""
    base = dialect.loaded_dbapi.Error
    return DBAPIError.instance(sql, None, error, base, hide_parameters=True, dialect=dialect)


def _processed(parameter: _Parameter, values: Mapping[str, Any]) -> Any:
    if parameter.constant is not _GIVEN:
        return parameter.constant
    value = values[parameter.name]
    return value if parameter.process is None else parameter.process(value)


def _make(statement: ClauseElement, columns: Sequence[str] | None, dialect: Dialect) -> _Made:
    compiled = statement.compile(dialect=dialect, column_keys=columns)
    if not isinstance(compiled, SQLCompiler) or compiled.post_compile_params:
        raise TypeError(str(statement))  # it would have to be compiled for each execution
    writes = compiled.isinsert or compiled.isupdate or compiled.isdelete
    return _Made(
        sql=str(compiled),
        table=compiled.statement.table.name if writes else None,  # type: ignore[union-attr]
        is_positional=bool(compiled.positional),
        parameters=tuple(_parameters(compiled, dialect)),
        results=tuple(_results(statement, dialect)),
    )


def _parameters(compiled: SQLCompiler, dialect: Dialect) -> Iterator[_Parameter]:
    """In the order of their places, or each once where the driver takes names."""
    names = compiled.positiontup if compiled.positional else compiled.bind_names.values()
    defaults = {column.key: _default(column) for column in compiled.insert_prefetch}
    for name in names or ():
        bind = compiled.binds[name]
        process = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if name in defaults:
            yield _Parameter(name, _constant(defaults[name], process), None)
        elif bind.required:
            yield _Parameter(name, _GIVEN, process)
        else:
            yield _Parameter(name, _constant(bind.effective_value, process), None)


def _constant(value: Any, process: Process | None) -> Any:
    return process(value) if process else value


def _default(column: ColumnElement[Any]) -> Any:
    """Of a column that is given nothing."""
    default = getattr(column, "default", None)
    if not isinstance(default, ColumnDefault) or not default.is_scalar:
        raise TypeError(str(column))  # it would be computed once, and not for each row
    return default.arg


def _results(statement: ClauseElement, dialect: Dialect) -> Iterator[Process | None]:
    for column in getattr(statement, "exported_columns", ()):
        yield column.type.dialect_impl(dialect).result_processor(dialect, None)
