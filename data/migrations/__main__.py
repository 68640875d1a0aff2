"""`python -m data.migrations "what changed"`: a new revision from the difference to the models."""

import sys

from alembic import command

from data.kernel.database import Database
from data.migrations import migrate
from data.migrations.changing import configuration


def main(message: str) -> None:
    """Compares with a fresh database at the newest revision; read what it writes."""
    database = Database("sqlite://")
    migrate(database)
    with database.engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.revision(config, message=message, autogenerate=True)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
