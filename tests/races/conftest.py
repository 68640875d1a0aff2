"""Shops in the database of a test, for races of their people."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from data.kernel.database import Database
from tests.data.group_buys.shop import GroupShop


@pytest.fixture
def shops(each_database: Database) -> Iterator[Callable[..., GroupShop]]:
    """A shop in the database of this test; sound when the race is over and all work is done."""
    opened: list[GroupShop] = []

    def found(**settings: Any) -> GroupShop:
        opened.append(GroupShop(each_database, on_hand=700, **settings))
        return opened[-1]

    yield found
    for shop in opened:
        shop.close()
