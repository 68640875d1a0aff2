"""Contract 2, the merchant API: /api/v1, one file per noun, described by OpenAPI 3.1."""

from fastapi import Depends, FastAPI

from bot.api import (
    actions,
    conversations,
    coupons,
    customers,
    flow_steps,
    flows,
    gift_cards,
    group_buys,
    ledger,
    orders,
    payment_trouble,
    payments,
    pools,
    products,
    refunds,
    returns,
    split_orders,
    taxes,
)
from bot.api.access import documented
from bot.api.shapes import ErrorOut
from bot.web.shop import OpenShop

ROOT = "/api/v1"
_NOUNS = (
    products,
    orders,
    payment_trouble,  # before the payments, or it would be one's name
    payments,
    refunds,
    returns,
    group_buys,
    pools,
    split_orders,
    customers,
    flows,
    flow_steps,
    actions,
    conversations,
    coupons,
    gift_cards,
    taxes,
    ledger,
)
_REFUSALS = (401, 403, 404, 409, 413, 422, 429)


def install(app: FastAPI, tuanzi: OpenShop) -> None:
    """Add the merchant API to an application whose errors are JSON already.

    Noun by noun: FastAPI works out each route of a router in a router once more for every level.
    """
    app.state.tuanzi = tuanzi
    for noun in _NOUNS:
        app.include_router(
            noun.router,
            prefix=ROOT,
            dependencies=[Depends(documented)],
            responses={status: {"model": ErrorOut} for status in _REFUSALS},
        )
