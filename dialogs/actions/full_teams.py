"""What is said where a team has no place: its line is offered, or where somebody stands in it.

The number of a place in line is nobody else's: from a group it is told in the person's own chat.
"""

from data.delivery.messages import Option, Options
from data.group_buys import (
    TURN_TTL,
    Team,
    WaitlistEntry,
    leave_line,
    lists_of,
    place_in_line,
    team_view,
    waiting_entry,
)
from data.group_buys.places import places_of
from data.kernel.errors import GroupBuyClosed, NoSeatLeft
from dialogs.actions.turn import Turn
from dialogs.team_card import title_of

LINE = "team_line"  # the flow, dialogs/flows/group_buy.yml
BUTTON = "utter_team_line_button"
PLACE = "utter_line_place"
_OFFER = "utter_team_full_line"


def no_place(turn: Turn, team: Team, refusal: GroupBuyClosed | NoSeatLeft, units: int) -> None:
    """Their place in its line, a place in it, or another team."""
    if tell_place(turn, team):
        return
    view = team_view(turn.session, team)
    if turn.knows(_OFFER) and view.takes_waiters:
        options = Options((line_option(turn, team, units), anew_option(turn, team)))
        turn.say(_OFFER, options, place=str(view.waiting + 1))
        return
    is_over = isinstance(refusal, GroupBuyClosed)
    response = "utter_team_is_over" if is_over else "utter_team_is_full"
    turn.say(response, Options((anew_option(turn, team),)))


def line_option(turn: Turn, team: Team, units: int = 1) -> Option:
    """Who came by a link may get in line by it, too."""
    more = f", seats={units}" if units > 1 else ""
    link = turn.slots.get("invited")
    more += f", invited={link}" if isinstance(link, str) else ""
    return turn.option(BUTTON, f"/Act(action_wait_for_place, team={team.id}{more})")


def anew_option(turn: Turn, team: Team) -> Option:
    start = f"/StartFlow(group_buy_start, campaign={team.campaign_id})"
    return turn.option("utter_team_anew_button", start)


def tell_place(turn: Turn, team: Team) -> bool:
    """Where they stand in its line. False: they do not."""
    entry = waiting_entry(turn.session, team_id=team.id, person_id=turn.person.id)
    if entry is None or not turn.knows(PLACE):
        return False
    if turn.in_group:
        turn.go_on_privately(LINE, line_team=team.id)
        return True
    out = turn.option("utter_leave_line_button", f"/Act(action_leave_line, team={team.id})")
    place = place_in_line(turn.session, entry)
    turn.say(
        PLACE,
        Options((out,)),
        title=title_in(turn, team),
        place=str(place),
        time=TURN_TTL,
    )
    return True


def title_in(turn: Turn, team: Team) -> str:
    view = team_view(turn.session, team)
    return title_of(turn.session, view, merchant_id=turn.merchant.id, locale=turn.locale)


def leave_option(turn: Turn, entry: WaitlistEntry) -> Option:
    team = turn.session.get_one(Team, entry.team_id)
    return Option(title_in(turn, team), f"/Act(action_leave_line, team={team.id})")


def leave_the_line(turn: Turn, entry: WaitlistEntry) -> None:
    team = turn.session.get_one(Team, entry.team_id)
    left = leave_line(turn.session, team_id=team.id, person_id=turn.person.id, now=turn.now)
    if left:
        turn.say("utter_line_left", name=turn.person.name, title=title_in(turn, team))
    else:
        turn.say("utter_not_in_line")


def lines_here(turn: Turn) -> list[WaitlistEntry]:
    """In a group those of its teams; in private all of them; after a press only that one."""
    if not turn.knows(PLACE):
        return []  # flows that a shop published before have no words for it
    lines = lists_of(turn.session, person_id=turn.person.id)
    return [entry for entry in lines if _is_about(turn, entry)]


def _is_about(turn: Turn, entry: WaitlistEntry) -> bool:
    if entry.merchant_id != turn.merchant.id:
        return False
    if turn.slots.get("team") is not None:
        return entry.team_id == str(turn.slots["team"])
    if not turn.in_group or turn.session.get_one(Team, entry.team_id).chat_id == turn.chat.id:
        return True
    return turn.chat.id in places_of(turn.session, team_id=entry.team_id)
