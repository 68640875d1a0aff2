"""The bell, heard in another process."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator

import pytest

from bot.delivery.bell import Bell
from bot.delivery.worker import POLL_SECONDS
from bot.serving.relay import Relay
from data.kernel.database import Database
from data.merchants import Merchant
from tests.bot.serving.two_processes import HERE, NEVER, measure

_processes = multiprocessing.get_context("forkserver")
TABLE = Merchant.__tablename__


@pytest.fixture
def relay() -> Iterator[Relay]:
    relay = Relay(2)
    yield relay
    relay.close()


def heard_after(database: Database, table: str) -> float:
    """In processes of their own."""
    answers = _processes.Queue()
    url = database.engine.url.render_as_string(hide_password=False)
    process = _processes.Process(target=measure, args=(url, table, answers))
    process.start()
    seconds: float = answers.get(timeout=60)
    process.join(60)
    return seconds


def test_a_commit_in_one_process_wakes_who_listens_in_another_before_they_would_look(
    database: Database,
) -> None:
    assert 0 <= heard_after(database, TABLE) < POLL_SECONDS / 2


def test_who_listens_for_another_table_sleeps_on(database: Database) -> None:
    assert heard_after(database, "orders") == NEVER


def test_a_process_hears_its_own_bell_but_not_its_own_pipe(
    relay: Relay, database: Database
) -> None:
    async def rings() -> tuple[bool, bool]:
        bell = Bell()
        relay.join(HERE, database, bell)
        ears = asyncio.create_task(relay.listen(HERE, bell))
        with bell.listening(TABLE) as rung:
            database.on_commit({TABLE})
            await asyncio.wait_for(rung.wait(), 1)
            rung.clear()
            await asyncio.sleep(0.05)
            ears.cancel()
            return True, rung.is_set()

    assert asyncio.run(rings()) == (True, False)


def test_a_process_that_does_not_read_holds_nobody_up(relay: Relay, database: Database) -> None:
    relay.join(HERE, database, Bell())
    begun = time.perf_counter()
    for _ in range(20_000):
        database.on_commit({TABLE, "orders"})
    assert time.perf_counter() - begun < 5
