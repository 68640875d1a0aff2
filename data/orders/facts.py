"""What orders announce: paid, expired, cancelled, refunded, shipped, delivered."""

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
