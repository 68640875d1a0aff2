"""A till on SQLite, and one on each database."""

import pytest

from data.kernel.database import Database
from tests.data.payments.till import Till


@pytest.fixture
def till(database: Database) -> Till:
    return Till(database)


@pytest.fixture
def each_till(each_database: Database) -> Till:
    return Till(each_database)
