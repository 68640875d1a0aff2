"""Somebody had the others reminded of a team: its group hears how it stands, or, where all that is
missing is money, whoever has not paid hears it alone. Nobody is named, and nobody is pressed."""

from collections.abc import Mapping
from dataclasses import replace

from data.delivery.messages import Option, Options, OutboundMessage, Purpose
from data.group_buys import Seat, TeamState, TeamView, team_view
from data.group_buys.facts import TeamNudged
from data.kernel.facts import Fact
from dialogs.notices.group_buys import show_card
from dialogs.notices.herald import Herald, Tell
from dialogs.notices.seats import Told, team_title, tell_member
from dialogs.responses import say
from dialogs.team_card import Wording, standing

_NUDGE = "utter_team_nudge"


def _nudged(herald: Herald, fact: Fact) -> None:
    """The group is told at the end of the chat; the card above is changed where it stands."""
    assert isinstance(fact, TeamNudged)  # noqa: S101  # wired by type below
    if not herald.knows(_NUDGE):
        return  # flows that a shop went back to have no words for it
    view = team_view(herald.session, fact.team_id)
    if view.state == TeamState.OPEN and view.chat_id is not None:
        told = _told(herald, view)
        herald.show(view.chat_id, told, key=f"nudge:{view.id}:{fact.number}")
        show_card(herald, view, type(fact).__name__)
    for seat_id in fact.seats:
        seat = herald.session.get_one(Seat, seat_id)
        said = Told(
            "utter_seat_nudge",
            f"nudge:{seat.id}:{fact.number}",
            pays=True,
            purpose=Purpose.NUDGE,
            more={"left": view.deadline - herald.now},
        )
        tell_member(herald, view, seat, said)


def _told(herald: Herald, view: TeamView) -> OutboundMessage:
    """In the language of the card, for it is everybody's too."""
    wording = Wording(herald.domain, view.locale)
    title = team_title(herald, view, wording.locale)
    stands = standing(wording, view, title=title, now=herald.now)
    join = Option(
        wording.words("utter_team_join_button"), f"/Act(action_join_team, team={view.id})"
    )
    message = say(
        herald.domain.responses[_NUDGE],
        {"standing": stands},
        wording.locale,
        more=(Options((join,)),),
    )
    return replace(message, purpose=Purpose.NUDGE, not_after=view.deadline)


TOLD: Mapping[type[Fact], Tell] = {TeamNudged: _nudged}
