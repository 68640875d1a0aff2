"""A seeded shop and Telegram's peer for the tests that speak over real sockets."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.peers.telegram_world import (
    Street,
    a_shop,
    free_port,
    running_peer,
    seed_shop,
    serving,
    shop_settings,
)


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
    with running_peer(journal) as peer, httpx.Client(timeout=30, trust_env=False) as client:
        settings = shop_settings(folder / "shop.db", port=free_port(), peer=peer)
        with serving(a_shop(settings)) as tuanzi:
            yield Street(tuanzi, peer, journal, client)
