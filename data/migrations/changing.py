"""Alembic, for whoever changes a schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from data.kernel.database import Database

_HERE = Path(__file__).parent


def upgrade(database: Database) -> None:
    with database.engine.begin() as connection:
        command.upgrade(_on(connection), "head")


def stamp_newest(database: Database) -> None:
    with database.engine.begin() as connection:
        command.stamp(_on(connection), "head")


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return config


def _on(connection: Connection) -> Config:
    config = configuration()
    config.attributes["connection"] = connection
    return config
