"""Mapped objects out of a prepared SELECT: for what every turn reads.

The ORM makes its loaders anew with each query, ten times what the objects themselves take
(docs/adr/0011). Here they are made once; what comes is what a query gives: objects of the session,
the same one for the same row, written at its commit where they are changed.
"""

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import Any, TypeVar

from sqlalchemy import Select, UpdateBase, bindparam, inspect, select
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import instance_state

from data.kernel.prepared import Prepared, Row

_Mapped = TypeVar("_Mapped")
Part = Callable[[Session, Row], Any]
ONLY = "only_merchant"  # the key in Session.info: whose rows alone exist there (T11)


def remembered(session: Session, mapped: type[_Mapped], key: str) -> _Mapped | None:
    """The row of this id as the session knows it, if it does; asks nobody."""
    there: _Mapped | None = session.identity_map.get((mapped, (key,), None))
    return None if there is None or instance_state(there).expired else there


def known(session: Session, mapped: type[_Mapped], key: str) -> _Mapped | None:
    """The row of this id as the session remembers it, else as the database has it."""
    return remembered(session, mapped, key) or read_now(session, mapped, key)


def read_now(session: Session, mapped: type[_Mapped], key: str) -> _Mapped | None:
    """The row of this id as the database has it, whatever the session remembers."""
    kind: Any = mapped  # mypy takes no type for something to be cached by
    found: list[tuple[_Mapped]] = _by_id(kind).rows(session, this=key)
    return found[0][0] if found else None


@cache
def _by_id(mapped: Any) -> "Entities":
    return Entities(select(mapped).where(mapped.id == bindparam("this")), fresh=True)


class Entities:
    """A SELECT of mapped classes without relationships, and of columns beside them. `fresh`: what
    the session knows already becomes what the database has now, as under a lock it must.

    Or an INSERT or UPDATE that returns all columns of one class, `gives`, in order; `columns`: see
    Prepared.
    """

    def __init__(
        self,
        statement: Select[*tuple[Any, ...]] | UpdateBase,
        *,
        fresh: bool = False,
        gives: type[Any] | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        self._statement = statement
        self._fresh = fresh
        self._gives = gives
        self._prepared = Prepared(statement, columns)

    def rows(self, session: Session, **values: Any) -> list[Row]:
        """A class is None where an outer join found nothing. In a session that keeps to one
        merchant, a row with another's is none."""
        found = self._prepared.rows(session, **values)
        only = session.info.get(ONLY)
        if only is not None:
            found = [row for row in found if all(row[at] in (only, None) for at in self._owners)]
        parts = self._parts
        return [tuple([part(session, row) for part in parts]) for row in found]

    def first(self, session: Session, **values: Any) -> Row | None:
        rows = self.rows(session, **values)
        return rows[0] if rows else None

    @cached_property
    def _owners(self) -> Sequence[int]:
        """Where a row says whose it is."""
        columns = self._statement.exported_columns
        return [at for at, column in enumerate(columns) if column.key == "merchant_id"]

    @property
    def _asked(self) -> Sequence[Any]:
        """What each part of a row is: a mapped class, or a column."""
        if isinstance(self._statement, UpdateBase):
            return [self._gives]
        return [asked["expr"] for asked in self._statement.column_descriptions]

    @cached_property
    def _parts(self) -> Sequence[Part]:
        parts: list[Part] = []
        place = 0
        for asked in self._asked:
            mapper = inspect(asked, raiseerr=False)
            if isinstance(mapper, Mapper):
                parts.append(_Entity(mapper, place, fresh=self._fresh).read)
                place += len(mapper.columns)
            else:
                parts.append(_column(place))
                place += 1
        return parts


class _Entity:
    """How objects of one class are made from the columns of a row, from `start` on."""

    def __init__(self, mapper: Mapper[Any], start: int, *, fresh: bool) -> None:
        self._fresh = fresh
        self._new = mapper.class_manager.new_instance
        self._class = mapper.base_mapper.class_
        self._names = [mapper.get_property_by_column(column).key for column in mapper.columns]
        columns: list[object] = list(mapper.columns)
        self._keys = [start + columns.index(key) for key in mapper.primary_key]
        self._cells = slice(start, start + len(self._names))

    def read(self, session: Session, row: Row) -> Any:
        key = (self._class, tuple([row[place] for place in self._keys]), None)
        if key[1][0] is None:
            return None
        there = session.identity_map.get(key)
        if there is None:
            return self._make(session, key, row)
        if self._fresh or instance_state(there).expired:
            self._fill(there, row)
        return there

    def _fill(self, there: Any, row: Row) -> None:
        """What was set since it was read or expired stays, and is written."""
        state = instance_state(there)
        empty = state.unmodified if self._fresh else state.expired_attributes & state.unmodified
        for name, cell in zip(self._names, row[self._cells], strict=True):
            if name in empty:
                there.__dict__[name] = cell
        state.expired_attributes.difference_update(self._names)
        state.expired = False

    def _make(self, session: Session, key: Any, row: Row) -> Any:
        """What sqlalchemy.orm.loading does with a row; tests hold it against a query."""
        new = self._new()
        new.__dict__.update(zip(self._names, row[self._cells], strict=True))
        state = instance_state(new)
        state.key = key
        state.session_id = session.hash_key
        session.identity_map.add(state)
        return new


def _column(place: int) -> Part:
    def read(_session: Session, row: Row) -> Any:
        return row[place]

    return read
