"""Basket ▸ order ▸ delivery: what was bought, by whom, and how far it has come.

Calling off an order may send money back, so `cancel_order` stands in data.payments.
"""

from data.delivery.jobs import JobRunner
from data.orders import exchange_holds, service
from data.orders.address import (
    Address,
    AddressParts,
    AddressStands,
    address_of,
    address_stands,
    set_address,
    ship_with,
)
from data.orders.address_book import (
    keep_address,
    kept_address,
    last_kept,
    parts_of,
    seal_parts,
    use_again,
)
from data.orders.baskets import basket_of, put_in_basket, take_out_of_basket
from data.orders.change_models import ChangeKind, ChangeState, OrderChange
from data.orders.changes import can_go_elsewhere, change_address
from data.orders.exchange_holds import exchange_of
from data.orders.facts import (
    ChangeLapsed,
    ExchangeLapsed,
    OrderCancelled,
    OrderChanged,
    OrderDelivered,
    OrderExpired,
    OrderFact,
    OrderPaid,
    OrderReady,
    OrderRefunded,
    OrderShipped,
    ReturnApproved,
    ReturnExchanged,
    ReturnFact,
    ReturnReceived,
    ReturnRefunded,
    ReturnRefused,
    ReturnRequested,
)
from data.orders.goods import lines_of
from data.orders.models import (
    TRANSITIONS,
    WAITING_KINDS,
    BasketLine,
    Order,
    OrderKind,
    OrderLine,
    OrderState,
)
from data.orders.placing import NewLine, OrderDetails, place_order
from data.orders.queries import find_order, order_by_number, orders_of
from data.orders.return_models import Exchange, Return, ReturnLine, ReturnState
from data.orders.returns import (
    Decision,
    Returnable,
    decide_return,
    lines_of_return,
    request_return,
    returnable,
    returns_of,
)
from data.orders.service import deliver, expire_order, expire_unpaid, ship
from data.orders.shares import keep_promise, place_share
from data.orders.states import lock_order
from data.orders.sums import Quote, quote
from data.orders.worth import LineWorth, changes_of

JOBS: dict[str, JobRunner] = {**service.JOBS, **exchange_holds.JOBS}

__all__ = [
    "JOBS",
    "TRANSITIONS",
    "WAITING_KINDS",
    "Address",
    "AddressParts",
    "AddressStands",
    "BasketLine",
    "ChangeKind",
    "ChangeLapsed",
    "ChangeState",
    "Decision",
    "Exchange",
    "ExchangeLapsed",
    "LineWorth",
    "NewLine",
    "Order",
    "OrderCancelled",
    "OrderChange",
    "OrderChanged",
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
    "Return",
    "ReturnApproved",
    "ReturnExchanged",
    "ReturnFact",
    "ReturnLine",
    "ReturnReceived",
    "ReturnRefunded",
    "ReturnRefused",
    "ReturnRequested",
    "ReturnState",
    "Returnable",
    "address_of",
    "address_stands",
    "basket_of",
    "can_go_elsewhere",
    "change_address",
    "changes_of",
    "decide_return",
    "deliver",
    "exchange_of",
    "expire_order",
    "expire_unpaid",
    "find_order",
    "keep_address",
    "keep_promise",
    "kept_address",
    "last_kept",
    "lines_of",
    "lines_of_return",
    "lock_order",
    "order_by_number",
    "orders_of",
    "parts_of",
    "place_order",
    "place_share",
    "put_in_basket",
    "quote",
    "request_return",
    "returnable",
    "returns_of",
    "seal_parts",
    "set_address",
    "ship",
    "ship_with",
    "take_out_of_basket",
    "use_again",
]
