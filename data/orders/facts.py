"""What orders announce: paid, expired, cancelled, changed, shipped, delivered, come back."""

from dataclasses import dataclass

from data.kernel.facts import Fact


@dataclass(frozen=True, slots=True)
class OrderFact(Fact):
    """`conversation_id` is where the buyer spoke when they ordered, if they spoke."""

    order_id: str
    person_id: str
    conversation_id: str | None


@dataclass(frozen=True, slots=True)
class OrderPaid(OrderFact):
    """The money is ours or firmly held for us; a group order now waits for its group."""


@dataclass(frozen=True, slots=True)
class OrderReady(OrderFact):
    """Goods are owed and may be packed."""


@dataclass(frozen=True, slots=True)
class OrderExpired(OrderFact):
    """Nobody paid in time; what was held is back on the shelf."""


@dataclass(frozen=True, slots=True)
class OrderCancelled(OrderFact):
    """Called off; if it was paid, a refund is under way."""


@dataclass(frozen=True, slots=True)
class OrderRefunded(OrderFact):
    """All the money of this order has gone back."""


@dataclass(frozen=True, slots=True)
class OrderShipped(OrderFact):
    pass


@dataclass(frozen=True, slots=True)
class OrderDelivered(OrderFact):
    pass


@dataclass(frozen=True, slots=True)
class OrderChanged(OrderFact):
    """Goods of another variant than at first, or another address."""

    change_id: str


@dataclass(frozen=True, slots=True)
class ChangeLapsed(OrderFact):
    """The difference was not paid: the order stays as it was."""

    change_id: str


@dataclass(frozen=True, slots=True)
class ReturnFact(OrderFact):
    return_id: str


@dataclass(frozen=True, slots=True)
class ReturnRequested(ReturnFact):
    """The shop is asked whether it takes goods back."""


@dataclass(frozen=True, slots=True)
class ReturnApproved(ReturnFact):
    """The buyer may send them."""


@dataclass(frozen=True, slots=True)
class ReturnRefused(ReturnFact):
    pass


@dataclass(frozen=True, slots=True)
class ReturnReceived(ReturnFact):
    """They are here, and the money is on its way."""


@dataclass(frozen=True, slots=True)
class ReturnRefunded(ReturnFact):
    """All of what goes back for them has arrived."""


@dataclass(frozen=True, slots=True)
class ReturnExchanged(ReturnFact):
    """The other variant is owed instead, by an order of its own."""


@dataclass(frozen=True, slots=True)
class ExchangeLapsed(ReturnFact):
    """The goods are here, and their exchange was not paid or was called off: they are refunded."""
