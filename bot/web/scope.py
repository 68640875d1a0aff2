"""A second net under every query: a session that sees and changes one merchant's rows only (T11).

The first is that each query says so itself; this one holds where a query forgot. Prepared
statements about tables, which give no objects, have the first only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache

from sqlalchemy import event
from sqlalchemy.orm import LoaderCriteriaOption, ORMExecuteState, Session, with_loader_criteria

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
            state.statement = state.statement.options(*_only(merchant_id))

    event.listen(session, "do_orm_execute", only_theirs)
    session.info[ONLY] = merchant_id
    return session


@lru_cache(maxsize=32)  # merchants at work at once; each takes 80 KB
def _only(merchant_id: str) -> tuple[LoaderCriteriaOption, ...]:
    """One for each class: to make them took twice as long as the statement they stand on."""
    return tuple(
        with_loader_criteria(owned, owned.merchant_id == merchant_id)  # type: ignore[attr-defined]  # _owned() has asked
        for owned in _owned()
    )


@cache
def _owned() -> tuple[type[Base], ...]:
    """Mapped classes whose every row belongs to a merchant; a NULL would hide the row."""
    found = []
    for mapper in Base.registry.mappers:
        column = mapper.columns.get("merchant_id")
        if column is not None and not column.nullable:
            found.append(mapper.class_)
    return tuple(found)
