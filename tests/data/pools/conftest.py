"""A shop with presents to pay for together, sound when a test ends: on one database, or on each."""

from collections.abc import Iterator

import pytest

from data.kernel.database import Database
from tests.data.pools.shop import PoolShop


def _sound(database: Database) -> Iterator[PoolShop]:
    shop = PoolShop(database)
    yield shop
    shop.work()
    found = shop.violations()
    shop.close()
    assert found == []


@pytest.fixture
def shop(database: Database) -> Iterator[PoolShop]:
    yield from _sound(database)


@pytest.fixture
def each_shop(each_database: Database) -> Iterator[PoolShop]:
    yield from _sound(each_database)
