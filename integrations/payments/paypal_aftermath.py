"""What became of a payment at PayPal: fees, refunds whoever began them, disputes.

Disputes are those of the Disputes v1 API, which an app may use if that was ticked for it; else it
tells of none. What PayPal gives a buyer in the end is shown as a refund of the capture: a dispute
itself moves nothing in our books, it only holds our own refunds back.
"""

from collections.abc import Iterator

from pydantic import AwareDatetime, BaseModel, Field

from data.kernel.money import Money
from data.payments.gateway import DisputeStatus, ProviderDispute, ProviderFee, Standing
from integrations.payments.paypal_line import PayPalLine, Refusal
from integrations.payments.paypal_shapes import Capture, Order, Sum, refund_shown

_NOT_MAY = (401, 403)
_RESOLVED = "RESOLVED"
# dispute_outcome.outcome_code; NONE is no decision
_OUTCOMES = {
    "RESOLVED_BUYER_FAVOUR": DisputeStatus.LOST,
    "ACCEPTED": DisputeStatus.LOST,
    "RESOLVED_SELLER_FAVOUR": DisputeStatus.WON,
    "RESOLVED_WITH_PAYOUT": DisputeStatus.WON,  # PayPal has paid the buyer itself
    "CANCELED_BY_BUYER": DisputeStatus.WON,
    "DENIED": DisputeStatus.WON,
}


class Outcome(BaseModel):
    outcome_code: str = ""


class Dispute(BaseModel):
    dispute_id: str
    status: str = ""
    reason: str = ""
    dispute_amount: Sum
    dispute_life_cycle_stage: str = ""
    dispute_outcome: Outcome | None = None
    seller_response_due_date: AwareDatetime | None = None


class Listed(BaseModel):
    dispute_id: str = Field(pattern=r"^[A-Za-z0-9-]{1,255}$")


class Disputes(BaseModel):
    items: list[Listed] = Field(default_factory=list)


async def look_back(line: PayPalLine, order: Order) -> Standing:
    found = await _disputes_of(line, order.capture) if order.capture else []
    return Standing(
        refunds=tuple(refund_shown(refund) for refund in order.unit.payments.refunds),
        fees=tuple(_fees(order)),
        disputes=tuple(_shown(dispute) for dispute in found),
    )


async def _disputes_of(line: PayPalLine, capture: Capture) -> list[Dispute]:
    """The list tells no outcome; there is one dispute of a payment, seldom more."""
    path = "/v1/customer/disputes"
    try:
        page = await line.get(Disputes, f"{path}?disputed_transaction_id={capture.id}")
        return [await line.get(Dispute, f"{path}/{one.dispute_id}") for one in page.items]
    except Refusal as refusal:
        if refusal.status not in _NOT_MAY:
            raise
        return []


def _fees(order: Order) -> Iterator[ProviderFee]:
    """Of a refund PayPal tells what it gave back of its fee."""
    for capture in order.unit.payments.captures:
        told = capture.seller_receivable_breakdown
        if told is not None and told.paypal_fee is not None:
            yield ProviderFee(told.paypal_fee, capture.id)
    for refund in order.unit.payments.refunds:
        back = refund.seller_payable_breakdown
        if back is not None and back.paypal_fee is not None:
            yield ProviderFee(-back.paypal_fee, refund.id)


def _shown(dispute: Dispute) -> ProviderDispute:
    code = dispute.dispute_outcome.outcome_code if dispute.dispute_outcome else ""
    is_over = dispute.status == _RESOLVED
    return ProviderDispute(
        status=_OUTCOMES.get(code, DisputeStatus.OPEN) if is_over else DisputeStatus.OPEN,
        amount=dispute.dispute_amount,
        provider_ref=dispute.dispute_id,
        reason=dispute.reason,
        answer_by=dispute.seller_response_due_date,
        out=Money(0, dispute.dispute_amount.currency),
        is_claim=dispute.dispute_life_cycle_stage != "INQUIRY",
    )
