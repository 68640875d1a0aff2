"""Fixtures of the web's tests: two stocked shops in one database, a site over it, its clients."""

import pickle
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI

from bot import console
from bot.api import merchant
from bot.app import Tuanzi
from bot.site import create_site
from data.schema import create_schema
from tests.bot.builders import QUICK, Names, a_stocked_shop, a_tuanzi
from tests.bot.client import TestClient

# Cookies that are `Secure` need https; TrustedHost needs a name it knows.
ADDRESS = "https://127.0.0.1"
# What a browser says of a form on our own page.
OURS = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True, slots=True)
class Street:
    """Two shops next to each other; nothing of the one may be seen in the other."""

    tuanzi: Tuanzi
    site: FastAPI
    ours: Names
    theirs: Names


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both shops, made once; each test has a copy of the file."""
    folder = tmp_path_factory.mktemp("street")
    tuanzi = a_tuanzi(folder / "shop.db")
    create_schema(tuanzi.database)
    names = [a_stocked_shop(tuanzi, called=called) for called in ("ours", "theirs")]
    tuanzi.close()
    (folder / "names").write_bytes(pickle.dumps(names))
    return folder


@pytest.fixture
def street(_built: Path, tmp_path: Path) -> Iterator[Street]:
    shutil.copyfile(_built / "shop.db", tmp_path / "shop.db")
    ours, theirs = pickle.loads((_built / "names").read_bytes())  # noqa: S301  # our own file
    tuanzi = a_tuanzi(tmp_path / "shop.db")
    site = create_site(tuanzi, works=False)
    merchant.install(site, tuanzi)
    console.install(site, tuanzi, passwords=QUICK)
    yield Street(tuanzi, site, ours, theirs)
    tuanzi.close()


@pytest.fixture
def api(street: Street) -> TestClient:
    """A program of our shop."""
    headers = {"Authorization": f"Bearer {street.ours.token}"}
    return TestClient(street.site, base_url=ADDRESS, headers=headers)


@pytest.fixture
def visitor(street: Street) -> TestClient:
    """A browser that nobody has signed in with; it follows no redirects."""
    return TestClient(street.site, base_url=ADDRESS, headers=OURS, follow_redirects=False)
