"""Whatever comes to a door: no 500, no traceback, and the next good message is kept and answered.

A slow part throws a hundred inputs for each seed that Hypothesis draws; which of them failed is
told whole, with its place and the seed.
"""

import logging
from asyncio import timeout
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from httpx import ASGITransport, AsyncClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from bot.channels.wechat_rules import RULES
from bot.demo.clock import clock_of
from data.delivery.models import InboxRow, InboxState
from data.merchants import ChannelAccount
from tests.bot.open_demo import Demo
from tests.peers.conformance.conftest import OpenBench, benches, opened
from tests.peers.conformance.fuzzed import Door, Flying, bank_door, door_of
from tests.peers.conformance.fuzzed_answers import ASKING

DOORS = ["telegram", "wechat", "wecom", "matrix", "web", "rest", "bank"]
_PATIENCE = 60  # seconds of ours, for one: whoever waits for ever is stuck
_PAUSE = timedelta(
    seconds=4
)  # between two: nobody's limit is reached, and nobody is floods' victim
_CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
SEEDS, EACH = 1000, 100  # of each door


def thrown(door: Door, chance: Random, many: int) -> Iterator[Flying]:
    for _ in range(many):
        yield door.throw(chance)


async def send_all(shop: Demo, wires: Iterator[Flying]) -> None:
    """One after the other; a mistake of ours is raised as it is, and not turned into 500."""
    clock = clock_of(shop.tuanzi)
    road = ASGITransport(shop.client.app, client=("198.18.77.1", 5))  # type: ignore[arg-type]  # an ASGI app
    async with AsyncClient(transport=road, base_url="http://127.0.0.1") as client:
        for place, wire in enumerate(wires):
            clock.advance(_PAUSE)
            try:
                async with timeout(_PATIENCE):
                    await wire.fly(client)
            except Exception as error:
                raise AssertionError(f"{place}: {wire}") from error


def survives(
    shop: Demo, door: Door, wires: Iterator[Flying], log: pytest.LogCaptureFixture
) -> None:
    log.clear()
    door.run(send_all(shop, wires))
    shop.tuanzi.worker._drain()
    door.check()
    assert [record for record in log.records if record.exc_info] == []
    with shop.tuanzi.database.reading() as session:
        waiting = select(func.count()).where(InboxRow.state == InboxState.RECEIVED)
        assert session.scalar(waiting) == 0
        # PostgreSQL would refuse what SQLite only keeps.
        longest = select(func.max(func.length(InboxRow.event_id)))
        assert (session.scalar(longest) or 0) <= InboxRow.event_id.type.length


def door_at(shop: Demo, open_bench: OpenBench, name: str) -> Door:
    if name == "bank":
        return bank_door(shop)
    bench = open_bench(name)
    if name == "wechat":  # whoever calls is not to wait for us here; unsealed calls come in too
        with shop.tuanzi.database.transaction() as session:
            account = session.get_one(ChannelAccount, bench.account.id)
            account.settings = {**account.settings, RULES: {"reply_seconds": 0.001, "plain": True}}
    return ASKING[name](bench) if name in ASKING else door_of(bench)


@pytest.fixture
def hasty_shop(seeded_shop: Path, tmp_path: Path) -> Iterator[Demo]:
    """Of its own, and it does not wait for its disk: no power is cut here."""
    with opened(seeded_shop, tmp_path / "shop.db") as shop:
        event.listen(
            shop.tuanzi.database.engine,
            "checkout",
            lambda connection, *_: connection.execute("PRAGMA synchronous=OFF").close(),
        )
        yield shop


@pytest.fixture
def hasty_benches(hasty_shop: Demo, telegram_peer: str) -> Iterator[OpenBench]:
    with benches(hasty_shop, telegram_peer) as open_one:
        yield open_one


@pytest.mark.parametrize("name", DOORS)
def test_after_anything_a_good_message_is_kept_and_answered(
    hasty_shop: Demo, hasty_benches: OpenBench, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    door = door_at(hasty_shop, hasty_benches, name)

    @settings(max_examples=4, suppress_health_check=_CHECKS)
    @given(chance=st.randoms(use_true_random=False))
    def check(chance: Random) -> None:
        survives(hasty_shop, door, thrown(door, chance, 8 if name in ASKING else 15), caplog)

    with caplog.at_level(logging.WARNING):
        check()


@pytest.mark.slow
@pytest.mark.parametrize("name", DOORS)
def test_after_a_hundred_thousand_too(
    hasty_shop: Demo, hasty_benches: OpenBench, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    door = door_at(hasty_shop, hasty_benches, name)
    phases: Sequence[Phase] = (Phase.explicit, Phase.reuse, Phase.generate)
    survived: list[int] = []

    @settings(max_examples=SEEDS, suppress_health_check=_CHECKS, phases=phases)
    @given(seed=st.integers(0, 2**64))
    def check(seed: int) -> None:
        survives(hasty_shop, door, thrown(door, Random(seed), EACH), caplog)
        survived.append(EACH)

    with caplog.at_level(logging.WARNING):
        check()
    assert sum(survived) >= SEEDS * EACH
