"""A demo folder as its first start leaves it; each test has a copy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.nursery import Nursery
from tests.crash.shop import MortalShop, copy_of


@pytest.fixture(scope="session")
def seeded(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crash") / "demo"
    shop = MortalShop(folder, nursery)
    shop.start()
    shop.stop()
    return folder


@pytest.fixture
def shop(seeded: Path, nursery: Nursery, tmp_path: Path) -> Iterator[MortalShop]:
    shop = MortalShop(copy_of(seeded, tmp_path / "demo"), nursery)
    yield shop
    shop.stop()
