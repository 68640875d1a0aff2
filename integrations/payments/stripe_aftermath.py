"""What became of a payment at Stripe: fees, refunds whoever began them, disputes.

A restricted key that may not read disputes tells of none; everything else is needed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.payments.gateway import (
    DisputeStatus,
    ProviderDispute,
    ProviderFee,
    ProviderUnreachable,
    Standing,
)
from integrations.payments.stripe_line import Refusal, StripeLine
from integrations.payments.stripe_shapes import (
    Charge,
    Dispute,
    Disputes,
    Intent,
    Refund,
    Refunds,
    Transaction,
    from_stripe,
    refund_shown,
)

# Of a session: its charge with what that did to the balance.
EXPANDED = "payment_intent.latest_charge.balance_transaction"
_PAGE = "100"  # the most that a list gives at once
_NOT_MAY = 403
_QUESTION = "warning_"  # an inquiry: nothing is taken, and a refund is what it asks for
_WON = frozenset({"won", "warning_closed", "prevented"})


async def look_back(line: StripeLine, intent: Intent) -> Standing:
    refunds = _of_what_was_taken(intent, await refunds_of(line, intent.id))
    disputes = await _disputes_of(line, intent.id)
    try:
        return Standing(
            refunds=tuple(refund_shown(refund) for refund in refunds),
            fees=tuple(_fees(intent, refunds, disputes)),
            disputes=tuple(_shown(dispute) for dispute in disputes),
        )
    except Invalid:
        raise ProviderUnreachable("amount") from None


def _of_what_was_taken(intent: Intent, found: list[Refund]) -> list[Refund]:
    """Where only a part of a hold was taken, Stripe shows the rest as a refund, the first of all:
    that money was never here."""
    rest = intent.amount - (intent.amount_received or intent.amount)
    is_rest = bool(found) and found[-1].amount == rest and not found[-1].our_key
    return found[:-1] if is_rest else found


async def refunds_of(line: StripeLine, intent_id: str) -> list[Refund]:
    """All of them, the latest first."""
    asked = {"payment_intent": intent_id, "limit": _PAGE, "expand[0]": "data.balance_transaction"}
    found: list[Refund] = []
    while True:
        page = await line.get(Refunds, "/v1/refunds", asked)
        found += page.data
        if not (page.has_more and page.data):
            return found
        asked["starting_after"] = page.data[-1].id


async def _disputes_of(line: StripeLine, intent_id: str) -> list[Dispute]:
    """A payment has a handful at most."""
    asked = {"payment_intent": intent_id, "limit": _PAGE}
    try:
        return (await line.get(Disputes, "/v1/disputes", asked)).data
    except Refusal as refusal:
        if refusal.status != _NOT_MAY:
            raise
        return []


def _fees(intent: Intent, refunds: list[Refund], disputes: list[Dispute]) -> Iterator[ProviderFee]:
    """Zero ones too: nothing is booked of them."""
    charge = intent.latest_charge
    told = [charge.balance_transaction if isinstance(charge, Charge) else None]
    told += [refund.balance_transaction for refund in refunds]
    told += [one for dispute in disputes for one in dispute.balance_transactions]
    for one in told:
        if isinstance(one, Transaction):
            yield ProviderFee(from_stripe(one.fee, one.currency), one.id)


def _shown(dispute: Dispute) -> ProviderDispute:
    amount = from_stripe(dispute.amount, dispute.currency)
    is_claim = not dispute.status.startswith(_QUESTION)
    due = dispute.evidence_details.due_by if dispute.evidence_details else None
    return ProviderDispute(
        status=_status(dispute.status),
        amount=amount,
        provider_ref=dispute.id,
        reason=dispute.reason,
        answer_by=datetime.fromtimestamp(due, UTC) if due else None,
        out=amount if is_claim else Money(0, amount.currency),
        is_claim=is_claim,
    )


def _status(told: str) -> DisputeStatus:
    """What we have never heard of is not decided."""
    if told == "lost":
        return DisputeStatus.LOST
    return DisputeStatus.WON if told in _WON else DisputeStatus.OPEN
