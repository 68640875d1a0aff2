"""Basket, order, order line. An order's states, and the only ways between them:

    awaiting_payment ──▶ paid ──▶ ready ──▶ shipped ──▶ delivered
        │    ▲            │        ▲ │
        │    │            ├─▶ waiting_group ──┐   (paid; the group is not decided yet)
        ▼    │            ▼          ▼        ▼
    expired ─┘           refund_pending ◀──▶ refunded   (back again: a refund failed after all)
    expired, cancelled ──▶ refund_pending   (money came too late)
    awaiting_payment, waiting_group ──▶ cancelled
    waiting_group ◀──▶ delivered   (a share of a pool: what it pays for is another order)

    waiting_group ──▶ awaiting_payment   (its group came together; what was held cannot be taken)

There is no draft: that is the basket. `expired ──▶ awaiting_payment` happens only inside the
transaction that finds late money and goods still on the shelf.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    column,
)
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.money import Money


class OrderKind(StrEnum):
    """POOL: one person's share of a present. POOLED: the present that those shares pay for.
    SPLIT: one person's goods in a basket that several fill and pay."""

    NORMAL = "normal"
    GROUP = "group"
    CHANGE = "change"  # what a dearer variant of another order costs more: see changes.py
    EXCHANGE = "exchange"  # goods instead of some that came back, at what they cost more
    POOL = "pool"
    POOLED = "pooled"
    SPLIT = "split"


# Their money waits until others have decided.
WAITING_KINDS = frozenset({OrderKind.GROUP, OrderKind.POOL, OrderKind.SPLIT})


class OrderState(StrEnum):
    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    WAITING_GROUP = "waiting_group"
    READY = "ready"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUND_PENDING = "refund_pending"
    REFUNDED = "refunded"


_S = OrderState
TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    _S.AWAITING_PAYMENT: frozenset({_S.PAID, _S.EXPIRED, _S.CANCELLED}),
    _S.PAID: frozenset({_S.READY, _S.WAITING_GROUP, _S.REFUND_PENDING}),
    _S.WAITING_GROUP: frozenset(
        {_S.READY, _S.REFUND_PENDING, _S.CANCELLED, _S.AWAITING_PAYMENT, _S.DELIVERED}
    ),
    _S.READY: frozenset({_S.SHIPPED, _S.REFUND_PENDING}),
    _S.SHIPPED: frozenset({_S.DELIVERED}),
    _S.DELIVERED: frozenset({_S.WAITING_GROUP}),
    _S.CANCELLED: frozenset({_S.REFUND_PENDING}),
    _S.EXPIRED: frozenset({_S.AWAITING_PAYMENT, _S.REFUND_PENDING}),
    _S.REFUND_PENDING: frozenset({_S.REFUNDED}),
    _S.REFUNDED: frozenset({_S.REFUND_PENDING}),
}


class Order(Base):
    """`stock_ref` owns the holds: the order itself, or the seat that held them before it.

    `items_minor` is what the goods cost in the end (sums.py); `credit_minor` of the total is paid
    by gift cards.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("merchant_id", "number"),
        CheckConstraint("total_minor = items_minor + shipping_minor", name="total"),
        CheckConstraint("items_minor >= 0 AND shipping_minor >= 0", name="amounts"),
        Index("ix_orders_person", "merchant_id", "person_id", "created_at"),
        Index("ix_orders_state", "merchant_id", "state"),
        Index(
            "ix_orders_goes_with",
            "goes_with",
            sqlite_where=column("goes_with").is_not(None),
            postgresql_where=column("goes_with").is_not(None),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    number: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    chat_id: Mapped[str | None] = mapped_column(ForeignKey("chats.id"))
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(20), default=OrderState.AWAITING_PAYMENT)
    version: Mapped[int] = mapped_column(default=1)
    currency: Mapped[str] = mapped_column(String(3))
    items_minor: Mapped[int]
    shipping_minor: Mapped[int]
    total_minor: Mapped[int]
    credit_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    ship_to: Mapped[str | None] = mapped_column(Text)  # an Address, encrypted: see address.py
    address_cleared_at: Mapped[datetime | None]  # its time was over: see address.py
    goes_with: Mapped[str | None] = mapped_column(
        String(32)
    )  # an order or a parcel: where that goes
    recipient: Mapped[str | None] = mapped_column(String(40))  # a relation: mother, friend …
    occasion_id: Mapped[str | None] = mapped_column(String(32))
    stock_ref: Mapped[str] = mapped_column(String(64))
    tracking: Mapped[str | None] = mapped_column(String(120))
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def items(self) -> Money:
        return Money(self.items_minor, self.currency)

    @property
    def shipping(self) -> Money:
        return Money(self.shipping_minor, self.currency)

    @property
    def credit(self) -> Money:
        return Money(self.credit_minor, self.currency)

    @property
    def due(self) -> Money:
        """What is left to be paid through a provider."""
        return Money(self.total_minor - self.credit_minor, self.currency)

    def can_be_paid(self, now: datetime) -> bool:
        """It waits for payment, and its time is not up."""
        return self.state == OrderState.AWAITING_PAYMENT and self.expires_at > now


class OrderLine(Base):
    """What was bought, at the price and under the title of that moment."""

    __tablename__ = "order_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND unit_minor >= 0", name="sane"),
        UniqueConstraint("order_id", "variant_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    variant_id: Mapped[str] = mapped_column(ForeignKey("variants.id"))
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    title: Mapped[dict[str, str]]
    attributes: Mapped[dict[str, str]]
    image: Mapped[str] = mapped_column(String(2000), default="")
    quantity: Mapped[int]
    unit_minor: Mapped[int]
    discount_minor: Mapped[int] = mapped_column(default=0, server_default="0")  # of all its units
    currency: Mapped[str] = mapped_column(String(3))

    @property
    def unit_price(self) -> Money:
        return Money(self.unit_minor, self.currency)

    @property
    def total(self) -> Money:
        return self.unit_price * self.quantity


class OrderNumber(Base):
    """The last human order number a shop gave out."""

    __tablename__ = "order_numbers"

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    last: Mapped[int]


class BasketLine(Base):
    """What a person means to buy, not promised to them yet. All their lines are their basket."""

    __tablename__ = "basket_lines"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    variant_id: Mapped[str] = mapped_column(ForeignKey("variants.id"), primary_key=True)
    quantity: Mapped[int]
    added_at: Mapped[datetime]
