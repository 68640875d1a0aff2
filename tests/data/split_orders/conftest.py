"""A shop where groups fill one basket, sound when a test ends: on one database, or on each."""

from collections.abc import Iterator

import pytest

from data.kernel.database import Database
from tests.data.split_orders.shop import SplitShop


def _sound(database: Database) -> Iterator[SplitShop]:
    shop = SplitShop(database)
    yield shop
    shop.work()
    found = shop.violations()
    shop.close()
    assert found == []


@pytest.fixture
def shop(database: Database) -> Iterator[SplitShop]:
    yield from _sound(database)


@pytest.fixture
def each_shop(each_database: Database) -> Iterator[SplitShop]:
    yield from _sound(each_database)
