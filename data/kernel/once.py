"""Insert a row unless its unique key is taken: the database decides who was first."""

from functools import cache
from typing import Any

from sqlalchemy import Executable, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.kernel.database import Base, table_of


def insert_once(session: Session, mapped: type[Base], **values: Any) -> Any | None:
    """The new row's primary key, or None where any unique constraint says it was there before."""
    session.flush()  # what the row refers to must be there first
    statement = _statement(mapped, session.get_bind().dialect.name)
    return session.connection().execute(statement, values).scalar()


@cache
def _statement(mapped: type[Base], dialect_name: str) -> Executable:
    """Made once per table: building it anew costs as much as running it."""
    dialect = sqlite if dialect_name == "sqlite" else postgresql
    key = inspect(mapped).primary_key[0]
    insert: Executable = dialect.insert(table_of(mapped)).on_conflict_do_nothing().returning(key)
    return insert
