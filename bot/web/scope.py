"""A second net under every query: a session that sees and changes one merchant's rows only (T11).

The first is that each query says so itself; this one holds where a query forgot. Prepared
statements about tables, which give no objects, have the first only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from data.kernel.database import Base, Database
from data.kernel.entities import ONLY


@contextmanager
def looking(database: Database, merchant_id: str) -> Iterator[Session]:
    """A look at one merchant's rows."""
    with database.reading() as session:
        yield keep_to(session, merchant_id)


@contextmanager
def changing(database: Database, merchant_id: str) -> Iterator[Session]:
    """A transaction within one merchant's rows."""
    with database.transaction() as session:
        yield keep_to(session, merchant_id)


def keep_to(session: Session, merchant_id: str) -> Session:
    """From here on, another merchant's rows do not exist for this session."""

    def only_theirs(state: ORMExecuteState) -> None:
        if state.is_select or state.is_update or state.is_delete:
            state.statement = state.statement.options(
                *(
                    with_loader_criteria(owned, owned.merchant_id == merchant_id)  # type: ignore[attr-defined]  # _owned() has asked
                    for owned in _owned()
                )
            )

    event.listen(session, "do_orm_execute", only_theirs)
    session.info[ONLY] = merchant_id
    return session


@cache
def _owned() -> tuple[type[Base], ...]:
    """Mapped classes whose every row belongs to a merchant; a NULL would hide the row."""
    found = []
    for mapper in Base.registry.mappers:
        column = mapper.columns.get("merchant_id")
        if column is not None and not column.nullable:
            found.append(mapper.class_)
    return tuple(found)
