"""What may be due at a provider, and one such call with everything it needs to be made."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from data.kernel.money import Money
from data.payments.gateway import NewPayment, NewRefund, PaymentRef


class Verb(StrEnum):
    CREATE = "create"
    QUERY = "query"
    CAPTURE = "capture"
    VOID = "void"
    CLOSE = "close"
    REFUND = "refund"
    QUERY_REFUND = "query_refund"


# What is due where nobody heard of an answer: providers forget keys (Stripe after a day), so that a
# refund that may be there is looked for. It is sent again if there is none.
_UNANSWERED = {Verb.REFUND: Verb.QUERY_REFUND}


@dataclass(frozen=True, slots=True)
class Call:
    """`turn` is the lease: an answer to an earlier turn may tell facts, but not doubts. `until`:
    its end, from which on somebody else may make the call."""

    verb: Verb
    provider: str
    merchant_id: str
    order_id: str
    attempt_id: str
    refund_id: str | None
    turn: int
    new_payment: NewPayment
    payment: PaymentRef
    account_id: str | None = None  # of the shop at that provider; None: the house's own
    refund_key: str = ""
    refund_amount: Money | None = None
    refund_ref: str | None = None
    until: datetime | None = None

    @property
    def subject_id(self) -> str:
        return self.refund_id or self.attempt_id

    @property
    def unanswered(self) -> Verb:
        """What is to be done in its place by whoever comes when nobody has answered."""
        return left_by(self.verb)

    @property
    def new_refund(self) -> NewRefund:
        if self.refund_amount is None:
            raise ValueError("call_without_refund")
        return NewRefund(self.refund_key, self.refund_amount, self.payment, self.refund_ref)


def left_by(verb: Verb) -> Verb:
    return _UNANSWERED.get(verb, verb)
