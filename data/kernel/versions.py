"""Compare and set: a row that counts its versions is changed by whoever knows its last one."""

from functools import cache
from typing import Any, Protocol

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from data.kernel.database import Base, table_of
from data.kernel.prepared import Prepared


class Versioned(Protocol):
    id: Any
    version: Any


def set_if_same(session: Session, row: Versioned, **values: Any) -> bool:
    """Write these columns unless somebody has changed the row since it was read. False: then it is
    read again. Nothing else needs to be: what was compared is what it is."""
    assert isinstance(row, Base)  # noqa: S101  # a protocol cannot say both
    statement = _statement(type(row), tuple(values))
    given = {f"new_{name}": value for name, value in values.items()}
    if not statement.run(session, this=row.id, seen=row.version, **given):
        session.refresh(row)
        return False
    for name, value in {**values, "version": row.version + 1}.items():
        set_committed_value(row, name, value)
    return True


@cache
def _statement(mapped: type[Base], columns: tuple[str, ...]) -> Prepared:
    table = table_of(mapped)
    new = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in columns}
    return Prepared(
        update(table)
        .where(table.c.id == bindparam("this"), table.c.version == bindparam("seen"))
        .values(version=table.c.version + 1, **new)
    )
