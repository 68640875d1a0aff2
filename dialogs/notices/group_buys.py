"""What a team's fate says by itself: the card counts, the group hears how it ended, and its leader
what is theirs alone. What each person learns of their own seat stands in seats.py."""

from collections.abc import Mapping
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
    TeamCancelled,
    TeamChanged,
    TeamFact,
    TeamFailed,
    TeamMoved,
    TeamOpened,
    TeamPaying,
    TeamReached,
    TeamView,
    open_teams_in,
    team_view,
)
from data.group_buys.models import PAYING, RUNNING
from data.group_buys.places import places_of
from data.kernel.facts import Fact
from data.kernel.ids import new_id
from data.kernel.locales import Locale
from data.people import Person
from dialogs.notices.clocks import wind
from dialogs.notices.herald import Herald, Notice, Tell
from dialogs.notices.seats import Told, team_title, tell_member
from dialogs.team_card import Wording, team_card, votes_on

NOUN = "team"
_UNDERPAID = "utter_team_underpaid"


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
    paid = select(Seat).where(Seat.team_id == view.id, Seat.state.in_(PAYING)).order_by(Seat.id)
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
    if view.state not in RUNNING or view.deadline <= herald.now:
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
    title = team_title(herald, view, wording.locale)
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
    title = team_title(herald, view, view.locale)
    values = {"title": title, "price": view.price, "size": str(view.final_size)}
    notice = Notice(f"{response}:{view.id}", response, values, locale=view.locale)
    herald.tell_chat(view.chat_id, notice, speaker=leader)


def _rewarded(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, RewardGiven)  # noqa: S101
    view = team_view(herald.session, fact.team_id)
    person = herald.session.get_one(Person, fact.person_id)
    title = team_title(herald, view, Locale(person.locale))
    values = {"title": title, "amount": fact.amount}
    notice = Notice(f"rewarded:{view.id}", "utter_leader_rewarded", values)
    herald.tell_person(person.id, notice)


def _inviter_rewarded(herald: Herald, fact: Fact) -> None:
    """An order came of their invitation; whose it was is not theirs to know."""
    assert isinstance(fact, InviterRewarded)  # noqa: S101
    view = team_view(herald.session, fact.team_id)
    person = herald.session.get_one(Person, fact.person_id)
    values = {"title": team_title(herald, view, Locale(person.locale)), "amount": fact.amount}
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
    values = {"title": team_title(herald, view, locale)}
    key = f"{response}:{view.id}:{person.id}"
    herald.tell_person(person.id, Notice(key, response, values, (Options((give,)),)))


TOLD: Mapping[type[Fact], Tell] = {
    TeamOpened: _opened,
    TeamChanged: _changed,
    TeamPaying: _paying,
    TeamReached: _reached,
    TeamFailed: _ended,
    TeamCancelled: _ended,
    RewardGiven: _rewarded,
    InviterRewarded: _inviter_rewarded,
    AddressWanted: _address_wanted,
    VotesChanged: _voted,
}
