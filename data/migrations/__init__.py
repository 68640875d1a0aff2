"""The schema's history. `migrate` brings a database to today's; what is newer than us is refused.

A new revision: change the models, then `python -m data.migrations "what changed"`; read what it
wrote, and write by hand what it cannot see (search index, triggers).
"""

from pathlib import Path

from sqlalchemy import inspect, text

from data.kernel.database import Database

_VERSIONS = Path(__file__).parent / "versions"


def migrate(database: Database) -> None:
    """Up to the newest revision; a database that is there already is left alone."""
    from data.migrations.changing import upgrade  # noqa: PLC0415  # brings Alembic

    upgrade(database)


def stamp(database: Database) -> None:
    """A schema made at once, from the models, stands where the newest revision leads."""
    from data.migrations.changing import stamp_newest  # noqa: PLC0415  # brings Alembic

    stamp_newest(database)


def is_current(database: Database) -> bool:
    """Whether this database stands exactly where the code expects it. Every start asks, so it is
    answered without Alembic, which would stay in memory (11 MB of each process)."""
    with database.engine.begin() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        stands_at = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    return stands_at == [newest()]


def newest() -> str:
    """The revision that this code expects: files are named after theirs, and in order."""
    return max(file.stem for file in _VERSIONS.glob("[0-9]*.py")).partition("_")[0]
