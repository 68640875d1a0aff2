"""Goods on their way back or exchanged, and a variant whose difference was paid or not."""

from collections.abc import Mapping

from data.catalogue import get_variant, text_in
from data.kernel.facts import Fact
from data.kernel.locales import Locale
from data.orders import (
    ChangeLapsed,
    Exchange,
    ExchangeLapsed,
    Order,
    OrderChange,
    OrderChanged,
    OrderFact,
    OrderLine,
    Return,
    ReturnApproved,
    ReturnExchanged,
    ReturnFact,
    ReturnReceived,
    ReturnRefunded,
    ReturnRefused,
    lines_of_return,
)
from data.people import Person
from dialogs.actions.products import variant_words
from dialogs.notices.exchanges import SILENT, exchange_response, exchange_values
from dialogs.notices.herald import Herald, Notice, Tell


def _step(response: str) -> Tell:
    def told(herald: Herald, fact: Fact) -> None:
        assert isinstance(fact, ReturnFact)  # noqa: S101  # wired by type below
        asked = herald.session.get_one(Return, fact.return_id)
        wanted = herald.session.get(Exchange, asked.id)
        values: dict[str, object] = {
            "goods": _goods(herald, asked, fact.person_id),
            "amount": asked.given if asked.received_by else asked.back,
            "note": f"\n{asked.note}" if asked.note else "",
        }
        said = exchange_response(herald, fact, asked, wanted) if wanted else None
        if wanted and said:
            values |= exchange_values(herald, fact, asked, wanted)
        if said != SILENT:  # a refund that failed after all may arrive once more
            _tell(herald, fact, said or response, f"{asked.id}:{asked.version}", values)

    return told


def _goods(herald: Herald, asked: Return, person_id: str) -> str:
    locale = Locale(herald.session.get_one(Person, person_id).locale)
    words = []
    for one in lines_of_return(herald.session, asked):
        line = herald.session.get_one(OrderLine, one.line_id)
        variant = get_variant(
            herald.session, merchant_id=herald.merchant_id, variant_id=line.variant_id
        )
        named = (text_in(line.title, locale), variant_words(variant, locale), f"×{one.quantity}")
        words.append(" ".join(filter(None, named)))
    return "\n".join(words)


def _changed(herald: Herald, fact: Fact) -> None:
    """What was done at once was said at once; this one waited for its payment."""
    assert isinstance(fact, OrderChanged)  # noqa: S101
    change = herald.session.get_one(OrderChange, fact.change_id)
    if change.extra_order_id is not None:
        locale = Locale(herald.session.get_one(Person, fact.person_id).locale)
        variant = get_variant(
            herald.session, merchant_id=herald.merchant_id, variant_id=change.new_variant_id or ""
        )
        words = {"variant": variant_words(variant, locale)}
        _tell(herald, fact, "utter_variant_changed", change.id, words)


def _lapsed(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, ChangeLapsed)  # noqa: S101
    _tell(herald, fact, "utter_change_lapsed", fact.change_id, {})


def _tell(
    herald: Herald, fact: OrderFact, response: str, about: str, values: Mapping[str, object]
) -> None:
    if not herald.knows(response):  # a shop's flows may be older than what befalls its orders
        return
    order = herald.session.get_one(Order, fact.order_id)
    told = {"number": order.number, **values}
    notice = Notice(f"{response}:{about}", response, told)
    herald.tell_person(fact.person_id, notice, conversation_id=fact.conversation_id)


TOLD: Mapping[type[Fact], Tell] = {
    ReturnApproved: _step("utter_return_approved"),
    ReturnRefused: _step("utter_return_refused"),
    ReturnReceived: _step("utter_return_received"),
    ReturnRefunded: _step("utter_return_refunded"),
    ReturnExchanged: _step("utter_exchange_done"),
    ExchangeLapsed: _step("utter_exchange_lapsed"),
    OrderChanged: _changed,
    ChangeLapsed: _lapsed,
}
