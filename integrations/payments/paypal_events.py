"""What PayPal calls us about, and whether it will: its events read, its webhook looked at."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, Field, ValidationError

from data.payments.gateway import BadNotice, ProviderEvent
from integrations.payments.kinds import Finding
from integrations.payments.paypal_line import PayPalLine, Refusal
from integrations.payments.paypal_shapes import Sum

# Without the first a payer who does not come back is noticed by our own schedule only.
NEEDED = (
    "CHECKOUT.ORDER.APPROVED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.DENIED",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.AUTHORIZATION.VOIDED",
    "CUSTOMER.DISPUTE.CREATED",
    "CUSTOMER.DISPUTE.UPDATED",
    "CUSTOMER.DISPUTE.RESOLVED",
)
_EVERY = "*"
_OF_ORDERS = "CHECKOUT.ORDER."
_OF_PAYMENTS = ("PAYMENT.CAPTURE.", "PAYMENT.AUTHORIZATION.", "PAYMENT.REFUND.")
# A refund's, or a reversal's: made at PayPal it bears its payment's key, and a sum of its own.
_AFTERMATH = ("PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED", "PAYMENT.REFUND.")
_PART_OF_IT = "PAYMENT.CAPTURE.REVERSED"  # of a dispute: the sum need not be the payment's
_OF_DISPUTES = "CUSTOMER.DISPUTE."


class Event(BaseModel):
    id: str = Field(min_length=1)
    event_type: str
    resource: dict[str, Any]


class Resource(BaseModel):
    """A capture, a hold, a refund, or an order's purchase unit: all name their payment alike, a
    refund of ours by its own key."""

    amount: Sum | None = None
    custom_id: str | None = None
    invoice_id: str | None = None


class Approved(BaseModel):
    purchase_units: list[Resource] = Field(min_length=1, max_length=1)


class Transaction(BaseModel):
    custom: str | None = None
    invoice_number: str | None = None


class Disputed(BaseModel):
    disputed_transactions: list[Transaction] = Field(default_factory=list)


class EventType(BaseModel):
    name: str


class Webhook(BaseModel):
    url: str
    event_types: list[EventType]


def read_event(raw: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
    """None: not about a payment, or about one that carries no key. The signature has held."""
    try:
        event = Event.model_validate_json(raw)
        about = _about(event)
    except ValidationError:
        raise BadNotice("form") from None
    our_ref = about and (about.custom_id or about.invoice_id)
    if about is None or not our_ref:
        return None
    is_dispute = event.event_type.startswith(_OF_DISPUTES)
    return ProviderEvent(
        event_id=event.id,
        our_ref=our_ref,
        raw=raw,
        headers=headers,
        claimed=None if is_dispute or event.event_type == _PART_OF_IT else about.amount,
        of_payment=our_ref if is_dispute or event.event_type.startswith(_AFTERMATH) else "",
    )


def _about(event: Event) -> Resource | None:
    if event.event_type.startswith(_OF_ORDERS):
        return Approved.model_validate(event.resource).purchase_units[0]
    if event.event_type.startswith(_OF_DISPUTES):
        return _disputed(event)
    if event.event_type.startswith(_OF_PAYMENTS):
        return Resource.model_validate(event.resource)
    return None


def _disputed(event: Event) -> Resource | None:
    """It names the payment as we had named it."""
    found = Disputed.model_validate(event.resource).disputed_transactions
    if len(found) != 1:  # several payments in one: none of ours, which have one each
        return None
    return Resource(custom_id=found[0].custom, invoice_id=found[0].invoice_number)


async def look_at_account(
    line: PayPalLine, *, webhook_id: str, notify_url: str
) -> Sequence[Finding]:
    try:
        await line.prove()
    except Refusal as refusal:
        return [Finding(False, "token", vital=True, values={"why": refusal.issue})]
    taken = Finding(True, "token")
    values = {"url": notify_url, "events": ", ".join(NEEDED)}
    if not webhook_id:
        return [taken, Finding(False, "webhook_told", values=values)]
    try:
        path = f"/v1/notifications/webhooks/{quote(webhook_id, safe='')}"
        webhook = await line.get(Webhook, path)
    except Refusal as refusal:
        told = {"id": webhook_id, "why": refusal.issue}
        return [taken, Finding(False, "webhook", values=told)]
    listed = {one.name for one in webhook.event_types}
    missing = [] if _EVERY in listed else [name for name in NEEDED if name not in listed]
    return [
        taken,
        Finding(True, "webhook", values={"id": webhook_id}),
        Finding(webhook.url == notify_url, "webhook_url", values={"url": notify_url}),
        Finding(not missing, "webhook_events", values={"events": ", ".join(missing)}),
    ]
