"""Basket ▸ order ▸ delivery: what was bought, by whom, and how far it has come.

Calling off an order may send money back, so `cancel_order` stands in data.payments.
"""

from data.orders.address import (
    Address,
    AddressParts,
    address_of,
    has_address,
    set_address,
    ship_with,
)
from data.orders.address_book import (
    keep_address,
    kept_address,
    last_kept,
    parts_of,
    seal_parts,
)
from data.orders.baskets import basket_of, put_in_basket, take_out_of_basket
from data.orders.facts import (
    OrderCancelled,
    OrderDelivered,
    OrderExpired,
    OrderFact,
    OrderPaid,
    OrderReady,
    OrderRefunded,
    OrderShipped,
)
from data.orders.goods import lines_of
from data.orders.models import TRANSITIONS, BasketLine, Order, OrderKind, OrderLine, OrderState
from data.orders.placing import NewLine, OrderDetails, place_order
from data.orders.queries import find_order, order_by_number, orders_of
from data.orders.service import JOBS, deliver, expire_order, expire_unpaid, ship
from data.orders.states import lock_order
from data.orders.sums import Quote, quote

__all__ = [
    "JOBS",
    "TRANSITIONS",
    "Address",
    "AddressParts",
    "BasketLine",
    "NewLine",
    "Order",
    "OrderCancelled",
    "OrderDelivered",
    "OrderDetails",
    "OrderExpired",
    "OrderFact",
    "OrderKind",
    "OrderLine",
    "OrderPaid",
    "OrderReady",
    "OrderRefunded",
    "OrderShipped",
    "OrderState",
    "Quote",
    "address_of",
    "basket_of",
    "deliver",
    "expire_order",
    "expire_unpaid",
    "find_order",
    "has_address",
    "keep_address",
    "kept_address",
    "last_kept",
    "lines_of",
    "lock_order",
    "order_by_number",
    "orders_of",
    "parts_of",
    "place_order",
    "put_in_basket",
    "quote",
    "seal_parts",
    "set_address",
    "ship",
    "ship_with",
    "take_out_of_basket",
]
