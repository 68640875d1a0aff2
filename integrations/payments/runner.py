"""Making one leased call at its provider. No transaction is open here."""

import logging
from dataclasses import replace

from data.payments.calls import Call, Verb
from data.payments.gateway import (
    Answer,
    BalanceTooLow,
    Declined,
    Gateway,
    NoAnswer,
    NotThere,
    PaymentRef,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderUnreachable,
    Standing,
    TooPoor,
)
from data.payments.looking import Look

log = logging.getLogger(__name__)


async def perform(call: Call, gateway: Gateway) -> Answer:
    """The provider's word, or the honest statement that we do not know. Raises what breaks in a
    client: that tells nothing about what the provider did, and time does not mend it."""
    try:
        return await _ask(call, gateway) or NotThere()
    except ProviderRefused as refusal:
        return Declined(str(refusal))
    except BalanceTooLow as poor:
        return TooPoor(str(poor))
    except ProviderUnreachable as silence:
        return NoAnswer(str(silence))


async def look(wanted: Look, gateway: Gateway) -> Standing | NoAnswer | None:
    """What became of a payment. None: its provider tells nothing of that."""
    try:
        return await gateway.look_back(wanted.payment, wanted.named)
    except (ProviderRefused, ProviderUnreachable) as silence:
        return NoAnswer(str(silence))
    except Exception:
        log.exception("payment look at %s broke", wanted.attempt_id)
        return NoAnswer("client_broke")


async def _ask(call: Call, gateway: Gateway) -> ProviderPayment | ProviderRefund | None:
    if call.verb == Verb.REFUND:
        return await gateway.refund(call.new_refund)
    if call.verb == Verb.QUERY_REFUND:
        return await gateway.query_refund(call.new_refund)
    return await _ask_of_payment(call, gateway)


def _as_it_can(payment: PaymentRef, gateway: Gateway) -> PaymentRef:
    """All of a hold, where the provider takes no part of one."""
    return payment if gateway.flags.can_partial_capture else replace(payment, capture=None)


async def _ask_of_payment(call: Call, gateway: Gateway) -> ProviderPayment | None:
    """A provider that cannot close is asked instead; what comes too late is refunded."""
    match call.verb:
        case Verb.CREATE:
            return await gateway.create_payment(call.new_payment)
        case Verb.CAPTURE:
            return await gateway.capture(_as_it_can(call.payment, gateway))
        case Verb.VOID:
            return await gateway.void(call.payment)
        case Verb.CLOSE if gateway.flags.can_close:
            return await gateway.close(call.payment)
    return await gateway.query(call.payment)
