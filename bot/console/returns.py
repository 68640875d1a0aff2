"""Goods that buyers send back: the shop decides, receives, and says how long it takes them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.datastructures import FormData
from starlette.responses import Response

from bot.api.paging import Where
from bot.api.reads import returns as reads
from bot.console.desk import AtDesk, Desk, Form
from bot.console.pages import FormProblems, go, page, read_form, typed, wrong
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.kernel.errors import Invalid
from data.kernel.storable import storable
from data.merchants import Merchant
from data.orders import Decision, ReturnState, decide_return
from data.orders.return_terms import return_window
from data.orders.return_terms import set_return_days as set_days
from data.payments.returning import receive_return as take_in

ROOM = "/returns"
router = APIRouter(prefix=ROOM)


class NoteForm(BaseModel):
    """What the buyer is told: where to send it, or why not."""

    note: str = Field(default="", max_length=300)


class ReceiveForm(BaseModel):
    restocked: bool = False


class DaysForm(BaseModel):
    days: int


@router.get("")
def list_returns(
    desk: AtDesk,
    shop: Shop,
    state: Annotated[str, Query()] = "",
    after: Annotated[str | None, Query()] = None,
) -> Response:
    return page("returns.html", desk, **_shown(desk, shop, state, after))


@router.post("/days")
def set_return_days(desk: AtDesk, shop: Shop, form: Form) -> Response:
    """Of orders that were sent before, too: the window is asked of the shop each time."""
    try:
        days = read_form(DaysForm, form).days
        with changing(shop.database, desk.merchant_id) as session:
            set_days(session.get_one(Merchant, desk.merchant_id), days)
    except (FormProblems, Invalid):
        given = {"days": typed(form).get("days", ""), "wrong": True}
        again = {**_shown(desk, shop, "", None), **given}
        return wrong("returns.html", desk, **again)
    return go(ROOM, done="saved")


@router.post("/{return_id}/approve")
def approve_return(return_id: str, desk: AtDesk, shop: Shop, form: Form) -> Response:
    return _decide(desk, shop, return_id, form, approve=True)


@router.post("/{return_id}/refuse")
def refuse_return(return_id: str, desk: AtDesk, shop: Shop, form: Form) -> Response:
    return _decide(desk, shop, return_id, form, approve=False)


@router.post("/{return_id}/receive")
def receive_return(return_id: str, desk: AtDesk, shop: Shop, form: Form) -> Response:
    """The money goes back from here on, once, however often the form is sent."""
    given = read_form(ReceiveForm, form)
    with changing(shop.database, desk.merchant_id) as session:
        take_in(
            session,
            merchant_id=desk.merchant_id,
            return_id=return_id,
            restocked=given.restocked,
            by=desk.email,
            now=desk.now,
        )
    return go(ROOM, done="return_received")


def _decide(
    desk: Desk, shop: OpenShop, return_id: str, form: FormData, *, approve: bool
) -> Response:
    try:
        note = storable(read_form(NoteForm, form).note)
    except FormProblems:
        again = {**_shown(desk, shop, "", None), "wrong_note": return_id}
        return wrong("returns.html", desk, **again)
    with changing(shop.database, desk.merchant_id) as session:
        decide_return(
            session,
            merchant_id=desk.merchant_id,
            return_id=return_id,
            decision=Decision(approve, desk.email, note),
            now=desk.now,
        )
    return go(ROOM, done="return_approved" if approve else "return_refused")


def _shown(desk: Desk, shop: OpenShop, state: str, after: str | None) -> dict[str, Any]:
    wanted = state if state in set(ReturnState) else None
    with looking(shop.database, desk.merchant_id) as session:
        found = reads.list_returns(
            session, merchant_id=desk.merchant_id, state=wanted, where=Where(after)
        )
        return {
            "found": found,
            "views": [reads.view_return(session, asked) for asked in found.items],
            "state": wanted,
            "states": tuple(ReturnState),
            "days": return_window(session.get_one(Merchant, desk.merchant_id)).days,
            "wrong": False,
            "wrong_note": "",
        }
