"""A shop with one group-buy that must be sound when a test ends: on SQLite, or on each database."""

from collections.abc import Iterator

import pytest

from data.kernel.database import Database
from tests.data.group_buys.shop import GroupShop


def _sound(database: Database) -> Iterator[GroupShop]:
    shop = GroupShop(database)
    yield shop
    shop.work()
    found = shop.violations()
    shop.close()
    assert found == []


@pytest.fixture
def shop(database: Database) -> Iterator[GroupShop]:
    yield from _sound(database)


@pytest.fixture
def each_shop(each_database: Database) -> Iterator[GroupShop]:
    yield from _sound(each_database)
