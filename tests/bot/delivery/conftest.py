"""Our shop with the flows that ship and a Telegram account, and its webhook."""

import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from bot.delivery import webhooks, wechat_webhook, wecom_webhook
from bot.publishing import publish_shipped_flows
from bot.site import create_site
from bot.web.rates import Rate
from data.merchants import Merchant
from tests.bot.builders import Names, a_tuanzi
from tests.bot.client import TestClient
from tests.bot.conftest import ADDRESS
from tests.bot.delivery.telegram import SECRET, Post, an_account
from tests.bot.delivery.wechat import THEIRS, Gate, an_official_account
from tests.bot.delivery.wecom import OTHER_DESK, THEIR_CORP, Company, a_company
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
def post(
    _with_telegram: Path, _door: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Post]:
    """Its clock stands still, and so would the limit of calls in a second, for all tests."""
    monkeypatch.setattr(webhooks, "_CALLS", Rate(100, per=1))
    shutil.copyfile(_with_telegram, tmp_path / "shop.db")
    tuanzi = a_tuanzi(tmp_path / "shop.db")
    _door.state.tuanzi = tuanzi
    yield Post(tuanzi, TestClient(_door, base_url=ADDRESS))
    tuanzi.close()


@pytest.fixture(scope="session")
def _with_wechat(
    _built: Path, _with_telegram: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    file = tmp_path_factory.mktemp("wechat") / "shop.db"
    shutil.copyfile(_with_telegram, file)
    ours, theirs = pickle.loads((_built / "names").read_bytes())  # noqa: S301  # our own file
    tuanzi = a_tuanzi(file)
    an_official_account(tuanzi, ours.merchant)
    an_official_account(tuanzi, theirs.merchant, keys=THEIRS, plain=True)
    tuanzi.close()
    return file


@pytest.fixture
def gate(
    _with_wechat: Path, _door: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Gate]:
    """Its clock stands still, and so would the limit of calls in a second, for all tests."""
    monkeypatch.setattr(wechat_webhook, "_CALLS", Rate(100, per=1))
    shutil.copyfile(_with_wechat, tmp_path / "shop.db")
    tuanzi = a_tuanzi(tmp_path / "shop.db")
    _door.state.tuanzi = tuanzi
    yield Gate(tuanzi, TestClient(_door, base_url=ADDRESS, raise_server_exceptions=False))
    tuanzi.close()


@pytest.fixture
def company(
    _built: Path,
    _with_telegram: Path,
    _door: FastAPI,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Company]:
    """Its clock stands still, and so would the limit of calls in a second, for all tests."""
    monkeypatch.setattr(wecom_webhook, "_CALLS", Rate(100, per=1))
    shutil.copyfile(_with_telegram, tmp_path / "shop.db")
    tuanzi = a_tuanzi(tmp_path / "shop.db")
    ours, theirs = _names(_built)
    a_company(tuanzi, ours.merchant)
    a_company(tuanzi, theirs.merchant, keys=THEIR_CORP, desk=OTHER_DESK)
    _door.state.tuanzi = tuanzi
    yield Company(tuanzi, TestClient(_door, base_url=ADDRESS, raise_server_exceptions=False))
    tuanzi.close()
