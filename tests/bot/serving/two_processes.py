"""Two processes of one shop, the second forked from the first, and how soon one hears the other.

For a process that has no threads: what forks from the test's own inherits whatever those hold.
"""

import asyncio
import os
import time
from multiprocessing import queues

from bot.delivery.bell import Bell
from bot.serving.relay import Relay
from data.kernel.database import Database
from data.merchants import Merchant
from tests.builders import NOW

HERE, THERE = 0, 1
NEVER = -1.0


def measure(url: str, table: str, answers: "queues.Queue[float]") -> None:
    """Seconds from the moment when the other's row can be seen until it rings here, or NEVER."""
    relay = Relay(2)
    number = commit_elsewhere(relay, url)
    database = Database(url)
    try:
        answers.put(asyncio.run(seconds_until_rung(relay, database, table)))
    except TimeoutError:
        answers.put(NEVER)
    finally:
        os.waitpid(number, 0)
        database.close()
        relay.close()


def commit_elsewhere(relay: Relay, url: str) -> int:
    """In a process of its own, a moment from now; gives its number."""
    number = os.fork()
    if number:
        return number
    try:
        there = Database(url)
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


def is_there(database: Database) -> bool:
    with database.reading() as session:
        return session.get(Merchant, "elsewhere") is not None
