"""Fixtures of the web's tests: two stocked shops in one database, a site over it, its clients."""

import pickle
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.routing import Mount

from bot.app import Tuanzi
from bot.console.uploads import Uploads
from bot.site import create_site
from data.merchants import StaffRole
from data.schema import create_schema
from tests.bot.browser import Browser
from tests.bot.builders import QUICK, Names, a_stocked_shop, a_tuanzi
from tests.bot.client import TestClient, one_loop

# Cookies that are `Secure` need https; TrustedHost needs a name it knows.
ADDRESS = "https://127.0.0.1"
# What a browser says of a form on our own page.
OURS = {"Sec-Fetch-Site": "same-origin"}


SignIn = Callable[..., Browser]


@dataclass(frozen=True, slots=True)
class Street:
    """Two shops next to each other; nothing of the one may be seen in the other."""

    tuanzi: Tuanzi
    site: FastAPI
    ours: Names
    theirs: Names


@pytest.fixture(scope="session", autouse=True)
def _one_loop() -> Iterator[None]:
    with one_loop():
        yield


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


@pytest.fixture(scope="session")
def _site(_built: Path) -> FastAPI:
    """The site's routes, made once; each test puts its own shop behind them."""
    tuanzi = a_tuanzi(_built / "shop.db")
    site = create_site(tuanzi, works=False)
    for app in _apps(site):
        app.state.passwords = QUICK
    tuanzi.close()
    return site


def _apps(site: FastAPI) -> list[FastAPI]:
    """The site, and what is mounted in it."""
    mounted = [route.app for route in site.routes if isinstance(route, Mount)]
    return [app for app in (site, *mounted) if isinstance(app, FastAPI)]


def _put_behind(site: FastAPI, tuanzi: Tuanzi, folder: Path) -> None:
    for app in _apps(site):
        app.state.tuanzi = tuanzi
        app.state.uploads = Uploads(folder / "uploads")


@pytest.fixture
def street(_built: Path, _site: FastAPI, tmp_path: Path) -> Iterator[Street]:
    shutil.copyfile(_built / "shop.db", tmp_path / "shop.db")
    ours, theirs = pickle.loads((_built / "names").read_bytes())  # noqa: S301  # our own file
    tuanzi = a_tuanzi(tmp_path / "shop.db")
    _put_behind(_site, tuanzi, tmp_path)
    yield Street(tuanzi, _site, ours, theirs)
    tuanzi.close()


@pytest.fixture
def api(street: Street) -> TestClient:
    """A program of our shop."""
    headers = {"Authorization": f"Bearer {street.ours.token}"}
    return TestClient(street.site, base_url=ADDRESS, headers=headers)


@pytest.fixture
def sign_in(street: Street) -> SignIn:
    """A browser in which a colleague of ours has signed in."""

    def signed_in(role: StaffRole = StaffRole.OWNER) -> Browser:
        browser = Browser(_client(street))
        assert browser.sign_in(street.ours.emails[role]).status_code == 303
        return browser

    return signed_in


@pytest.fixture
def owner(sign_in: SignIn) -> Browser:
    return sign_in(StaffRole.OWNER)


@pytest.fixture
def visitor(street: Street) -> TestClient:
    """A browser that nobody has signed in with; it follows no redirects."""
    return _client(street)


def _client(street: Street) -> TestClient:
    return TestClient(street.site, base_url=ADDRESS, headers=OURS, follow_redirects=False)
