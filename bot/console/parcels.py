"""The packing room: what is to be sent, and where. The only page that shows an address (T14)."""

import logging

from fastapi import APIRouter
from starlette.responses import Response

from bot.api.reads.orders import ready_to_pack
from bot.console.desk import AtDesk, Form
from bot.console.orders import ShipForm, send_off
from bot.console.pages import go, page, read_form
from bot.web.scope import looking
from bot.web.shop import Shop
from data.orders import address_of, lines_of

router = APIRouter(prefix="/parcels")
log = logging.getLogger("tuanzi.audit")


@router.get("")
def list_parcels(desk: AtDesk, shop: Shop) -> Response:
    """Orders that are ready, with name and address; no prices, no chats."""
    with looking(shop.database, desk.merchant_id) as session:
        parcels = [
            (order, lines_of(session, order), address_of(session, order))
            for order in ready_to_pack(session, merchant_id=desk.merchant_id)
        ]
    # Who looked at which addresses: ids only.
    log.info("addresses_viewed %s %s", desk.staff_id, [order.id for order, _, _ in parcels])
    return page("parcels.html", desk, parcels=parcels)


@router.post("/{order_id}/ship")
def ship_parcel(order_id: str, desk: AtDesk, shop: Shop, form: Form) -> Response:
    send_off(desk, shop, order_id, read_form(ShipForm, form))
    return go("/parcels", done="shipped")
