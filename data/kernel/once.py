"""Insert a row unless its unique key is taken: the database decides who was first."""

from functools import cache
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.kernel.database import Base, table_of
from data.kernel.prepared import Prepared


def insert_once(session: Session, mapped: type[Base], **values: Any) -> Any | None:
    """The new row's primary key, or None where any unique constraint says it was there before."""
    statement = _statement(mapped, tuple(values), session.get_bind().dialect.name)
    return statement.scalar(session, **values)


@cache
def _statement(mapped: type[Base], columns: tuple[str, ...], dialect_name: str) -> Prepared:
    dialect = sqlite if dialect_name == "sqlite" else postgresql
    key = inspect(mapped).primary_key[0]
    insert = dialect.insert(table_of(mapped)).on_conflict_do_nothing().returning(key)
    return Prepared(insert, columns)
