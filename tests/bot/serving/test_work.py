"""Of several processes one does the jobs, and only that one."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from bot.app import Tuanzi
from bot.play.world import open_world
from bot.serving.door import Guests
from bot.serving.relay import Relay
from bot.serving.server import WORKING, Crew
from bot.site import create_site
from data.delivery.jobs import NewJob, enqueue
from data.delivery.models import Job
from data.orders.placing import EXPIRY
from tests.builders import NOW

SERVING = WORKING + 1


@pytest.fixture
def tuanzi() -> Iterator[Tuanzi]:
    world = open_world(NOW)
    yield world.tuanzi
    world.close()


@pytest.fixture
def crew(tuanzi: Tuanzi) -> Iterator[Crew]:
    relay = Relay(2)
    yield Crew(tuanzi, relay, Guests(2))
    relay.close()


def tries(tuanzi: Tuanzi) -> int:
    with tuanzi.database.reading() as session:
        return session.query(Job).filter_by(kind=EXPIRY).one().attempts


async def run(crew: Crew, tuanzi: Tuanzi, place: int, seconds: float) -> None:
    crew.place = place
    site = create_site(tuanzi, works=False, beside=crew.tasks)
    async with site.router.lifespan_context(site):
        for _ in range(round(seconds / 0.05)):
            await asyncio.sleep(0.05)
            if await asyncio.to_thread(partial(tries, tuanzi)):
                return


def test_a_process_that_only_serves_leaves_the_jobs_to_the_one_that_works(
    crew: Crew, tuanzi: Tuanzi
) -> None:
    """The job cannot be done, so every look at it is counted."""
    nothing = NewJob("order:none", EXPIRY, "none", NOW, {"order_id": "none"})
    with tuanzi.database.transaction() as session:
        enqueue(session, nothing, now=NOW)
    asyncio.run(run(crew, tuanzi, SERVING, 1))
    assert tries(tuanzi) == 0
    asyncio.run(run(crew, tuanzi, WORKING, 10))
    assert tries(tuanzi) == 1


def test_nothing_is_open_when_the_processes_part(crew: Crew, tuanzi: Tuanzi) -> None:
    """A connection or a lock that two processes hold is nobody's."""
    crew.prepare()
    open_now = Path("/proc/self/fd")
    named = [str(file.readlink()) for file in open_now.iterdir() if file.exists()]
    folder = str(Path(tuanzi.database.engine.url.database or "").parent)
    assert not [name for name in named if name.startswith(folder)]
