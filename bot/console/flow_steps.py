"""How people get through the flows: each step's figures, versions together, as page and file; and
beside them whether people of the shop helped, and what a language model has used."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from bot.api.flow_steps import steps_file
from bot.api.reads.service import Service, read_service
from bot.api.reads.steps import Days, FlowSteps, days_of, read_steps
from bot.console.desk import AtDesk, Desk
from bot.console.pages import page
from bot.web.scope import looking
from bot.web.shop import OpenShop, Shop
from data.flows import live_sha
from data.kernel.errors import Invalid, NotFound
from data.merchants import Merchant

router = APIRouter(prefix="/flows")
_OK, _UNPROCESSABLE = 200, 422


@dataclass(frozen=True, slots=True)
class _Read:
    """`live`: the version that is, so that the page can mark it."""

    days: Days
    flows: list[FlowSteps]
    service: Service
    live: str


First = Annotated[str, Query()]
Last = Annotated[str, Query()]


@router.get("/steps")
def show_steps(desk: AtDesk, shop: Shop, first: First = "", last: Last = "") -> Response:
    try:
        return _page(desk, _read(desk, shop, _day(first), _day(last)))
    except Invalid:
        return _page(desk, _read(desk, shop, None, None), wrong="error_days")


@router.get("/steps.csv")
def export_steps(desk: AtDesk, shop: Shop, first: First = "", last: Last = "") -> Response:
    read = _read(desk, shop, _day(first), _day(last))
    return steps_file(read.days, read.flows)


def _page(desk: Desk, read: _Read, *, wrong: str = "") -> Response:
    return page(
        "flow_steps.html",
        desk,
        status=_UNPROCESSABLE if wrong else _OK,
        days=read.days,
        flows=read.flows,
        service=read.service,
        live=read.live,
        wrong=wrong,
    )


def _day(written: str) -> date | None:
    """An empty field asks for the usual days."""
    try:
        return date.fromisoformat(written) if written else None
    except ValueError as error:
        raise Invalid("day") from error


def _read(desk: Desk, shop: OpenShop, first: date | None, last: date | None) -> _Read:
    with looking(shop.database, desk.merchant_id) as session:
        merchant = session.get_one(Merchant, desk.merchant_id)
        days = days_of(merchant, first=first, last=last, now=desk.now)
        found = read_steps(
            session, shop.house.flows, merchant_id=desk.merchant_id, days=days, now=desk.now
        )
        try:
            live = live_sha(session, merchant_id=desk.merchant_id)
        except NotFound:
            live = ""
        service = read_service(
            session, shop.settings.model, merchant=merchant, days=days, now=desk.now
        )
        return _Read(days, found, service, live)
