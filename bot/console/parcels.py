"""The packing room: what is to be sent, and where. The only page that shows an address (T14)."""

import logging
from collections.abc import Mapping

from fastapi import APIRouter
from starlette.responses import Response

from bot.api.reads.orders import ready_to_pack
from bot.console.desk import AtDesk, Desk, Form
from bot.console.orders import ShipForm, send_off
from bot.console.pages import FormProblems, go, page, read_form, typed
from bot.web.scope import looking
from bot.web.shop import OpenShop, Shop
from data.orders import address_of, lines_of

router = APIRouter(prefix="/parcels")
_OK, _UNPROCESSABLE = 200, 422
log = logging.getLogger("tuanzi.audit")


@router.get("")
def list_parcels(desk: AtDesk, shop: Shop) -> Response:
    """Orders that are ready, with name and address; no prices, no chats."""
    return _room(desk, shop)


@router.post("/{order_id}/ship")
def ship_parcel(order_id: str, desk: AtDesk, shop: Shop, form: Form) -> Response:
    try:
        send_off(desk, shop, order_id, read_form(ShipForm, form))
    except FormProblems:
        return _room(desk, shop, wrong=order_id, given=typed(form))
    return go("/parcels", done="shipped")


def _room(
    desk: Desk, shop: OpenShop, *, wrong: str = "", given: Mapping[str, str] | None = None
) -> Response:
    """`wrong`: the order whose form comes back as it was sent."""
    with looking(shop.database, desk.merchant_id) as session:
        parcels = [
            (order, lines_of(session, order), address_of(session, order))
            for order in ready_to_pack(session, merchant_id=desk.merchant_id)
        ]
    # Who looked at which addresses: ids only.
    log.info("addresses_viewed %s %s", desk.staff_id, [order.id for order, _, _ in parcels])
    status = _UNPROCESSABLE if wrong else _OK
    told = {"parcels": parcels, "wrong": wrong, "given": given or {}}
    return page("parcels.html", desk, status=status, **told)
