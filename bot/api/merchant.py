"""Contract 2, the merchant API: /api/v1, one file per noun, described by OpenAPI 3.1."""

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import iter_route_contexts

from bot.api import (
    actions,
    conversations,
    customers,
    flow_steps,
    flows,
    group_buys,
    ledger,
    orders,
    payments,
    products,
    refunds,
)
from bot.api.access import documented
from bot.api.shapes import ErrorOut
from bot.web.shop import OpenShop

ROOT = "/api/v1"
_NOUNS = (
    products,
    orders,
    payments,
    refunds,
    group_buys,
    customers,
    flows,
    flow_steps,
    actions,
    conversations,
    ledger,
)
_REFUSALS = (401, 403, 404, 409, 413, 422, 429)


def install(app: FastAPI, tuanzi: OpenShop) -> None:
    """Add the merchant API to an application whose errors are JSON already.

    Doing it again changes nothing."""
    app.state.tuanzi = tuanzi
    if any((route.path or "").startswith(ROOT) for route in iter_route_contexts(app.routes)):
        return
    api = APIRouter(
        prefix=ROOT,
        dependencies=[Depends(documented)],
        responses={status: {"model": ErrorOut} for status in _REFUSALS},
    )
    for noun in _NOUNS:
        api.include_router(noun.router)
    app.include_router(api)
