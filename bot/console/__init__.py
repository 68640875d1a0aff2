"""The merchant's console: pages that work without JavaScript, for people who signed in.

Rooms are one file each; who may enter which stands in access.py, and desk.py asks on every route.
"""

from pathlib import Path

from fastapi import Depends, FastAPI
from starlette.routing import Mount

from bot.console import (
    action_server,
    catalogue,
    chats,
    coupons,
    customers,
    doors,
    failures,
    flow_steps,
    flow_stories,
    flows,
    gift_cards,
    group_buys,
    inspector,
    ledger,
    orders,
    overview,
    parcels,
    payment_trouble,
    payments,
    pools,
    prices,
    returns,
    split_orders,
    taxes,
    teams,
    together,
    web_chats,
)
from bot.console.desk import guard
from bot.console.pages import ROOT
from bot.console.uploads import Uploads
from bot.settings import VAR
from bot.web import static
from bot.web.passwords import Passwords
from bot.web.shop import OpenShop

_ROOMS = (
    doors,
    overview,
    catalogue,
    orders,
    parcels,
    returns,
    group_buys,
    teams,
    pools,
    split_orders,
    chats,
    customers,
    inspector,
    flows,
    flow_steps,
    flow_stories,
    action_server,
    web_chats,
    prices,
    coupons,
    gift_cards,
    taxes,
    together,
    payments,
    payment_trouble,
    ledger,
)


def install(app: FastAPI, tuanzi: OpenShop, *, passwords: Passwords | None = None) -> None:
    """Open the console below /console, and the files its pages need below /static.

    Doing it again changes nothing."""
    static.install(app)
    if not any(isinstance(route, Mount) and route.path == ROOT for route in app.routes):
        hasher = passwords or Passwords(processes=tuanzi.settings.processes)
        app.mount(ROOT, create(tuanzi, hasher))


def create(tuanzi: OpenShop, passwords: Passwords) -> FastAPI:
    """An application of its own: its errors are pages, not JSON."""
    console = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    console.state.tuanzi = tuanzi
    console.state.passwords = passwords
    console.state.uploads = Uploads(_var(tuanzi) / "uploads")
    failures.install(console)
    for room in _ROOMS:
        console.include_router(room.router, dependencies=[Depends(guard)])
    return console


def _var(tuanzi: OpenShop) -> Path:
    """Where this process writes files: beside its database if that is a file."""
    file = tuanzi.database.engine.url.database
    return Path(file).parent if tuanzi.database.is_sqlite and file else VAR
