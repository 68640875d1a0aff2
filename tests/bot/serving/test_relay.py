"""The bell, heard in another process."""

import asyncio
import os
import time
from collections.abc import Iterator

import pytest

from bot.delivery.bell import Bell
from bot.delivery.worker import POLL_SECONDS
from bot.serving.relay import Relay
from data.kernel.database import Database
from data.merchants import Merchant
from tests.builders import NOW

HERE, THERE = 0, 1
TABLE = Merchant.__tablename__


@pytest.fixture
def relay() -> Iterator[Relay]:
    relay = Relay(2)
    yield relay
    relay.close()


def commit_elsewhere(relay: Relay, database: Database) -> int:
    """In a process of its own, a moment from now; gives its number."""
    number = os.fork()
    if number:
        return number
    try:
        there = Database(str(database.engine.url))
        relay.join(THERE, there, Bell())
        time.sleep(0.1)
        with there.transaction() as session:
            session.add(
                Merchant(
                    id="elsewhere",
                    name={},
                    currency="CNY",
                    locale="en",
                    timezone="Asia/Shanghai",
                    settings={},
                    created_at=NOW,
                )
            )
    finally:
        os._exit(0)


async def seconds_until_rung(relay: Relay, database: Database, table: str) -> float:
    """From the moment when the other's row can be seen; raises TimeoutError if nothing rings."""
    bell = Bell()
    ears = asyncio.create_task(relay.listen(HERE, bell))
    try:
        with bell.listening(table) as rung:
            seen = await asyncio.to_thread(wait_for_the_row, database)
            await asyncio.wait_for(rung.wait(), 1)
            return time.perf_counter() - seen
    finally:
        ears.cancel()


def wait_for_the_row(database: Database) -> float:
    while not is_there(database):
        time.sleep(0.002)
    return time.perf_counter()


def heard_after(relay: Relay, database: Database, table: str) -> float:
    number = commit_elsewhere(relay, database)
    try:
        return asyncio.run(seconds_until_rung(relay, database, table))
    finally:
        os.waitpid(number, 0)


def is_there(database: Database) -> bool:
    with database.reading() as session:
        return session.get(Merchant, "elsewhere") is not None


def test_a_commit_in_one_process_wakes_who_listens_in_another_before_they_would_look(
    relay: Relay, database: Database
) -> None:
    assert heard_after(relay, database, TABLE) < POLL_SECONDS / 2


def test_who_listens_for_another_table_sleeps_on(relay: Relay, database: Database) -> None:
    with pytest.raises(TimeoutError):
        heard_after(relay, database, "orders")


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
