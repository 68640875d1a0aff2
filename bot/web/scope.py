"""A second net under every query: a session that sees and changes one merchant's rows only (T11).

The first is that each query says so itself; this one holds where a query forgot. Prepared
statements about tables, which give no objects, have the first only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import BindParameter, bindparam, event
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.interfaces import CriteriaOption
from sqlalchemy.sql.visitors import InternalTraversal

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
            state.statement = state.statement.options(_only(merchant_id))

    event.listen(session, "do_orm_execute", only_theirs)
    session.info[ONLY] = merchant_id
    return session


class Only(CriteriaOption):
    """SQLAlchemy's own option for each class, and of all of them one key in its cache.

    Each of the hundred said a key of its own, with each statement: half of what a page's reads
    took. What tells two shops apart is the one parameter that all of them compare with.
    """

    propagate_to_loaders = True
    # What the key is made of: SQLAlchemy reads it as a class attribute.
    _traverse_internals = [("merchant", InternalTraversal.dp_clauseelement)]  # noqa: RUF012

    def __init__(self, merchant_id: str) -> None:
        self.merchant: BindParameter[str] = bindparam("only_merchant", merchant_id)
        self._each = tuple(
            with_loader_criteria(owned, owned.merchant_id == self.merchant)  # type: ignore[attr-defined]  # _owned() has asked
            for owned in _owned()
        )

    def process_compile_state(self, compile_state: Any) -> None:
        for option in self._each:
            option.process_compile_state(compile_state)

    def process_compile_state_replaced_entities(
        self, compile_state: Any, mapper_entities: Any
    ) -> None:
        self.process_compile_state(compile_state)

    def get_global_criteria(self, attributes: dict[Any, Any]) -> None:
        for option in self._each:
            option.get_global_criteria(attributes)


@lru_cache(maxsize=32)  # merchants at work at once; each takes 80 KB
def _only(merchant_id: str) -> Only:
    """To make it takes twice as long as the statement it stands on."""
    return Only(merchant_id)


@cache
def _owned() -> tuple[type[Base], ...]:
    """Mapped classes whose every row belongs to a merchant; a NULL would hide the row."""
    found = []
    for mapper in Base.registry.mappers:
        column = mapper.columns.get("merchant_id")
        if column is not None and not column.nullable:
            found.append(mapper.class_)
    return tuple(found)
