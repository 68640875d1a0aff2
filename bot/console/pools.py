"""Presents that several pay for: how each stands, the shop's way to call one off, and whether it
offers them at all.

Sums of all and no names: whom a present is for is the organiser's secret, not the shop's to read.
"""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from bot.api.paging import Where
from bot.api.reads import pools as reads
from bot.console.desk import AtDesk, Desk, Form
from bot.console.pages import FormProblems, go, page, read_form, typed, wrong
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.kernel.errors import Invalid
from data.merchants import Merchant
from data.pools import PoolOffer, PoolState, cancel_pool, pool_offer, set_pool_offer

ROOM = "/pools"
router = APIRouter(prefix=ROOM)


class OfferForm(BaseModel):
    """A box that is not ticked is not sent."""

    offered: bool = False
    longest_days: int

    def offer(self) -> PoolOffer:
        try:
            return PoolOffer(self.offered, timedelta(days=self.longest_days))
        except OverflowError as error:
            raise Invalid("longest_days") from error


@router.get("")
def list_pools(
    desk: AtDesk,
    shop: Shop,
    state: Annotated[str, Query()] = "",
    after: Annotated[str | None, Query()] = None,
) -> Response:
    return page("pools.html", desk, **_shown(desk, shop, state, after))


@router.post("/offer")
def set_pool_terms(desk: AtDesk, shop: Shop, form: Form) -> Response:
    """For presents begun from now on."""
    try:
        offer = read_form(OfferForm, form).offer()
    except (FormProblems, Invalid):
        given = typed(form)
        again = {"offered": "offered" in given, "longest_days": given.get("longest_days", "")}
        return wrong("pools.html", desk, **{**_shown(desk, shop), **again, "wrong": True})
    with changing(shop.database, desk.merchant_id) as session:
        set_pool_offer(session.get_one(Merchant, desk.merchant_id), offer)
    return go(ROOM, done="saved")


@router.post("/{pool_id}/cancel")
def cancel_pooled_gift(pool_id: str, desk: AtDesk, shop: Shop) -> Response:
    """Before the present is ordered: everybody's money goes back, once."""
    with changing(shop.database, desk.merchant_id) as session:
        cancel_pool(
            session,
            merchant_id=desk.merchant_id,
            pool_id=pool_id,
            organiser_id=None,
            now=desk.now,
        )
    return go(ROOM, done="saved")


def _shown(desk: Desk, shop: OpenShop, state: str = "", after: str | None = None) -> dict[str, Any]:
    wanted = state if state in set(PoolState) else None
    with looking(shop.database, desk.merchant_id) as session:
        found = reads.list_pools(
            session, merchant_id=desk.merchant_id, state=wanted, where=Where(after)
        )
        offer = pool_offer(session.get_one(Merchant, desk.merchant_id))
        return {
            "views": [reads.view_pool(session, pool, now=desk.now) for pool in found.items],
            "following": found.next,
            "state": wanted,
            "states": tuple(PoolState),
            "offered": offer.is_open,
            "longest_days": offer.longest.days,
            "wrong": False,
        }
