"""What becomes of one person's place in a team, told to them in private: it lapsed or its team
ended, it is to be paid, it came free for who waited, it cost less in the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from data.delivery.messages import Option, Options, PaymentLink, Purpose, Segment
from data.group_buys import (
    Seat,
    SeatEnd,
    SeatLost,
    SeatOffered,
    SeatToPay,
    TeamState,
    TeamView,
    WaitEnded,
    came_by,
    seat_of_order,
    team_view,
)
from data.group_buys.models import PAYING
from data.kernel.facts import Fact
from data.kernel.locales import Locale
from data.orders import Order
from data.payments import PriceLowered, Refund, create_link, was_only_held
from data.payments.facts import RefundSucceeded
from data.payments.refunds import DIFFERENCE
from data.people import Person
from data.people.merged import known_as
from dialogs.notices.herald import Herald, Notice, Tell
from dialogs.team_card import title_of

_PAY, _HERE = "utter_seat_pay_button", "utter_seat_offered_here"
_SHORT = "utter_seat_team_underpaid"
_LAPSED = "utter_seat_lapsed_for_good"
_OF_TEAM = (SeatEnd.TEAM_FAILED, SeatEnd.TEAM_CANCELLED)
# Whose turn it was, and could have no place (WaitEnded.why), in words of its own.
_PASSED = {
    "seat_holds": "utter_wait_too_many_seats",
    "seat_paused": "utter_wait_paused",
    "person_limit": "utter_wait_person_limit",
    "new_customers_only": "utter_wait_new_customers_only",
    "first_purchase_held": "utter_wait_first_purchase_held",
    "stock": "utter_wait_out_of_stock",
}


def _lost(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, SeatLost)  # noqa: S101  # wired by type below
    view = team_view(herald.session, fact.team_id)
    seat = herald.session.get_one(Seat, fact.seat_id)
    response = _words_of_end(herald, view, seat, fact.cause)
    if fact.cause == SeatEnd.LAPSED and view.state != TeamState.OPEN and herald.knows(_LAPSED):
        response = _LAPSED  # nobody takes a new one
    again = fact.cause == SeatEnd.LAPSED and view.state == TeamState.OPEN
    tell_member(herald, view, seat, Told(response, f"lost:{seat.id}", again=again))


def _words_of_end(herald: Herald, view: TeamView, seat: Seat, cause: SeatEnd) -> str:
    """The words for a seat that ended so: where its team did, whether money was taken for it."""
    response = f"utter_seat_{cause}"
    if cause not in _OF_TEAM:
        return response
    if not seat.paid_at or _was_held(herald, seat):
        return f"{response}_unpaid"
    short = cause == SeatEnd.TEAM_FAILED and view.fell_short and herald.knows(_SHORT)
    return _SHORT if short else f"{response}_paid"


def _lowered(herald: Herald, fact: Fact) -> None:
    """More people came than had to: what each of them gets back."""
    assert isinstance(fact, PriceLowered)  # noqa: S101
    seat = seat_of_order(herald.session, order_id=fact.order_id)
    if seat is None:
        return
    view = team_view(herald.session, seat.team_id)
    more = {"less": fact.less, "size": str(view.final_size)}
    is_held = was_only_held(herald.session, order_id=fact.order_id)
    response = "utter_price_lowered_hold" if is_held else "utter_price_lowered"
    tell_member(herald, view, seat, Told(response, f"lowered:{seat.id}", more=more))


def _returned(herald: Herald, fact: Fact) -> None:
    """What larger teams pay less has arrived; of a whole order's money its own notice tells."""
    assert isinstance(fact, RefundSucceeded)  # noqa: S101
    refund = herald.session.get_one(Refund, fact.refund_id)
    seat = seat_of_order(herald.session, order_id=fact.order_id)
    if seat is None or _cause(herald, refund) != DIFFERENCE or seat.state not in PAYING:
        return
    view = team_view(herald.session, seat.team_id)
    more = {"less": refund.amount}
    told = Told("utter_difference_back", f"returned:{refund.id}", more=more)
    tell_member(herald, view, seat, told)


def _cause(herald: Herald, refund: Refund) -> str:
    """Of one that was tried again: why it was first asked for."""
    while refund.retry_of is not None:
        refund = herald.session.get_one(Refund, refund.retry_of)
    return refund.cause_ref


def _to_pay(herald: Herald, fact: Fact) -> None:
    """A link to pay by, in private, where what was reserved could not be taken. Who joined without
    paying is taken to where they say what is to be sent where."""
    assert isinstance(fact, SeatToPay)  # noqa: S101
    seat = herald.session.get_one(Seat, fact.seat_id)
    view = team_view(herald.session, fact.team_id)
    more = {"left": fact.until - herald.now}
    key = f"{asks_to_pay(seat.id)}{fact.until.isoformat()}"
    response = "utter_seat_pay_again" if seat.paid_at else "utter_seat_pay_now"
    tell_member(herald, view, seat, Told(response, key, pays=True, more=more))


def _offered(herald: Herald, fact: Fact) -> None:
    """It is their turn. Whom we may not write to hears it in the group, if they are there: a press
    leads on from it."""
    assert isinstance(fact, SeatOffered)  # noqa: S101
    seat = herald.session.get_one(Seat, fact.seat_id)
    view = team_view(herald.session, fact.team_id)
    more, key = {"left": fact.until - herald.now}, f"offered:{seat.id}"
    told = Told("utter_seat_offered", key, pays=True, more=more)
    heard = tell_member(herald, view, seat, told)
    if heard or view.chat_id is None or not herald.knows(_HERE):
        return
    person = known_as(herald.session, seat.person_id)
    locale = Locale(person.locale)
    pay = herald.option(_PAY, f"/Act(action_join_team, team={view.id})", locale)
    values = {"title": team_title(herald, view, locale), **more}
    notice = Notice(f"{key}:here", _HERE, values, (Options((pay,)),))
    herald.tell_member(view.chat_id, person, notice)


def _wait_ended(herald: Herald, fact: Fact) -> None:
    """There is no place for them any more, or they may not have it."""
    assert isinstance(fact, WaitEnded)  # noqa: S101
    view = team_view(herald.session, fact.team_id)
    person = known_as(herald.session, fact.person_id)
    response = _PASSED.get(fact.why, "utter_wait_passed") if fact.why else "utter_wait_over"
    values = {"title": team_title(herald, view, Locale(person.locale))}
    herald.tell_person(person.id, Notice(f"wait:{fact.entry_id}", response, values))


def _link(herald: Herald, order: Order, locale: Locale) -> PaymentLink:
    token = create_link(herald.session, order_id=order.id, now=herald.now)
    return PaymentLink(
        url=f"{herald.public_url}/pay/{token}",
        order_id=order.id,
        amount=order.total,
        label=herald.words("utter_pay_label", locale),
        title=order.number,
    )


def _was_held(herald: Herald, seat: Seat) -> bool:
    order_id = seat.order_id
    return order_id is not None and was_only_held(herald.session, order_id=order_id)


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
        "title": team_title(herald, view, locale),
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
    if told.pays and herald.knows(_PAY):
        payload = f"/StartFlow(group_checkout, seat_taken={seat.id})"
        return (Options((herald.option(_PAY, payload, locale),)),)
    return ()


def _again(herald: Herald, view: TeamView, seat: Seat, locale: Locale) -> Option:
    link = came_by(herald.session, seat.id)  # who was invited comes back as that
    invited = f", invited={link}" if link else ""
    payload = f"/Act(action_join_team, team={view.id}{invited})"
    return herald.option("utter_team_rejoin_button", payload, locale)


def asks_to_pay(seat_id: str) -> str:
    """How the keys of the notices begin that ask for this seat's money."""
    return f"to_pay:{seat_id}:"


def team_title(herald: Herald, view: TeamView, locale: Locale) -> str:
    return title_of(herald.session, view, merchant_id=herald.merchant_id, locale=locale)


TOLD: Mapping[type[Fact], Tell] = {
    SeatLost: _lost,
    PriceLowered: _lowered,
    RefundSucceeded: _returned,
    SeatToPay: _to_pay,
    SeatOffered: _offered,
    WaitEnded: _wait_ended,
}
