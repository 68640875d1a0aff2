"""Orders that groups fill together: how each stands, what is in it, the shop's way to call one off.

Who ordered what is the shop's to see, as of any order; where the parcel goes stands with whoever
packs it, and nowhere here (T14).
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from bot.api.paging import Where
from bot.api.reads import split_orders as reads
from bot.console.desk import AtDesk, Desk, Form
from bot.console.pages import FormProblems, go, page, read_form, typed, wrong
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.kernel.errors import Invalid
from data.kernel.storable import storable
from data.merchants import Merchant
from data.split_orders import SplitState, cancel_split_by_shop, split_of, split_terms_of
from data.split_orders.service import LONGEST_WORD

ROOM = "/split-orders"
router = APIRouter(prefix=ROOM)


class ReasonForm(BaseModel):
    """Told to everybody who is in it."""

    reason: str = Field(min_length=1, max_length=LONGEST_WORD)


@router.get("")
def list_split_orders(
    desk: AtDesk,
    shop: Shop,
    state: Annotated[str, Query()] = "",
    after: Annotated[str | None, Query()] = None,
) -> Response:
    wanted = state if state in set(SplitState) else None
    with looking(shop.database, desk.merchant_id) as session:
        found = reads.list_split_orders(
            session, merchant_id=desk.merchant_id, state=wanted, where=Where(after)
        )
        return page(
            "split_orders.html",
            desk,
            rows=[reads.view_split_order(session, split, now=desk.now) for split in found.items],
            following=found.next,
            state=wanted,
            states=tuple(SplitState),
            terms=split_terms_of(session.get_one(Merchant, desk.merchant_id)),
        )


@router.get("/{split_id}")
def show_split_order(split_id: str, desk: AtDesk, shop: Shop) -> Response:
    return page("split_order.html", desk, **_shown(desk, shop, split_id))


@router.post("/{split_id}/cancel")
def cancel_split_order(split_id: str, desk: AtDesk, shop: Shop, form: Form) -> Response:
    """While it is open: everybody's money goes back, once, and everybody hears why."""
    try:
        reason = read_form(ReasonForm, form).reason
        with changing(shop.database, desk.merchant_id) as session:
            cancel_split_by_shop(
                session,
                merchant_id=desk.merchant_id,
                split_id=split_id,
                by=desk.email,
                said=storable(reason),
                now=desk.now,
            )
    except (FormProblems, Invalid):
        given = typed(form).get("reason", "")
        again = {**_shown(desk, shop, split_id), "given": given, "wrong": True}
        return wrong("split_order.html", desk, **again)
    return go(f"{ROOM}/{split_id}", done="split_cancelled")


def _shown(desk: Desk, shop: OpenShop, split_id: str) -> dict[str, Any]:
    with looking(shop.database, desk.merchant_id) as session:
        split = split_of(session, merchant_id=desk.merchant_id, split_id=split_id)
        return {
            "row": reads.view_split_order(session, split, now=desk.now),
            "parts": reads.parts_in(session, split),
            "steps": reads.steps_of(session, split),
            "longest": LONGEST_WORD,
            "given": "",
            "wrong": False,
        }
