"""Rows that several people move at once: read anew or locked, changed by one conditional UPDATE
whose row count decides, turned from the state they were last seen in."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Table, inspect, update
from sqlalchemy.orm import Session

from data.kernel.database import Base, changed
from data.kernel.entities import read_now
from data.kernel.errors import NotFound

_Row = TypeVar("_Row", bound=Base)
_State = TypeVar("_State", bound=StrEnum)


def as_it_is(session: Session, mapped: type[_Row], row_id: str, *, name: str) -> _Row:
    """The row as the database has it, not as this session remembers it. NotFound(name)."""
    row = read_now(session, mapped, row_id)
    if row is None:
        raise NotFound(name)
    return row


def locked(session: Session, mapped: type[_Row], row_id: str, *, name: str) -> _Row:
    """The same, and nobody else's until we commit."""
    row = session.get(mapped, row_id, populate_existing=True, with_for_update=True)
    if row is None:
        raise NotFound(name)
    return row


def change_where(
    session: Session, mapped: type[Base], *conditions: ColumnElement[bool], **values: object
) -> bool:
    """Did a row fit the conditions, and is changed now?"""
    session.flush()
    won = session.execute(
        update(mapped)
        .where(*conditions)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed(won))


def leading_to(moves: Mapping[_State, Collection[_State]], to: _State) -> list[_State]:
    """The states from which there is a way to this one."""
    return [state for state, ways in moves.items() if to in ways]


def turn_row(
    session: Session,
    row: Base,
    moves: Mapping[Any, Collection[StrEnum]],
    to: StrEnum,
    *conditions: ColumnElement[bool],
    **also: Any,
) -> bool:
    """On from the state we last saw it in, along its table of moves, where the conditions hold.
    False: there is no such way, or somebody else was first. The row says afterwards how it is."""
    table = inspect(type(row)).local_table
    assert isinstance(table, Table)  # noqa: S101  # no class of ours is mapped to a join
    was = row.state  # type: ignore[attr-defined]  # every machine of ours has one
    if to not in moves[was]:
        return False
    mine = (table.c.id == row.id, table.c.state == was)  # type: ignore[attr-defined]  # and a key
    won = change_where(session, type(row), *mine, *conditions, state=to, **also)
    session.refresh(row)
    return won
