"""The schema's history. `migrate` brings a database to today's; what is newer than us is refused.

A new revision: change the models, then `python -m data.migrations "what changed"`; read what it
wrote, and write by hand what it cannot see (search index, triggers).
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from data.kernel.database import Database

_HERE = Path(__file__).parent


def migrate(database: Database) -> None:
    """Up to the newest revision; a database that is there already is left alone."""
    with database.engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(database: Database) -> bool:
    """Whether this database stands exactly where the code expects it."""
    with database.engine.begin() as connection:
        stands_at = MigrationContext.configure(connection).get_current_revision()
    return stands_at == ScriptDirectory.from_config(configuration()).get_current_head()


def stamp(database: Database) -> None:
    """A schema made at once, from the models, stands where the newest revision leads."""
    with database.engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.stamp(config, "head")


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return config
