"""What a team's fate says by itself: the card counts, the group hears how it ended, and each
person learns in private what became of their seat."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import select

from data.conversations.votes import VotesChanged
from data.delivery.messages import (
    Options,
    OutboundMessage,
)
from data.group_buys import (
    AddressWanted,
    InviterRewarded,
    RewardGiven,
    Seat,
    SeatEnd,
    SeatLost,
    SeatOffered,
    SeatState,
    SeatToPay,
    TeamCancelled,
    TeamChanged,
    TeamFact,
    TeamFailed,
    TeamMoved,
    TeamOpened,
    TeamPaying,
    TeamReached,
    TeamState,
    TeamView,
    WaitEnded,
    open_teams_in,
    seat_of_order,
    team_view,
)
from data.group_buys.places import places_of
from data.kernel.facts import Fact
from data.kernel.ids import new_id
from data.kernel.locales import Locale
from data.payments import PriceLowered, Refund, was_only_held
from data.payments.facts import RefundSucceeded
from data.payments.refunds import DIFFERENCE
from data.people import Person
from data.people.merged import known_as
from dialogs.notices.clocks import wind
from dialogs.notices.herald import Herald, Notice
from dialogs.notices.members import PAY, Told, asks_to_pay, tell_member, title_in
from dialogs.team_card import Wording, team_card, votes_on

NOUN = "team"
_HERE = "utter_seat_offered_here"
_UNDERPAID, _SHORT = "utter_team_underpaid", "utter_seat_team_underpaid"
_COUNTS = (SeatState.PAID, SeatState.FULFILLED)
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


def _changed(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, TeamMoved)  # noqa: S101  # wired by type below
    view = team_view(herald.session, fact.team_id, version=fact.version)
    show_card(herald, view, type(fact).__name__)


def _reached(herald: Herald, fact: Fact) -> None:
    """The card, one sentence in the group, and each member in private."""
    _changed(herald, fact)
    assert isinstance(fact, TeamFact)  # noqa: S101
    view = team_view(herald.session, fact.team_id)
    _tell_group(herald, view, _by_shop(herald, view, "utter_team_reached"))
    paid = select(Seat).where(Seat.team_id == view.id, Seat.state.in_(_COUNTS)).order_by(Seat.id)
    for seat in herald.session.scalars(paid):
        tell_member(herald, view, seat, Told("utter_team_reached_note", f"reached:{seat.id}"))
    herald.tell_flows("group_buy_reached", view.id, people=view.have)


def _opened(herald: Herald, fact: Fact) -> None:
    """Whoever opens a team shows its card."""
    assert isinstance(fact, TeamMoved)  # noqa: S101
    view = team_view(herald.session, fact.team_id, version=fact.version)
    wind(herald, NOUN, view.id, ends_at=view.deadline)


def show_anew(herald: Herald, team_id: str, what: str) -> datetime | None:
    """The card as it is now; until when the team runs, if it does."""
    view = team_view(herald.session, team_id)
    if view.state not in (TeamState.OPEN, TeamState.PAYING) or view.deadline <= herald.now:
        return None
    show_card(herald, view, what)
    return view.deadline


def _paying(herald: Herald, fact: Fact) -> None:
    """The card, and one sentence in the group; each member is asked in private."""
    _changed(herald, fact)
    assert isinstance(fact, TeamFact)  # noqa: S101
    view = team_view(herald.session, fact.team_id)
    wind(herald, NOUN, view.id, ends_at=view.deadline)
    if herald.knows("utter_team_paying"):
        _tell_group(herald, view, _by_shop(herald, view, "utter_team_paying"))


def _by_shop(herald: Herald, view: TeamView, response: str) -> str:
    """The words for a team that the shop let be enough, though fewer came than it asked for."""
    openly = f"{response}_by_shop"
    return openly if view.by_shop and herald.knows(openly) else response


def _ended(herald: Herald, fact: Fact) -> None:
    """Seats are let go one by one, and each of them tells its own person."""
    _changed(herald, fact)
    assert isinstance(fact, TeamFact)  # noqa: S101
    view = team_view(herald.session, fact.team_id)
    if isinstance(fact, TeamFailed):
        short = view.fell_short and herald.knows(_UNDERPAID)
        _tell_group(herald, view, _UNDERPAID if short else "utter_team_failed")
    elif view.by_shop and herald.knows("utter_team_called_off"):
        _tell_group(herald, view, "utter_team_called_off")
    herald.tell_flows("group_buy_expired", view.id, people=view.have, missing=view.need)


def show_card(herald: Herald, view: TeamView, what: str) -> None:
    places = places_of(herald.session, team_id=view.id)
    if view.chat_id is None and not places:  # shared by its page alone
        return
    key = f"card:{view.id}:{view.version}:{what}"
    if view.chat_id is not None:
        votes = votes_on(herald.session, view, now=herald.now)
        herald.show(view.chat_id, _card(herald, view, votes), key=key)
    for chat_id in places:  # what one group votes is not told to another
        herald.show(chat_id, _card(herald, view), key=f"{key}:{chat_id}")


def _card(herald: Herald, view: TeamView, votes: int = 0) -> OutboundMessage:
    wording = Wording(herald.domain, view.locale)  # one card, one language, whoever leads now
    title = title_in(herald, view, wording.locale)
    return team_card(wording, view, title=title, now=herald.now, votes=votes)


def _voted(herald: Herald, fact: Fact) -> None:
    """The card tells how many are for it; the courier edits it as seldom as all live cards."""
    assert isinstance(fact, VotesChanged)  # noqa: S101
    if not herald.knows("utter_team_card_votes"):
        return
    for team in open_teams_in(herald.session, chat_id=fact.chat_id, now=herald.now):
        view = team_view(herald.session, team)
        if view.product_id == fact.product_id:
            votes = votes_on(herald.session, view, now=herald.now)
            key = f"card:{view.id}:{new_id('voted')}"
            herald.show(fact.chat_id, _card(herald, view, votes), key=key)


def _tell_group(herald: Herald, view: TeamView, response: str) -> None:
    """Twice in the life of a team at most: it came together, or it did not. In the language of its
    card, whoever leads now."""
    if view.chat_id is None:
        return
    leader = herald.session.get_one(Person, view.leader_id)
    title = title_in(herald, view, view.locale)
    values = {"title": title, "price": view.price, "size": str(view.final_size)}
    notice = Notice(f"{response}:{view.id}", response, values, locale=view.locale)
    herald.tell_chat(view.chat_id, notice, speaker=leader)


def _lost(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, SeatLost)  # noqa: S101
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


def _rewarded(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, RewardGiven)  # noqa: S101
    view = team_view(herald.session, fact.team_id)
    person = herald.session.get_one(Person, fact.person_id)
    title = title_in(herald, view, Locale(person.locale))
    values = {"title": title, "amount": fact.amount}
    notice = Notice(f"rewarded:{view.id}", "utter_leader_rewarded", values)
    herald.tell_person(person.id, notice)


def _inviter_rewarded(herald: Herald, fact: Fact) -> None:
    """An order came of their invitation; whose it was is not theirs to know."""
    assert isinstance(fact, InviterRewarded)  # noqa: S101
    view = team_view(herald.session, fact.team_id)
    person = herald.session.get_one(Person, fact.person_id)
    values = {"title": title_in(herald, view, Locale(person.locale)), "amount": fact.amount}
    notice = Notice(f"inviter_rewarded:{fact.reward}", "utter_inviter_rewarded", values)
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
    values = {"title": title_in(herald, view, locale)}
    key = f"{response}:{view.id}:{person.id}"
    herald.tell_person(person.id, Notice(key, response, values, (Options((give,)),)))


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
    if seat is None or _cause(herald, refund) != DIFFERENCE or seat.state not in _COUNTS:
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
    pay = herald.option(PAY, f"/Act(action_join_team, team={view.id})", locale)
    values = {"title": title_in(herald, view, locale), **more}
    notice = Notice(f"{key}:here", _HERE, values, (Options((pay,)),))
    herald.tell_member(view.chat_id, person, notice)


def _wait_ended(herald: Herald, fact: Fact) -> None:
    """There is no place for them any more, or they may not have it."""
    assert isinstance(fact, WaitEnded)  # noqa: S101
    view = team_view(herald.session, fact.team_id)
    person = known_as(herald.session, fact.person_id)
    response = _PASSED.get(fact.why, "utter_wait_passed") if fact.why else "utter_wait_over"
    values = {"title": title_in(herald, view, Locale(person.locale))}
    herald.tell_person(person.id, Notice(f"wait:{fact.entry_id}", response, values))


def _was_held(herald: Herald, seat: Seat) -> bool:
    order_id = seat.order_id
    return order_id is not None and was_only_held(herald.session, order_id=order_id)


TOLD: Mapping[type[Fact], Callable[[Herald, Fact], None]] = {
    TeamOpened: _opened,
    TeamChanged: _changed,
    TeamPaying: _paying,
    TeamReached: _reached,
    TeamFailed: _ended,
    TeamCancelled: _ended,
    SeatLost: _lost,
    RewardGiven: _rewarded,
    InviterRewarded: _inviter_rewarded,
    AddressWanted: _address_wanted,
    PriceLowered: _lowered,
    RefundSucceeded: _returned,
    SeatToPay: _to_pay,
    SeatOffered: _offered,
    WaitEnded: _wait_ended,
    VotesChanged: _voted,
}
