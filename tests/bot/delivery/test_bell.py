"""Whoever waits for the bell can be told to stop at any moment, also at the one when it rings."""

import asyncio
from contextlib import suppress

import pytest

from bot.delivery.bell import heard


async def _ends(ticks: int) -> bool:
    """Whether a worker that is stopped so many turns of the loop after the bell rang does stop."""
    rung = asyncio.Event()

    async def worker() -> None:
        while True:
            rung.clear()
            await heard(rung, 60)

    task = asyncio.create_task(worker())
    await asyncio.sleep(0.01)
    rung.set()
    for _ in range(ticks):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=0.5)
    ended = task.done()
    while not task.done():  # the worker of a failed test must not outlive it
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task}, timeout=0.1)
    return ended


@pytest.mark.parametrize("ticks", range(5))
def test_a_worker_that_is_stopped_while_the_bell_rings_stops(ticks: int) -> None:
    assert asyncio.run(_ends(ticks))


def test_nobody_waits_longer_than_they_want_to() -> None:
    asyncio.run(heard(asyncio.Event(), 0.01))
