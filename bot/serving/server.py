"""`tuanzi serve`: one process that does everything, or several behind one socket.

The parent imports and reads what all need and parts before anything is open, so that the children
share that memory. One of them works (jobs, provider calls, sending); all of them serve.
"""

import gc
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from socket import socket
from typing import Any

import uvicorn
from sqlalchemy import select

from bot.app import Tuanzi
from bot.serving.family import Family
from bot.serving.relay import Relay
from bot.settings import Settings
from bot.site import create_site
from bot.web.passwords import Passwords
from data.merchants import Merchant
from dialogs.library import FlowLibrary
from dialogs.understanding import warm_up

WORKING = 0  # the place of the one that works
_BACKLOG = 2048  # uvicorn's: callers who wait while every child is busy or being begun
OpenShop = Callable[[FlowLibrary], Tuanzi]


def serve_alone(tuanzi: Tuanzi) -> None:
    """Until stopped."""
    uvicorn.run(create_site(tuanzi), **_options(tuanzi.settings))


def serve_together(settings: Settings, open_shop: OpenShop) -> int:
    """Until stopped; each process opens the shop for itself, so no connection is shared."""
    common = _prepare(settings, open_shop)
    door = uvicorn.Config(common.site_of, **_options(settings)).bind_socket()
    door.listen(_BACKLOG)
    gc.collect()
    gc.freeze()  # else the first collection of each child would copy what it only looks at
    family = Family(settings.processes, partial(common.serve, door), on_leaving=door.close)
    return family.live()


@dataclass(frozen=True, slots=True)
class _Common:
    """Made before the children part."""

    settings: Settings
    open_shop: OpenShop
    flows: FlowLibrary
    passwords: Passwords
    relay: Relay

    def serve(self, door: socket, place: int) -> None:
        """What a child does."""
        with closing(self.open_shop(self.flows)) as tuanzi:
            self.relay.join(place, tuanzi.database, tuanzi.bell)
            config = uvicorn.Config(self.site_of(tuanzi, place), **_options(self.settings))
            uvicorn.Server(config).run([door])

    def site_of(self, tuanzi: Tuanzi, place: int) -> Any:
        works = place == WORKING

        def beside() -> list[Any]:
            ears = self.relay.listen(place, tuanzi.bell)
            return [ears] if works else [ears, *tuanzi.voices()]

        return create_site(tuanzi, works=works, beside=beside, passwords=self.passwords)


def _prepare(settings: Settings, open_shop: OpenShop) -> _Common:
    """Everything that is read from files and never changes, and the flows that are live now."""
    passwords = Passwords(processes=settings.processes)
    common = _Common(settings, open_shop, FlowLibrary(), passwords, Relay(settings.processes))
    warm_up()
    with closing(open_shop(common.flows)) as tuanzi:
        with tuanzi.database.reading() as session:
            for merchant_id in session.scalars(select(Merchant.id)).all():
                common.flows.live(session, merchant_id=merchant_id)
        common.site_of(tuanzi, WORKING)  # thrown away; what it imported and compiled stays
    return common


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
    }
