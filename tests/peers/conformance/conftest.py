"""A shop with all channels, each on its bench."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import build
from bot.demo.seeding import seed
from bot.site import create_site
from data.kernel.clock import SystemClock, TurnableClock
from tests.bot.client import one_loop
from tests.bot.open_demo import Demo, a_browser
from tests.peers.conformance.bench import Bench
from tests.peers.conformance.matrix_bench import MatrixBench
from tests.peers.conformance.rest_bench import RestBench
from tests.peers.conformance.telegram_bench import TelegramBench
from tests.peers.conformance.web_bench import WebBench
from tests.peers.conformance.wechat_bench import WeChatBench
from tests.peers.conformance.wecom_bench import WeComBench
from tests.peers.telegram_world import KEY, shop_settings
from tests.postgresql import Server

Kind = type[TelegramBench | WeChatBench | WeComBench | MatrixBench | WebBench | RestBench]
OpenBench = Callable[[str], Bench]
KINDS: tuple[Kind, ...] = (
    TelegramBench,
    WeChatBench,
    WeComBench,
    MatrixBench,
    WebBench,
    RestBench,
)
BENCHES: dict[str, Kind] = {kind.name: kind for kind in KINDS}


@contextmanager
def opened(seeded: Path, file: Path) -> Iterator[Demo]:
    shutil.copyfile(seeded, file)
    with opened_at(f"sqlite:///{file}") as shop:
        yield shop


@contextmanager
def opened_at(url: str) -> Iterator[Demo]:
    """Its clock stands still; each case brings its own people."""
    settings = shop_settings(Path(), port=1, peer="http://127.0.0.1:1")
    settings = replace(settings, database_url=url, telegram_token=None)
    tuanzi = build(settings, clock=TurnableClock(SystemClock().now()))
    yield Demo(tuanzi, a_browser(create_site(tuanzi, works=False)))
    tuanzi.close()


@contextmanager
def benches(shop: Demo, peer: str) -> Iterator[OpenBench]:
    made: dict[str, Bench] = {}
    with asyncio.Runner() as runner, ExitStack() as stack:

        def open_one(channel: str) -> Bench:
            if channel not in made:
                made[channel] = stack.enter_context(BENCHES[channel].opened(shop, runner, peer))
            return made[channel]

        yield open_one


@pytest.fixture(scope="package", autouse=True)
def _one_loop() -> Iterator[None]:
    with one_loop():
        yield


@pytest.fixture(scope="package")
def common_shop(seeded_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with opened(seeded_shop, tmp_path_factory.mktemp("conformance") / "shop.db") as shop:
        yield shop


@pytest.fixture(scope="package")
def lent_shop(postgresql: Server) -> Iterator[Demo]:
    """The same shop on PostgreSQL."""
    url = postgresql.lend()
    with opened_at(url) as shop:
        with shop.tuanzi.database.transaction() as session:
            seed(session, token=KEY, now=shop.tuanzi.clock.now())
        yield shop
    postgresql.take_back(url)


@pytest.fixture(scope="package")
def open_lent_bench(lent_shop: Demo, telegram_peer: str) -> Iterator[OpenBench]:
    with benches(lent_shop, telegram_peer) as open_one:
        yield open_one


@pytest.fixture(scope="package")
def open_bench(common_shop: Demo, telegram_peer: str) -> Iterator[OpenBench]:
    with benches(common_shop, telegram_peer) as open_one:
        yield open_one
