"""A till on SQLite, and one on each database."""

from pathlib import Path

import pytest

from data.kernel.database import Database
from tests.data.payments.till import Till


@pytest.fixture
def till(database: Database) -> Till:
    return Till(database)


@pytest.fixture
def each_till(each_database: Database) -> Till:
    return Till(each_database)


@pytest.fixture(scope="session")
def empty_shop(_empty_shop: Path) -> Path:  # the suite's own template file
    """A database file with the schema and nothing in it."""
    return _empty_shop
