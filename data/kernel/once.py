"""Insert a row unless its unique key is taken: the database decides who was first."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.kernel.database import Base


def insert_once(session: Session, mapped: type[Base], **values: Any) -> Any | None:
    """The new row's primary key, or None where any unique constraint says it was there before."""
    session.flush()  # what the row refers to must be there first
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    key = inspect(mapped).primary_key[0]
    statement = dialect.insert(mapped).values(**values).on_conflict_do_nothing().returning(key)
    return session.execute(statement).scalar()
