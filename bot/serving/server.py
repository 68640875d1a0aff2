"""`tuanzi serve`: one process that does everything, or several behind one socket.

The parent reads and builds what all need, then parts with nothing open; the children share that
memory. One of them works (jobs, provider calls, sending); all of them serve.
"""

import gc
from collections.abc import Callable, Coroutine
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from socket import socket
from typing import Any

import uvicorn
from sqlalchemy import select

from bot.app import Tuanzi
from bot.serving.closing import ClosingServer
from bot.serving.door import Doorkeeper, Guests
from bot.serving.family import Family
from bot.serving.relay import Relay
from bot.settings import Settings
from bot.site import create_site
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.merchants import Merchant
from dialogs.understanding import warm_up
from dialogs.wording import in_words

WORKING = 0  # the place of the one that works
_A_PRICE = Money(100, "CNY")
_BACKLOG = 2048  # uvicorn's: callers who wait while every child is busy or being begun


def serve_alone(tuanzi: Tuanzi) -> None:
    """Until stopped."""
    site = create_site(tuanzi)
    config = uvicorn.Config(site, **_options(tuanzi.settings))
    ClosingServer(config, leave=site.state.leaving).serve_until_stopped()


def serve_together(tuanzi: Tuanzi) -> int:
    """Until stopped; the exit code is 0 if every process ended by itself."""
    size = tuanzi.settings.processes
    crew = Crew(tuanzi, Relay(size), Guests(size))
    config = crew.prepare()
    door = config.bind_socket()
    door.listen(_BACKLOG)
    gc.collect()
    gc.freeze()  # else the first collection of each child would copy what it only looks at
    life = partial(crew.serve, config, door)
    return Family(size, life, on_leaving=door.close).live()


@dataclass(slots=True)
class Crew:
    """One shop, opened before the processes part; `place` is whose process this is."""

    tuanzi: Tuanzi
    relay: Relay
    guests: Guests
    place: int = WORKING
    leave: Callable[[], None] = field(init=False)

    def prepare(self) -> uvicorn.Config:
        """Everything that is read from files and never changes, and the flows that are live now.

        No connection and no lock is open when it returns: none may be shared.
        """
        warm_up()
        for locale in Locale:
            in_words(_A_PRICE, locale)  # the formats of its money and numbers
        with self.tuanzi.database.reading() as session:
            for merchant_id in session.scalars(select(Merchant.id)).all():
                self.tuanzi.house.flows.live(session, merchant_id=merchant_id)
        self.tuanzi.database.close()
        site = create_site(self.tuanzi, works=False, beside=self.tasks)
        self.leave = site.state.leaving
        config = uvicorn.Config(site, **_options(self.tuanzi.settings))
        config.load()
        return config

    def serve(self, config: uvicorn.Config, door: socket, place: int) -> None:
        """What a child does."""
        self.place = place
        self.relay.join(place, self.tuanzi.database, self.tuanzi.bell)
        with closing(self.tuanzi):
            Doorkeeper(config, door, self.guests, place, leave=self.leave).run()

    def tasks(self) -> list[Coroutine[None, None, None]]:
        """What this process does besides serving."""
        works = self.place == WORKING
        ears = self.relay.listen(self.place, self.tuanzi.bell)
        return [ears, *(self.tuanzi.loops() if works else self.tuanzi.voices())]


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
    }
