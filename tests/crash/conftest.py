"""A demo folder as its first start leaves it; each test has a copy."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.shop import MortalShop, copy_of


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where no bytecode is kept, every start would compile the whole shop: a matter of seconds."""
    if not os.environ.get("PYTHONDONTWRITEBYTECODE"):
        return dict(os.environ)
    kept = str(tmp_path_factory.mktemp("bytecode"))
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": kept}


@pytest.fixture(scope="session")
def seeded(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crash") / "demo"
    shop = MortalShop(folder, environment)
    shop.start()
    shop.stop()
    return folder


@pytest.fixture
def shop(seeded: Path, environment: dict[str, str], tmp_path: Path) -> Iterator[MortalShop]:
    shop = MortalShop(copy_of(seeded, tmp_path / "demo"), environment)
    yield shop
    shop.stop()
