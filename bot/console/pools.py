"""Presents that several pay for: how each stands, and the shop's way to call one off.

Sums of all and no names: whom a present is for is the organiser's secret, not the shop's to read.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from bot.api.paging import Where
from bot.api.reads import pools as reads
from bot.console.desk import AtDesk
from bot.console.pages import go, page
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.pools import cancel_pool

router = APIRouter(prefix="/pools")


@router.get("")
def list_pools(desk: AtDesk, shop: Shop, after: Annotated[str | None, Query()] = None) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        found = reads.list_pools(session, merchant_id=desk.merchant_id, where=Where(after))
        views = [reads.view_pool(session, pool, now=desk.now) for pool in found.items]
        return page("pools.html", desk, views=views, following=found.next)


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
    return go("/pools", done="saved")
