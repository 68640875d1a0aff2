"""The packing room: what is to be sent, and where. The only page that shows an address (T14)."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from bot.api.reads.orders import ready_to_pack
from bot.console.desk import AtDesk, Desk, Form
from bot.console.orders import ShipForm, send_off
from bot.console.pages import FormProblems, go, page, read_form, typed
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.orders import Address, Order, OrderLine, address_of, lines_of

router = APIRouter(prefix="/parcels")
_OK, _UNPROCESSABLE = 200, 422
_LONGEST = 4000  # a hundred ids
log = logging.getLogger("tuanzi.audit")


@router.get("")
def list_parcels(desk: AtDesk, shop: Shop) -> Response:
    """Orders that are ready, with name and address; no prices, no chats."""
    return _room(desk, shop)


class ParcelForm(ShipForm):
    """`others`: the ids of the orders that were packed with it."""

    others: str = Field(default="", max_length=_LONGEST)


@dataclass(frozen=True, slots=True)
class Packed:
    """What goes into one box: each order with its lines."""

    orders: Sequence[tuple[Order, Sequence[OrderLine]]]
    address: Address | None

    @property
    def first(self) -> Order:
        return self.orders[0][0]

    @property
    def others(self) -> str:
        return ",".join(order.id for order, _ in self.orders[1:])


@router.post("/{order_id}/ship")
def ship_parcel(order_id: str, desk: AtDesk, shop: Shop, form: Form) -> Response:
    """All that was in the box as it was shown, or nothing of it."""
    try:
        given = read_form(ParcelForm, form)
        together = [order_id, *filter(None, given.others.split(","))]
        with changing(shop.database, desk.merchant_id) as session:
            for one in sorted(set(together)):
                send_off(session, desk, one, given)
    except FormProblems:
        return _room(desk, shop, wrong=order_id, given=typed(form))
    return go("/parcels", done="shipped")


def _room(
    desk: Desk, shop: OpenShop, *, wrong: str = "", given: Mapping[str, str] | None = None
) -> Response:
    """`wrong`: the order whose form comes back as it was sent."""
    with looking(shop.database, desk.merchant_id) as session:
        ready = ready_to_pack(session, merchant_id=desk.merchant_id)
        parcels = [_packed(session, orders) for orders in _boxes(ready)]
    # Who looked at which addresses: ids only.
    log.info("addresses_viewed %s %s", desk.staff_id, [order.id for order in ready])
    status = _UNPROCESSABLE if wrong else _OK
    told = {"parcels": parcels, "wrong": wrong, "given": given or {}}
    return page("parcels.html", desk, status=status, **told)


def _boxes(orders: Sequence[Order]) -> list[list[Order]]:
    """What goes to the same address by the wish of those who ordered it goes in one box."""
    boxes: dict[str, list[Order]] = {}
    for order in orders:
        boxes.setdefault(order.goes_with or order.id, []).append(order)
    return list(boxes.values())


def _packed(session: Session, orders: Sequence[Order]) -> Packed:
    filled = [(order, lines_of(session, order)) for order in orders]
    return Packed(filled, address_of(session, orders[0]))
