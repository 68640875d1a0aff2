"""A Synapse for all tests of a run, with a new account of the shop and new people for each."""

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.peers.kept import NoPeer
from tests.peers.matrix_world import People, Square, matrix_settings, opened
from tests.peers.synapse_peer import Synapse, User, running_synapse

_numbers = count(1)


@pytest.fixture(scope="session")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    try:
        with running_synapse(tmp_path_factory.mktemp("synapse") / "hs") as running:
            yield running
    except NoPeer as reason:
        pytest.skip(f"no Synapse here: {reason}")


@pytest.fixture
def bot(synapse: Synapse) -> User:
    return synapse.person(f"shop{next(_numbers)}", "Tuanzi Gifts")


@pytest.fixture
def shop(seeded_shop: Path, tmp_path: Path) -> Settings:
    """Of a shop of its own, that nobody has opened yet."""
    shutil.copyfile(seeded_shop, tmp_path / "shop.db")
    return matrix_settings(tmp_path / "shop.db")


@pytest.fixture
def square(synapse: Synapse, bot: User, shop: Settings) -> Iterator[Square]:
    with opened(shop, synapse, bot) as square:
        yield square


@pytest.fixture
def people(synapse: Synapse) -> People:
    """With accounts of their own in each test."""

    def make(*names: str) -> list[User]:
        return [synapse.person(f"{name.lower()}{next(_numbers)}", name) for name in names]

    return make
