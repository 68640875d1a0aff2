"""/api/v1/orders: read, called off, shipped, delivered. Where an order goes is not told here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from bot.api.access import Known
from bot.api.paging import DEFAULT_LIMIT, After, Limit, Where
from bot.api.payments import PaymentOut
from bot.api.reads import orders as reads
from bot.api.refunds import RefundOut
from bot.api.shapes import Listed, MoneyOut, listed
from bot.payment_links import renew_links
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.kernel.money import Money
from data.orders import (
    AddressStands,
    Order,
    OrderChange,
    OrderLine,
    OrderState,
    changes_of,
    deliver,
    find_order,
    ship,
)
from data.orders.coupon_models import OrderCharge
from data.payments import cancel_order as call_off
from data.payments.credit_models import GiftCard, GiftCardUse

router = APIRouter(prefix="/orders", tags=["orders"])


class OrderOut(BaseModel):
    id: str
    number: str
    state: str
    kind: str
    customer_id: str
    conversation_id: str | None
    items: MoneyOut
    shipping: MoneyOut
    total: MoneyOut
    tracking: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, order: Order) -> "OrderOut":
        return cls(
            id=order.id,
            number=order.number,
            state=order.state,
            kind=order.kind,
            customer_id=order.person_id,
            conversation_id=order.conversation_id,
            items=MoneyOut.of(order.items),
            shipping=MoneyOut.of(order.shipping),
            total=MoneyOut.of(order.total),
            tracking=order.tracking,
            created_at=order.created_at,
            updated_at=order.updated_at,
        )


class LineOut(BaseModel):
    product_id: str
    variant_id: str
    title: dict[str, str]
    attributes: dict[str, str]
    quantity: int
    unit_price: MoneyOut
    discount: MoneyOut

    @classmethod
    def of(cls, line: OrderLine) -> "LineOut":
        return cls(
            product_id=line.product_id,
            variant_id=line.variant_id,
            title=line.title,
            attributes=line.attributes,
            quantity=line.quantity,
            unit_price=MoneyOut.of(line.unit_price),
            discount=MoneyOut.of(Money(line.discount_minor, line.currency)),
        )


class ChargeOut(BaseModel):
    """`kind`: discount, ladder (its team grew), tax (on top) or tax_included. `amount` is what it
    adds to the sum, below zero for what comes off and nothing for tax that prices have in them;
    `told` is what is shown."""

    kind: str
    name: dict[str, str]
    amount: MoneyOut
    told: MoneyOut

    @classmethod
    def of(cls, charge: OrderCharge) -> "ChargeOut":
        return cls(
            kind=charge.kind,
            name=charge.name,
            amount=MoneyOut.of(charge.amount),
            told=MoneyOut.of(charge.told),
        )


class CardPartOut(BaseModel):
    """What one gift card pays. `state`: held, redeemed, released or returned."""

    gift_card_id: str
    code_end: str
    state: str
    amount: MoneyOut

    @classmethod
    def of(cls, use: GiftCardUse, card: GiftCard) -> "CardPartOut":
        return cls(
            gift_card_id=card.id,
            code_end=card.code_end,
            state=use.state,
            amount=MoneyOut.of(use.amount),
        )


class ChangeOut(BaseModel):
    """`extra_order_id`: the order by which a dearer variant's difference is paid."""

    kind: str
    state: str
    by: str
    was_variant_id: str | None
    new_variant_id: str | None
    back: MoneyOut
    extra_order_id: str | None
    created_at: datetime

    @classmethod
    def of(cls, change: OrderChange) -> "ChangeOut":
        return cls(
            kind=change.kind,
            state=change.state,
            by=change.by,
            was_variant_id=change.was_variant_id,
            new_variant_id=change.new_variant_id,
            back=MoneyOut.of(change.back),
            extra_order_id=change.extra_order_id,
            created_at=change.created_at,
        )


class OrderDetail(OrderOut):
    """`goods` before discounts + every charge's `amount` + `shipping` = `total`. `by_gift_cards` is
    held or paid by cards, `by_payments` captured and not given back. `address`: whether it is known
    where it goes; deleted thirty days after all of it was over."""

    lines: list[LineOut] = Field(default_factory=list)
    changes: list[ChangeOut] = Field(default_factory=list)
    goods: MoneyOut
    charges: list[ChargeOut]
    coupon_id: str | None
    gift_cards: list[CardPartOut]
    by_gift_cards: MoneyOut
    by_payments: MoneyOut
    payments: list[PaymentOut]
    refunds: list[RefundOut]
    address: AddressStands

    @classmethod
    def of_view(cls, view: reads.OrderView, changes: Sequence[OrderChange]) -> "OrderDetail":
        return cls(
            **OrderOut.of(view.order).model_dump(),
            lines=[LineOut.of(line) for line in view.lines],
            changes=[ChangeOut.of(change) for change in changes],
            goods=MoneyOut.of(view.goods),
            charges=[ChargeOut.of(charge) for charge in view.charges],
            coupon_id=view.coupon.id if view.coupon else None,
            gift_cards=[CardPartOut.of(use, card) for use, card in view.cards],
            by_gift_cards=MoneyOut.of(view.by_cards),
            by_payments=MoneyOut.of(view.by_providers),
            payments=[PaymentOut.of(paid) for paid in view.payments],
            refunds=[RefundOut.of(refund) for refund in view.refunds],
            address=view.address,
        )


class Shipped(BaseModel):
    tracking: str | None = Field(default=None, max_length=120)


class NewLink(BaseModel):
    """`url` null: nothing is left to pay. `told`: the buyer has a chat where it was said."""

    url: str | None
    told: bool


class CallOff(BaseModel):
    """`what`: released (nothing was paid), refunding, or already (it was over before)."""

    what: str
    order: OrderOut


@router.get("")
def list_orders(
    client: Known,
    shop: Shop,
    state: Annotated[OrderState | None, Query()] = None,
    after: After = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Listed[OrderOut]:
    with looking(shop.database, client.merchant_id) as session:
        page = reads.list_orders(
            session, merchant_id=client.merchant_id, state=state, where=Where(after, limit)
        )
        return listed(page, OrderOut.of)


@router.get("/{order_id}")
def get_order(order_id: str, client: Known, shop: Shop) -> OrderDetail:
    with looking(shop.database, client.merchant_id) as session:
        view = reads.view_order(session, merchant_id=client.merchant_id, order_id=order_id)
        return OrderDetail.of_view(view, changes_of(session, view.order))


@router.post("/{order_id}/cancel")
def cancel_order(order_id: str, client: Known, shop: Shop) -> CallOff:
    """Before it is shipped. What was paid goes back."""
    with changing(shop.database, client.merchant_id) as session:
        find_order(session, merchant_id=client.merchant_id, order_id=order_id)
        outcome = call_off(session, order_id=order_id, person_id=None, now=client.now)
        session.refresh(outcome.order)
        return CallOff(what=outcome.what, order=OrderOut.of(outcome.order))


@router.post("/{order_id}/payment-link")
def renew_payment_link(order_id: str, client: Known, shop: Shop) -> NewLink:
    """All links of before are closed, for one that fell into the wrong hands. Where there is still
    something to pay the buyer gets a new one in their chat, and so do you."""
    with changing(shop.database, client.merchant_id) as session:
        find_order(session, merchant_id=client.merchant_id, order_id=order_id)
        renewed = renew_links(session, shop.house, order_id=order_id, now=client.now)
        return NewLink(url=renewed.url or None, told=renewed.told)


@router.post("/{order_id}/ship")
def ship_order(order_id: str, body: Shipped, client: Known, shop: Shop) -> OrderOut:
    with changing(shop.database, client.merchant_id) as session:
        order = ship(
            session,
            merchant_id=client.merchant_id,
            order_id=order_id,
            tracking=body.tracking,
            now=client.now,
        )
        return OrderOut.of(order)


@router.post("/{order_id}/deliver")
def deliver_order(order_id: str, client: Known, shop: Shop) -> OrderOut:
    with changing(shop.database, client.merchant_id) as session:
        order = deliver(session, merchant_id=client.merchant_id, order_id=order_id, now=client.now)
        return OrderOut.of(order)
