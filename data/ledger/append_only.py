"""Triggers that refuse to change or delete what is written for good, on SQLite and PostgreSQL.

They come with the tables; a migration that makes the tables runs `append_only_ddl` too.
"""

from sqlalchemy import DDL, Table, event

from data.ledger.models import LedgerEntry, Posting

APPEND_ONLY_TABLES = ("ledger_entries", "postings")
_SQLITE = """CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'append_only'); END"""
_FUNCTION = """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION 'append_only'; END $$ LANGUAGE plpgsql"""
_POSTGRESQL = (
    "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
)


def append_only_ddl(table: str, dialect: str) -> list[str]:
    """The statements that close one table, to be run after it is created."""
    if dialect == "sqlite":
        return [_SQLITE.format(table=table, verb=verb) for verb in ("UPDATE", "DELETE")]
    return [_FUNCTION, _POSTGRESQL.format(table=table)]


def close(table: Table) -> None:
    """Of a table that is made from its model: the same, as soon as it is there."""
    for dialect in ("sqlite", "postgresql"):
        for statement in append_only_ddl(table.name, dialect):
            ddl = DDL(statement)  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
            event.listen(table, "after_create", ddl.execute_if(dialect=dialect))


for _mapped in (LedgerEntry, Posting):
    close(_mapped.__table__)  # type: ignore[arg-type]  # a declarative class maps one Table
