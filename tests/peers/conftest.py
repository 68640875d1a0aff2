"""A seeded shop and Telegram's peer for the tests that speak over real sockets."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from tests import calling
from tests.peers.matrix_fixtures import bot, people, shop, square, synapse
from tests.peers.telegram_world import (
    Street,
    a_shop,
    free_port,
    running_peer,
    seed_shop,
    serving,
    shop_settings,
)

__all__ = ["bot", "people", "shop", "square", "synapse"]  # what tests ask for by name


@pytest.fixture(scope="session")
def another_library() -> ModuleType:
    """Knows Telegram's shapes on its own account."""
    import aiogram  # noqa: PLC0415  # nine seconds: a third of what collecting all tests took

    return aiogram


@pytest.fixture(scope="session")
def telegram_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """For what is only sent: nobody's webhook is called."""
    with running_peer(tmp_path_factory.mktemp("peer") / "journal.jsonl") as peer:
        yield peer


@pytest.fixture(scope="session")
def seeded_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop, set up once; each test has a copy."""
    file = tmp_path_factory.mktemp("telegram") / "seeded.db"
    seed_shop(file)
    return file


@pytest.fixture
def quiet_street(seeded_shop: Path, tmp_path: Path) -> Iterator[Street]:
    """A shop of its own, for what must not be disturbed: a whole journey and its verdict."""
    with _opened(seeded_shop, tmp_path) as street:
        yield street


@pytest.fixture(scope="session")
def street(seeded_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """One shop for all tests that bring their own people and groups."""
    with _opened(seeded_shop, tmp_path_factory.mktemp("street")) as street:
        yield street


@contextmanager
def _opened(seeded_shop: Path, folder: Path) -> Iterator[Street]:
    shutil.copyfile(seeded_shop, folder / "shop.db")
    journal = folder / "journal.jsonl"
    with running_peer(journal) as peer, calling.client(timeout=30) as client:
        settings = shop_settings(folder / "shop.db", port=free_port(), peer=peer)
        with serving(a_shop(settings)) as tuanzi:
            yield Street(tuanzi, peer, journal, client)
