"""A bill that is paid says so where it stands, and has no button to pay by any more.

Where a messenger can change nothing the receipt alone tells it, and the page of the bill.
"""

from dataclasses import replace

from data.conversations import Conversation
from data.delivery.bills import bills_in, make_live
from data.kernel.locales import Locale
from data.orders import Order
from data.people import Person
from dialogs.notices.herald import Herald
from dialogs.responses import say

BILL = "utter_bill_paid"


def mark_paid(herald: Herald, order: Order, buyer: Person) -> None:
    """In the chat that it was ordered in."""
    chat_id = order.chat_id or _chat_of(herald, order)
    if chat_id is None or not herald.knows(BILL):
        return
    values = {"number": order.number, "total": order.total}
    message = say(herald.domain.responses[BILL], values, Locale(buyer.locale))
    for row in bills_in(herald.session, chat_id=chat_id, order_id=order.id):
        key = make_live(herald.session, row)
        if key is not None:
            paid = replace(message, coalesce_key=key)
            herald.show(row.chat_id, paid, key=f"{key}:paid", to=row.person_id)


def _chat_of(herald: Herald, order: Order) -> str | None:
    talk = herald.session.get(Conversation, order.conversation_id or "")
    return talk.chat_id if talk is not None else None
