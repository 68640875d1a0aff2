"""A payment link that fell into the wrong hands: every link of the order is closed, and its buyer
is sent a new one, where there is still something to pay."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from data.delivery.messages import PaymentLink
from data.kernel.ids import new_id
from data.kernel.locales import Locale
from data.orders import Order, OrderState, lock_order
from data.payments import create_link, revoke_links
from data.people import Person
from dialogs.house import House
from dialogs.notices.herald import Herald, Notice

_SAID, _LABEL, _TITLE = "utter_pay_link_again", "utter_pay_label", "utter_invoice_title"
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Renewed:
    """`url` empty: nothing is left to pay. `told`: the buyer has a chat where it was said."""

    url: str = ""
    told: bool = False


def renew_links(session: Session, house: House, *, order_id: str, now: datetime) -> Renewed:
    """The caller has looked whose order it is."""
    order = lock_order(session, order_id=order_id)
    revoke_links(session, order_id=order.id, now=now)
    if order.state != OrderState.AWAITING_PAYMENT or order.expires_at <= now:
        return Renewed()
    url = f"{house.public_url}/pay/{create_link(session, order_id=order.id, now=now)}"
    herald = Herald(session, house.flows, order.merchant_id, now, house.public_url)
    if not herald.knows(_SAID):
        return Renewed(url)
    notice = _notice(session, herald, order, url)
    told = herald.tell_person(order.person_id, notice, conversation_id=order.conversation_id)
    return Renewed(url, told)


def _notice(session: Session, herald: Herald, order: Order, url: str) -> Notice:
    locale = Locale(session.get_one(Person, order.person_id).locale)
    named = herald.knows(_TITLE)
    link = PaymentLink(
        url=url,
        order_id=order.id,
        amount=order.due,
        label=herald.words(_LABEL, locale),
        title=herald.words(_TITLE, locale, number=order.number) if named else order.number,
    )
    left = int((order.expires_at - herald.now).total_seconds()) // _MINUTE
    values = {"number": order.number, "total": order.due, "minutes": str(left)}
    return Notice(new_id("lnk"), _SAID, values, more=(link,))
