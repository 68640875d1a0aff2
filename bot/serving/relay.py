"""The bell of one process, heard in all: a pipe for each, made before they part.

What is rung carries the names of the tables written. A pipe that is full loses a ring: whoever
reads it has enough to look at, and looks by itself every now and then.
"""

import asyncio
import os
from collections.abc import Set
from contextlib import suppress
from select import PIPE_BUF

from bot.delivery.bell import Bell
from data.kernel.database import Database

_ALL_THERE_IS = 1 << 16  # what a pipe of Linux holds


class Relay:
    """Every process has a place; a new one in an old place goes on reading the same pipe."""

    def __init__(self, size: int) -> None:
        self._pipes = [os.pipe() for _ in range(size)]
        for _, rung in self._pipes:
            os.set_blocking(rung, False)

    def join(self, place: int, database: Database, bell: Bell) -> None:
        """From now on a commit of this process rings here and in all other places."""
        others = [rung for number, (_, rung) in enumerate(self._pipes) if number != place]

        def ring(written: Set[str]) -> None:
            bell.ring(written)
            if written:
                _pass_on(written, others)

        database.on_commit = ring

    async def listen(self, place: int, bell: Bell) -> None:
        """Until cancelled: what is rung elsewhere rings here."""
        heard, _ = self._pipes[place]
        loop = asyncio.get_running_loop()
        loop.add_reader(heard, _ring, heard, bell)
        try:
            await asyncio.Event().wait()
        finally:
            loop.remove_reader(heard)

    def close(self) -> None:
        for ends in self._pipes:
            for end in ends:
                os.close(end)


def _pass_on(written: Set[str], others: list[int]) -> None:
    message = " ".join((*written, "")).encode()
    if len(message) > PIPE_BUF:  # longer ones may be cut; nobody waits for so many tables at once
        return
    for other in others:
        with suppress(BlockingIOError):
            os.write(other, message)


def _ring(heard: int, bell: Bell) -> None:
    bell.ring(frozenset(os.read(heard, _ALL_THERE_IS).decode().split()))
