"""The rows of one thing once more, and once more, under other names."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Integer, Table, insert, select
from sqlalchemy.orm import Session

from data.kernel.database import Base

_AT_ONCE = 2_000  # rows in one statement
# A message that was sent long ago is gone: copies are of what has been there for a while.
_NOT = ("outbox",)
Row = dict[str, Any]


def copied(session: Session, names: Sequence[str], many: int) -> None:
    """Every row that has one of these names in it, so many times: `name` becomes `name-0`, `name-1`
    and so on, in whatever holds it. Numbers that a database gives are given anew."""
    for table in Base.metadata.sorted_tables:
        if table.name in _NOT:
            continue
        rows = [row for row in _rows(session, table) if _holds(row, names)]
        again = (_renamed(row, names, nth) for nth in range(many) for row in rows)
        for batch in _batches(again):
            session.execute(insert(table), batch)


def _rows(session: Session, table: Table) -> list[Row]:
    """Without the numbers that the database gives."""
    given = [column.name for column in table.primary_key if isinstance(column.type, Integer)]
    columns = [column for column in table.columns if column.name not in given]
    return [dict(row) for row in session.execute(select(*columns)).mappings()]


def _holds(value: Any, names: Sequence[str]) -> bool:
    if isinstance(value, dict):
        return any(_holds(each, names) for each in value.values())
    return isinstance(value, str) and any(name in value for name in names)


def _renamed(row: Any, names: Sequence[str], nth: int) -> Any:
    if isinstance(row, dict):
        return {key: _renamed(value, names, nth) for key, value in row.items()}
    if isinstance(row, str):
        for name in names:
            row = row.replace(name, f"{name}-{nth}")
    return row


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while batch := list(islice(left, _AT_ONCE)):
        yield batch
