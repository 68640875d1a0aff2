"""Orders: a list, one order with its money, and what may be done with it. No address here."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from bot.api.paging import Where
from bot.api.reads import orders as reads
from bot.api.reads.people import names_of
from bot.console.desk import AtDesk, Desk, Form
from bot.console.pages import FormProblems, go, page, read_form, typed, wrong
from bot.payment_links import renew_links
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.catalogue import attributes_in, get_variant
from data.kernel.errors import Invalid, NotFound, Refused
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.kernel.storable import storable
from data.orders import (
    OrderLine,
    OrderState,
    changes_of,
    deliver,
    find_order,
    returns_of,
    ship,
)
from data.payments import cancel_order as call_off
from data.payments import give_back_by_hand
from data.payments.by_shop import SHARE, refund_by_shop

router = APIRouter(prefix="/orders")


class ShipForm(BaseModel):
    tracking: str | None = Field(default=None, max_length=120)


class RefundForm(BaseModel):
    """`once` was made with the form, so that sending it twice gives one refund."""

    payment: str
    amount: Decimal = Field(gt=0, max_digits=16)
    once: str = Field(pattern="^rf_[0-9a-z]{16}$")


class GivenBackForm(BaseModel):
    """`reference`: the provider's own name of the refund."""

    refund: str
    reference: str = Field(min_length=1, max_length=128)


@router.get("")
def list_orders(
    desk: AtDesk,
    shop: Shop,
    state: Annotated[str, Query()] = "",
    after: Annotated[str | None, Query()] = None,
) -> Response:
    wanted = state if state in set(OrderState) else None
    with looking(shop.database, desk.merchant_id) as session:
        found = reads.list_orders(
            session, merchant_id=desk.merchant_id, state=wanted, where=Where(after)
        )
        names = names_of(
            session,
            merchant_id=desk.merchant_id,
            ids={order.person_id for order in found.items},
        )
        return page(
            "orders.html", desk, found=found, names=names, state=wanted, states=tuple(OrderState)
        )


@router.get("/{order_id}")
def show_order(order_id: str, desk: AtDesk, shop: Shop) -> Response:
    return page("order.html", desk, **_shown(desk, shop, order_id))


@router.post("/{order_id}/cancel")
def cancel_order(order_id: str, desk: AtDesk, shop: Shop) -> Response:
    """Before it is shipped; what was paid goes back to whoever paid."""
    with changing(shop.database, desk.merchant_id) as session:
        find_order(session, merchant_id=desk.merchant_id, order_id=order_id)
        outcome = call_off(session, order_id=order_id, person_id=None, now=desk.now)
    return go(f"/orders/{order_id}", done=f"cancel_{outcome.what}")


@router.post("/{order_id}/links")
def renew_payment_link(order_id: str, desk: AtDesk, shop: Shop) -> Response:
    """Nobody can open the links of before any more; the buyer is sent a new one."""
    with changing(shop.database, desk.merchant_id) as session:
        find_order(session, merchant_id=desk.merchant_id, order_id=order_id)
        renewed = renew_links(session, shop.house, order_id=order_id, now=desk.now)
    told = "renewed" if renewed.told else "unheard" if renewed.url else "closed"
    return go(f"/orders/{order_id}", done=f"links_{told}")


@router.post("/{order_id}/refund")
def refund_order(order_id: str, desk: AtDesk, shop: Shop, form: Form) -> Response:
    """Part of what was paid, or all that is left; never more than was captured (T37)."""
    try:
        wanted = read_form(RefundForm, form)
        _refund(desk, shop, order_id, wanted)
    except (FormProblems, Invalid):
        return wrong("order.html", desk, **_shown(desk, shop, order_id, wrong="error_invalid"))
    except Refused as refusal:
        why = "error_refund_of_share" if refusal.detail == SHARE else "error_refund_amount"
        return wrong("order.html", desk, **_shown(desk, shop, order_id, wrong=why))
    return go(f"/orders/{order_id}", done="refunded")


@router.post("/{order_id}/given-back")
def give_back_order(order_id: str, desk: AtDesk, shop: Shop, form: Form) -> Response:
    """A refund that failed here and that a person made at the provider: the books close."""
    try:
        _give_back(desk, shop, order_id, read_form(GivenBackForm, form))
    except FormProblems:
        shown = _shown(desk, shop, order_id, wrong="error_invalid")
        return wrong("order.html", desk, **shown)
    return go(f"/orders/{order_id}", done="given_back")


@router.post("/{order_id}/ship")
def ship_order(order_id: str, desk: AtDesk, shop: Shop, form: Form) -> Response:
    try:
        given = read_form(ShipForm, form)
        with changing(shop.database, desk.merchant_id) as session:
            send_off(session, desk, order_id, given)
    except FormProblems as problems:
        shown = _shown(desk, shop, order_id)
        return wrong(
            "order.html", desk, **{**shown, "given": typed(form), "fields": problems.fields}
        )
    return go(f"/orders/{order_id}", done="shipped")


@router.post("/{order_id}/deliver")
def deliver_order(order_id: str, desk: AtDesk, shop: Shop) -> Response:
    with changing(shop.database, desk.merchant_id) as session:
        deliver(session, merchant_id=desk.merchant_id, order_id=order_id, now=desk.now)
    return go(f"/orders/{order_id}", done="delivered")


def send_off(session: Session, desk: Desk, order_id: str, given: ShipForm) -> None:
    ship(
        session,
        merchant_id=desk.merchant_id,
        order_id=order_id,
        tracking=given.tracking,
        now=desk.now,
    )


def _refund(desk: Desk, shop: OpenShop, order_id: str, wanted: RefundForm) -> None:
    with changing(shop.database, desk.merchant_id) as session:
        order = find_order(session, merchant_id=desk.merchant_id, order_id=order_id)
        paid = reads.find_payment(session, merchant_id=desk.merchant_id, payment_id=wanted.payment)
        if paid.order_id != order.id:
            raise Invalid("payment")
        refund_by_shop(
            session,
            attempt_id=paid.id,
            amount=Money.of(wanted.amount, paid.currency),
            key=wanted.once,
            now=desk.now,
        )


def _give_back(desk: Desk, shop: OpenShop, order_id: str, given: GivenBackForm) -> None:
    with changing(shop.database, desk.merchant_id) as session:
        refund = reads.find_refund(session, merchant_id=desk.merchant_id, refund_id=given.refund)
        if refund.order_id != order_id:
            raise NotFound("refund")
        reference = storable(given.reference)
        give_back_by_hand(session, refund_id=refund.id, reference=reference, now=desk.now)


def _shown(desk: Desk, shop: OpenShop, order_id: str, *, wrong: str = "") -> dict[str, Any]:
    with looking(shop.database, desk.merchant_id) as session:
        view = reads.view_order(session, merchant_id=desk.merchant_id, order_id=order_id)
        afterwards = {
            "changes": changes_of(session, view.order),
            "returned": returns_of(session, view.order),
            "kinds": _kinds(session, view.lines, desk),
        }
    shown = {"view": view, "once": new_id("rf"), "wrong": wrong, "given": {}, "fields": set()}
    return {**shown, **afterwards}


def _kinds(session: Session, lines: Sequence[OrderLine], desk: Desk) -> dict[str, dict[str, str]]:
    """Colours and sizes by variant, in the desk's language; as they were noted with the order where
    the variant is another by now."""
    kinds = {}
    for line in lines:
        try:
            variant = get_variant(session, merchant_id=desk.merchant_id, variant_id=line.variant_id)
        except NotFound:
            continue
        if variant.attributes == line.attributes:
            kinds[line.variant_id] = attributes_in(variant, desk.locale)
    return kinds
