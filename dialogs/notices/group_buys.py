"""What a team's fate says by itself: the card counts, the group hears how it ended, and each
person learns in private what became of their seat."""

from collections.abc import Callable, Mapping

from sqlalchemy import select

from data.delivery.messages import Option, Options
from data.group_buys import (
    AddressWanted,
    RewardGiven,
    Seat,
    SeatEnd,
    SeatLost,
    SeatState,
    TeamCancelled,
    TeamChanged,
    TeamFact,
    TeamFailed,
    TeamReached,
    TeamState,
    TeamView,
    team_view,
)
from data.group_buys.places import places_of
from data.kernel.facts import Fact
from data.kernel.locales import Locale
from data.orders import Order
from data.people import Person
from dialogs.notices.herald import Herald, Notice
from dialogs.team_card import Wording, team_card, title_of

_COUNTS = (SeatState.PAID, SeatState.FULFILLED)
_OF_TEAM = (SeatEnd.TEAM_FAILED, SeatEnd.TEAM_CANCELLED)


def _changed(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, TeamFact)  # noqa: S101  # wired by type below
    _show(herald, team_view(herald.session, fact.team_id), type(fact).__name__)


def _reached(herald: Herald, fact: Fact) -> None:
    """The card, one sentence in the group, and each member in private."""
    _changed(herald, fact)
    assert isinstance(fact, TeamFact)  # noqa: S101
    view = team_view(herald.session, fact.team_id)
    _tell_group(herald, view, "utter_team_reached")
    paid = select(Seat).where(Seat.team_id == view.id, Seat.state.in_(_COUNTS)).order_by(Seat.id)
    for seat in herald.session.scalars(paid):
        _tell_member(herald, view, seat, "utter_team_reached_note", key=f"reached:{seat.id}")
    herald.tell_flows("group_buy_reached", view.id, people=view.have)


def _ended(herald: Herald, fact: Fact) -> None:
    """Seats are let go one by one, and each of them tells its own person."""
    _changed(herald, fact)
    assert isinstance(fact, TeamFact)  # noqa: S101
    view = team_view(herald.session, fact.team_id)
    if isinstance(fact, TeamFailed):
        _tell_group(herald, view, "utter_team_failed")
    herald.tell_flows("group_buy_expired", view.id, people=view.have, missing=view.need)


def _show(herald: Herald, view: TeamView, what: str) -> None:
    places = places_of(herald.session, team_id=view.id)
    if view.chat_id is None and not places:  # shared by its page alone
        return
    wording = Wording(herald.domain, view.locale)  # one card, one language, whoever leads now
    title = _title(herald, view, wording.locale)
    card = team_card(wording, view, title=title, now=herald.now)
    key = f"card:{view.id}:{view.version}:{what}"
    if view.chat_id is not None:
        herald.show(view.chat_id, card, key=key)
    for chat_id in places:
        herald.show(chat_id, card, key=f"{key}:{chat_id}")


def _tell_group(herald: Herald, view: TeamView, response: str) -> None:
    """Twice in the life of a team at most: it came together, or it did not."""
    if view.chat_id is None:
        return
    leader = herald.session.get_one(Person, view.leader_id)
    title = _title(herald, view, Locale(leader.locale))
    notice = Notice(f"{response}:{view.id}", response, {"title": title})
    herald.tell_chat(view.chat_id, notice, speaker=leader)


def _lost(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, SeatLost)  # noqa: S101
    view = team_view(herald.session, fact.team_id)
    seat = herald.session.get_one(Seat, fact.seat_id)
    response = f"utter_seat_{fact.cause}"
    if fact.cause in _OF_TEAM:
        response += "_paid" if seat.paid_at else "_unpaid"
    again = fact.cause == SeatEnd.LAPSED and view.state == TeamState.OPEN
    _tell_member(herald, view, seat, response, key=f"lost:{seat.id}", again=again)


def _rewarded(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, RewardGiven)  # noqa: S101
    view = team_view(herald.session, fact.team_id)
    person = herald.session.get_one(Person, fact.person_id)
    title = _title(herald, view, Locale(person.locale))
    values = {"title": title, "amount": fact.amount}
    notice = Notice(f"rewarded:{view.id}", "utter_leader_rewarded", values)
    herald.tell_person(person.id, notice)


def _address_wanted(herald: Herald, fact: Fact) -> None:
    """Whoever came to lead a team with one address; once more where they did not say."""
    assert isinstance(fact, AddressWanted)  # noqa: S101
    view = team_view(herald.session, fact.team_id)
    person = herald.session.get_one(Person, fact.person_id)
    locale = Locale(person.locale)
    payload = f"/StartFlow(team_address, address_team={view.id})"
    give = herald.option("utter_give_address_button", payload, locale)
    response = "utter_team_address_still_wanted" if fact.again else "utter_team_address_wanted"
    values = {"title": _title(herald, view, locale)}
    key = f"{response}:{view.id}:{person.id}"
    herald.tell_person(person.id, Notice(key, response, values, (Options((give,)),)))


def _tell_member(  # to whom, about what, which words, once: each has a name
    herald: Herald, view: TeamView, seat: Seat, response: str, *, key: str, again: bool = False
) -> None:
    person = herald.session.get_one(Person, seat.person_id)
    order = herald.session.get(Order, seat.order_id) if seat.order_id else None
    locale = Locale(person.locale)
    more = (Options((_again(herald, view, locale),)),) if again else ()
    values = {
        "title": _title(herald, view, locale),
        "price": view.price,
        "number": order.number if order else "",
    }
    notice = Notice(key, response, values, more)
    talk = order.conversation_id if order else None
    herald.tell_person(person.id, notice, conversation_id=talk)


def _again(herald: Herald, view: TeamView, locale: Locale) -> Option:
    payload = f"/Act(action_join_team, team={view.id})"
    return herald.option("utter_team_rejoin_button", payload, locale)


def _title(herald: Herald, view: TeamView, locale: Locale) -> str:
    return title_of(herald.session, view, merchant_id=herald.merchant_id, locale=locale)


TOLD: Mapping[type[Fact], Callable[[Herald, Fact], None]] = {
    TeamChanged: _changed,
    TeamReached: _reached,
    TeamFailed: _ended,
    TeamCancelled: _ended,
    SeatLost: _lost,
    RewardGiven: _rewarded,
    AddressWanted: _address_wanted,
}
