"""Every column that names a person, as the schema itself tells: a new table is never forgotten."""

from functools import cache

from sqlalchemy import Column

from data.kernel.database import Base

_PEOPLE = "people.id"


@cache
def columns_naming_people() -> tuple[Column[str], ...]:
    """In a fixed order. The whole schema must have been read by now; a running shop has."""
    return tuple(
        column
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.target_fullname == _PEOPLE for key in column.foreign_keys)
    )
