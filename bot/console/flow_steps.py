"""How people get through the flows: each step's figures, versions together, as page and file."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from bot.api.flow_steps import steps_file
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
First = Annotated[str, Query()]
Last = Annotated[str, Query()]


@router.get("/steps")
def show_steps(desk: AtDesk, shop: Shop, first: First = "", last: Last = "") -> Response:
    try:
        days, flows, live = _read(desk, shop, _day(first), _day(last))
    except Invalid:
        days, flows, live = _read(desk, shop, None, None)
        return _page(desk, days, flows, live, wrong="error_days")
    return _page(desk, days, flows, live)


@router.get("/steps.csv")
def export_steps(desk: AtDesk, shop: Shop, first: First = "", last: Last = "") -> Response:
    days, flows, _live = _read(desk, shop, _day(first), _day(last))
    return steps_file(days, flows)


def _page(
    desk: Desk, days: Days, flows: list[FlowSteps], live: str, *, wrong: str = ""
) -> Response:
    return page(
        "flow_steps.html",
        desk,
        status=_UNPROCESSABLE if wrong else _OK,
        days=days,
        flows=flows,
        live=live,
        wrong=wrong,
    )


def _day(written: str) -> date | None:
    """An empty field asks for the usual days."""
    try:
        return date.fromisoformat(written) if written else None
    except ValueError as error:
        raise Invalid("day") from error


def _read(
    desk: Desk, shop: OpenShop, first: date | None, last: date | None
) -> tuple[Days, list[FlowSteps], str]:
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
        return days, found, live
