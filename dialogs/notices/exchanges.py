"""What of a return is told otherwise where its goods are exchanged."""

from typing import Any

from data.catalogue import get_variant
from data.kernel.facts import Fact
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.orders import (
    Exchange,
    ExchangeLapsed,
    Order,
    Return,
    ReturnApproved,
    ReturnExchanged,
    ReturnFact,
    ReturnReceived,
)
from data.orders.exchange_holds import TO_ARRIVE
from data.payments.swapping import TO_PAY
from data.people import Person
from dialogs.actions.products import variant_words
from dialogs.notices.herald import Herald

SILENT = ""


def exchange_response(herald: Herald, fact: Fact, asked: Return, wanted: Exchange) -> str | None:
    """None: the same is told as of any return; SILENT: another notice follows at once."""
    if isinstance(fact, ReturnApproved):
        return "utter_exchange_sold_out" if wanted.fell_through else "utter_exchange_approved"
    if isinstance(fact, ReturnReceived):
        return _of_received(herald, wanted)
    if isinstance(fact, ReturnExchanged):
        return "utter_exchange_done_back" if asked.given_minor else "utter_exchange_done"
    return "utter_exchange_lapsed" if isinstance(fact, ExchangeLapsed) else None


def exchange_values(
    herald: Herald, fact: ReturnFact, asked: Return, wanted: Exchange
) -> dict[str, Any]:
    """`more`: what is to be paid; `amount`: what goes back, or would."""
    locale = Locale(herald.session.get_one(Person, fact.person_id).locale)
    variant = get_variant(
        herald.session, merchant_id=herald.merchant_id, variant_id=wanted.variant_id
    )
    instead = _instead(herald, wanted)
    waits = not (wanted.fell_through or asked.given_minor)
    days = TO_PAY if isinstance(fact, ReturnReceived) else TO_ARRIVE
    amount = asked.back if waits or not asked.received_by else asked.given
    return {
        "variant": variant_words(variant, locale),
        "instead": instead.number if instead else "",
        "instead_id": instead.id if instead else "",
        "more": instead.due if instead else Money(0, asked.currency),
        "amount": wanted.keeps if isinstance(fact, ExchangeLapsed) else amount,
        "days": str(days.days),
    }


def _of_received(herald: Herald, wanted: Exchange) -> str:
    instead = _instead(herald, wanted)
    if instead is None:
        return "utter_exchange_gone"
    return "utter_exchange_to_pay" if instead.due.minor else SILENT


def _instead(herald: Herald, wanted: Exchange) -> Order | None:
    return herald.session.get_one(Order, wanted.order_id) if wanted.order_id else None
