"""Of several processes one does the jobs, and only that one."""

import asyncio
from collections.abc import Iterator
from functools import partial

import pytest

from bot.app import Tuanzi
from bot.play.world import open_world
from bot.serving.relay import Relay
from bot.serving.server import WORKING, _Common
from bot.web.passwords import Passwords
from data.delivery.jobs import NewJob, enqueue
from data.delivery.models import Job
from data.orders.placing import EXPIRY
from dialogs.library import FlowLibrary
from tests.builders import NOW

SERVING = WORKING + 1


@pytest.fixture
def tuanzi() -> Iterator[Tuanzi]:
    world = open_world(NOW)
    yield world.tuanzi
    world.close()


@pytest.fixture
def common(tuanzi: Tuanzi) -> Iterator[_Common]:
    relay = Relay(2)
    library = FlowLibrary()
    yield _Common(tuanzi.settings, lambda _flows: tuanzi, library, Passwords(processes=2), relay)
    relay.close()


def tries(tuanzi: Tuanzi) -> int:
    with tuanzi.database.reading() as session:
        return session.query(Job).one().attempts


async def run(common: _Common, tuanzi: Tuanzi, place: int, seconds: float) -> None:
    site = common.site_of(tuanzi, place)
    async with site.router.lifespan_context(site):
        for _ in range(round(seconds / 0.05)):
            await asyncio.sleep(0.05)
            if await asyncio.to_thread(partial(tries, tuanzi)):
                return


def test_a_process_that_only_serves_leaves_the_jobs_to_the_one_that_works(
    common: _Common, tuanzi: Tuanzi
) -> None:
    """The job cannot be done, so every look at it is counted."""
    nothing = NewJob("order:none", EXPIRY, "none", NOW, {"order_id": "none"})
    with tuanzi.database.transaction() as session:
        enqueue(session, nothing, now=NOW)
    asyncio.run(run(common, tuanzi, SERVING, 1))
    assert tries(tuanzi) == 0
    asyncio.run(run(common, tuanzi, WORKING, 10))
    assert tries(tuanzi) == 1
