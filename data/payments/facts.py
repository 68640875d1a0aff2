"""What payments announce besides the order's own facts; listeners tell the buyer or the shop."""

from dataclasses import dataclass

from data.kernel.money import Money
from data.orders.facts import OrderFact


@dataclass(frozen=True, slots=True)
class PaymentFailed(OrderFact):
    """Declined or given up; the order can still be paid while its time lasts."""

    attempt_id: str


@dataclass(frozen=True, slots=True)
class RefundRequested(OrderFact):
    """Money is on its way back; `cause_ref` says why (`late:…`, `double:…`, `cancelled`)."""

    refund_id: str
    cause_ref: str


@dataclass(frozen=True, slots=True)
class RefundSucceeded(OrderFact):
    """One refund has arrived; of the whole order's money `OrderRefunded` tells."""

    refund_id: str


@dataclass(frozen=True, slots=True)
class HoldLost(OrderFact):
    """What was held for a waiting order ran out, or could not be taken."""

    attempt_id: str


@dataclass(frozen=True, slots=True)
class PriceLowered(OrderFact):
    """A paid order's goods cost less in the end: `less` goes back, or is never taken."""

    less: Money


@dataclass(frozen=True, slots=True)
class RefundFailed(OrderFact):
    """The provider could not give the money back: a person of the shop must look at it."""

    refund_id: str


@dataclass(frozen=True, slots=True)
class PaymentQuarantined(OrderFact):
    """The provider contradicts what we asked for; nothing moves until a person has looked."""

    subject_id: str
    reason: str
