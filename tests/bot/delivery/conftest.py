"""Our shop with the flows that ship and a Telegram account, and its webhook."""

import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from bot.publishing import publish_shipped_flows
from bot.site import create_site
from data.merchants import Merchant
from tests.bot.builders import Names, a_tuanzi
from tests.bot.client import TestClient
from tests.bot.conftest import ADDRESS
from tests.bot.delivery.telegram import SECRET, Post, an_account
from tests.builders import NOW


@pytest.fixture(scope="session")
def _with_telegram(_built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once; each test has a copy of the file."""
    file = tmp_path_factory.mktemp("telegram") / "shop.db"
    shutil.copyfile(_built / "shop.db", file)
    ours, theirs = _names(_built)
    tuanzi = a_tuanzi(file)
    with tuanzi.database.transaction() as session:
        publish_shipped_flows(session, merchant_id=ours.merchant, by="test", now=NOW)
        session.get_one(Merchant, ours.merchant).settings = {"reading_rates": {"USD": "7.10"}}
    an_account(tuanzi, ours.merchant, external_id="7", secret=SECRET)
    an_account(tuanzi, theirs.merchant, external_id="8", secret="theirs")
    tuanzi.close()
    return file


def _names(built: Path) -> tuple[Names, Names]:
    ours, theirs = pickle.loads((built / "names").read_bytes())  # noqa: S301  # our own file
    return ours, theirs


@pytest.fixture(scope="session")
def _door(_with_telegram: Path) -> FastAPI:
    """The site's routes, made once; each test puts its own shop behind them."""
    tuanzi = a_tuanzi(_with_telegram)
    tuanzi.close()
    return create_site(tuanzi, works=False)


@pytest.fixture
def post(_with_telegram: Path, _door: FastAPI, tmp_path: Path) -> Iterator[Post]:
    shutil.copyfile(_with_telegram, tmp_path / "shop.db")
    tuanzi = a_tuanzi(tmp_path / "shop.db")
    _door.state.tuanzi = tuanzi
    yield Post(tuanzi, TestClient(_door, base_url=ADDRESS))
    tuanzi.close()
