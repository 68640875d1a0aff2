"""What one member of a team is told in private: where they ordered, and with which way on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from data.delivery.messages import Option, Options, PaymentLink, Purpose, Segment
from data.group_buys import Seat, TeamView, came_by
from data.kernel.locales import Locale
from data.orders import Order
from data.payments import create_link
from data.people import Person
from dialogs.notices.herald import Herald, Notice
from dialogs.team_card import title_of

PAY = "utter_seat_pay_button"


@dataclass(frozen=True, slots=True)
class Told:
    """What one member is told: in which words, once by its `key`, and with which way on: to join
    `again`, or to pay."""

    response: str
    key: str
    again: bool = False
    pays: bool = False
    purpose: Purpose = Purpose.TRANSACTIONAL
    more: Mapping[str, object] = field(default_factory=dict)


def tell_member(herald: Herald, view: TeamView, seat: Seat, told: Told) -> bool:
    """In private, where they ordered. False: we may write to them nowhere."""
    person = herald.session.get_one(Person, seat.person_id)
    order = herald.session.get(Order, seat.order_id) if seat.order_id else None
    locale = Locale(person.locale)
    values = {
        "title": title_in(herald, view, locale),
        "price": view.price,
        "number": order.number if order else "",
        "total": order.total if order else view.price * seat.quantity,
        **told.more,
    }
    ways = _ways(herald, view, seat, order, told, locale)
    notice = Notice(told.key, told.response, values, ways, told.purpose)
    talk = order.conversation_id if order else None
    return herald.tell_person(person.id, notice, conversation_id=talk)


def _ways(  # all that a way on may depend on
    herald: Herald, view: TeamView, seat: Seat, order: Order | None, told: Told, locale: Locale
) -> tuple[Segment, ...]:
    if told.again:
        return (Options((_again(herald, view, seat, locale),)),)
    if told.pays and order is not None:
        return (_link(herald, order, locale),)
    if told.pays and herald.knows(PAY):
        payload = f"/StartFlow(group_checkout, seat_taken={seat.id})"
        return (Options((herald.option(PAY, payload, locale),)),)
    return ()


def _again(herald: Herald, view: TeamView, seat: Seat, locale: Locale) -> Option:
    link = came_by(herald.session, seat.id)  # who was invited comes back as that
    invited = f", invited={link}" if link else ""
    payload = f"/Act(action_join_team, team={view.id}{invited})"
    return herald.option("utter_team_rejoin_button", payload, locale)


def _link(herald: Herald, order: Order, locale: Locale) -> PaymentLink:
    token = create_link(herald.session, order_id=order.id, now=herald.now)
    return PaymentLink(
        url=f"{herald.public_url}/pay/{token}",
        order_id=order.id,
        amount=order.total,
        label=herald.words("utter_pay_label", locale),
        title=order.number,
    )


def title_in(herald: Herald, view: TeamView, locale: Locale) -> str:
    return title_of(herald.session, view, merchant_id=herald.merchant_id, locale=locale)


def asks_to_pay(seat_id: str) -> str:
    """How the keys of the notices begin that ask for this seat's money."""
    return f"to_pay:{seat_id}:"
