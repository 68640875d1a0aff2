"""A shop's own action server: connected, looked at, disconnected; who sent the calls where.

Its secret signs the calls. It stands on the page that answers a connection, and on no other.
"""

import asyncio
import re
from dataclasses import dataclass

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.datastructures import FormData
from starlette.responses import Response

from bot.action_servers import Looked, NewServer, connect, look_at
from bot.console.desk import AtDesk, Desk, Form
from bot.console.pages import FormProblems, go, page, read_form, typed
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.actions import disconnect_server, moves_of, server_of
from data.kernel.errors import Invalid
from integrations.egress import Egress

router = APIRouter(prefix="/flows/actions")
_OK, _UNPROCESSABLE = 200, 422
_BETWEEN_NAMES = re.compile(r"[\s,，、;；]+")


class ServerForm(BaseModel):
    url: str = Field(max_length=500)
    names: str = Field(max_length=20_000)


@dataclass(frozen=True, slots=True)
class _News:
    """What the page says besides how things stand: a new secret, a look, what was typed wrong."""

    secret: str = ""
    looked: Looked | None = None
    given: dict[str, str] | None = None
    fields: frozenset[str] = frozenset()


@router.get("")
def show_action_server(desk: AtDesk, shop: Shop) -> Response:
    return _room(desk, shop, _News())


@router.post("")
def connect_action_server(desk: AtDesk, shop: Shop, form: Form) -> Response:
    """The answer is the page itself: after a redirect nobody could know the secret any more."""
    try:
        secret = _connect(desk, shop, form)
    except FormProblems as problems:
        return _again(desk, shop, form, frozenset(problems.fields))
    except Invalid as error:
        return _again(desk, shop, form, frozenset({error.detail}))
    return _room(desk, shop, _News(secret=secret))


@router.post("/check")
def check_action_server(desk: AtDesk, shop: Shop) -> Response:
    """Ask it now for its actions, signed as a call is."""
    looked = asyncio.run(look_at(shop.database, _egress(shop), merchant_id=desk.merchant_id))
    return _room(desk, shop, _News(looked=looked))


@router.post("/disconnect")
def disconnect_action_server(desk: AtDesk, shop: Shop) -> Response:
    with changing(shop.database, desk.merchant_id) as session:
        disconnect_server(session, merchant_id=desk.merchant_id, by=desk.name, now=desk.now)
    return go("/flows/actions", done="server_disconnected")


def _connect(desk: Desk, shop: OpenShop, form: FormData) -> str:
    wanted = read_form(ServerForm, form)
    names = [name for name in _BETWEEN_NAMES.split(wanted.names) if name]
    with changing(shop.database, desk.merchant_id) as session:
        return connect(
            session,
            merchant_id=desk.merchant_id,
            new=NewServer(wanted.url.strip(), names),
            egress=_egress(shop),
            by=desk.name,
            now=desk.now,
        )


def _again(desk: Desk, shop: OpenShop, form: FormData, fields: frozenset[str]) -> Response:
    return _room(desk, shop, _News(given=typed(form), fields=fields))


def _room(desk: Desk, shop: OpenShop, news: _News) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        server = server_of(session, merchant_id=desk.merchant_id)
        as_it_is = {"url": server.url, "names": "\n".join(server.names)} if server else {}
        return page(
            "action_server.html",
            desk,
            status=_UNPROCESSABLE if news.fields else _OK,
            server=server,
            here=sorted(shop.house.packages.names(desk.merchant_id)),
            moves=moves_of(session, merchant_id=desk.merchant_id),
            secret=news.secret,
            looked=news.looked,
            given=as_it_is if news.given is None else news.given,
            fields=news.fields,
        )


def _egress(shop: OpenShop) -> Egress:
    return Egress(shop.settings.egress_allowed)
