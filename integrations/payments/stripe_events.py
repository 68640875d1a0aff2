"""What a signed event of Stripe's speaks of: which payment or refund of ours, and which sum.

Only what carries our key in its metadata is ours; a shop may sell elsewhere through the same
account. An event of an older API version than ours comes through here too: little is read of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.payments.gateway import BadNotice
from integrations.payments.stripe_shapes import (
    Charge,
    Dispute,
    Intent,
    Refund,
    Session,
    from_stripe,
)

# Without these something is learnt only when we happen to ask.
NEEDED = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.canceled",  # a hold ran out, or was let go by hand
    "charge.refunded",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
)
_DISPUTE, _RETURNED = "charge.dispute.", "charge.refunded"


class Subject(BaseModel):
    object: dict[str, Any]


class Event(BaseModel):
    """`account` is told where one account is called about another one's (Connect)."""

    id: str = Field(min_length=1)
    type: str
    account: str | None = None
    data: Subject


@dataclass(frozen=True, slots=True)
class Claim:
    """`our_ref` empty: not ours. `claimed` only where it is the payment's or refund's own sum."""

    our_ref: str
    claimed: Money | None = None


def read_event(raw: bytes) -> Event:
    try:
        return Event.model_validate_json(raw)
    except ValidationError:
        raise BadNotice("form") from None


def claim_of(event: Event) -> Claim | None:
    """None: of no kind that speaks of a sum."""
    read = next((read for kind, read in _READ.items() if event.type.startswith(kind)), None)
    if read is None:
        return None
    try:
        return read(event.data.object)
    except (ValidationError, Invalid):
        raise BadNotice("form") from None


def disputed_intent(event: Event) -> str | None:
    """A dispute carries no metadata of ours: which intent's money is disputed."""
    if not event.type.startswith(_DISPUTE):
        return None
    try:
        return Dispute.model_validate(event.data.object).payment_intent
    except ValidationError:
        raise BadNotice("form") from None


def is_aftermath(event: Event) -> bool:
    """It tells of what came after a payment whose money had come."""
    return event.type == _RETURNED or event.type.startswith(_DISPUTE)


def _of_session(said: Mapping[str, Any]) -> Claim:
    session = Session.model_validate(said)
    total = session.amount_total
    if not session.our_key or total is None:
        return Claim(session.our_key)
    return Claim(session.our_key, from_stripe(total, session.currency or ""))


def _of_sum(said: Mapping[str, Any], shape: type[Intent | Refund]) -> Claim:
    one = shape.model_validate(said)
    return Claim(one.our_key, from_stripe(one.amount, one.currency) if one.our_key else None)


def _of_charge(said: Mapping[str, Any]) -> Claim:
    """A charge has its intent's metadata; what was given back of it is no sum of the payment's."""
    return Claim(Charge.model_validate(said).our_key)


_READ: dict[str, Callable[[Mapping[str, Any]], Claim]] = {
    "checkout.session.": _of_session,
    "payment_intent.": partial(_of_sum, shape=Intent),
    _RETURNED: _of_charge,
    "refund.": partial(_of_sum, shape=Refund),
}
