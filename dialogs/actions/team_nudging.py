"""Having the others reminded of a team, and wanting none of that oneself.

What is said to the group or to who still has to pay stands in dialogs/notices/nudges.py.
"""

from data.delivery.messages import Option, Options
from data.group_buys import NOT_INSIDE, Team, TeamState, open_teams_in, team_view
from data.group_buys.nudges import (
    NO_GROUP,
    TOO_SOON,
    UNHEARD,
    USED_UP,
    may_be_nudged,
    nudge,
    nudgeable,
)
from data.kernel.errors import GroupBuyClosed, NoSeatLeft, Refused, ShopError, TooOften
from data.people import start_nudges, stop_nudges
from data.people.contact import CAPPED, QUIET
from dialogs.actions.base import ShopAction
from dialogs.actions.campaigns import MOST_OFFERED
from dialogs.actions.order_nudging import (
    on_their_way,
    order_option,
    tell_waiting,
    waiting_to_be_sent,
)
from dialogs.actions.turn import Turn
from dialogs.team_card import title_of

_BUTTON, _BOTH = "utter_team_nudge_button", "utter_nudge_team_or_order"
_WHY_NOT = {
    NOT_INSIDE: "utter_nudge_not_inside",
    USED_UP: "utter_nudges_used_up",
    TOO_SOON: "utter_nudge_too_soon",
    UNHEARD: "utter_nudged_alone",  # who wants none is not given away
    f"nudge_{QUIET}": "utter_nudge_quiet",
    f"nudge_{CAPPED}": "utter_nudge_enough",
}


def nudge_option(turn: Turn, team: Team) -> tuple[Option, ...]:
    """For its leader, while there is somebody to remind and a time left for it."""
    leads = team.leader_id == turn.person.id and turn.knows(_BUTTON)
    if not leads or not may_be_nudged(team, turn.now):
        return ()
    return (turn.option(_BUTTON, f"/Act(action_nudge_team, team={team.id})"),)


class NudgeTeam(ShopAction):
    """By a button (then `team` is known) or by words: then by which of theirs it can mean."""

    called = "action_nudge_team"

    def act(self, turn: Turn) -> None:
        if not turn.knows(_BUTTON):
            return  # flows that a shop published before have no words for it
        if turn.slots.get("team") is not None:
            _nudge(turn, str(turn.slots["team"]))
            return
        here = turn.chat.id if turn.in_group else None
        mine = nudgeable(turn.session, person_id=turn.person.id, chat_id=here, now=turn.now)
        if not turn.in_group and _is_about_orders(turn, mine):
            return
        if len(mine) == 1:
            _nudge(turn, mine[0].id)
        elif mine:
            options = tuple(_named(turn, team) for team in mine[:MOST_OFFERED])
            turn.say("utter_nudge_which", Options(options))
        else:
            turn.say("utter_nudge_not_inside" if _runs_here(turn) else "utter_nudge_no_team")


def _is_about_orders(turn: Turn, teams: list[Team]) -> bool:
    """Alone with us it is the shop that may be meant, and the parcel it has not sent yet. Who has
    both is asked; told is what they have."""
    waiting = waiting_to_be_sent(turn)
    if not teams:
        orders = waiting or on_their_way(turn)
        if orders:
            tell_waiting(turn, orders)
        return bool(orders)
    if not waiting or not turn.knows(_BOTH):
        return False
    options = [_named(turn, team) for team in teams[:MOST_OFFERED]]
    options += [order_option(turn, order) for order in waiting]
    turn.say(_BOTH, Options(tuple(options)))
    return True


def _runs_here(turn: Turn) -> bool:
    return turn.in_group and bool(open_teams_in(turn.session, chat_id=turn.chat.id, now=turn.now))


def _named(turn: Turn, team: Team) -> Option:
    view = team_view(turn.session, team)
    title = title_of(turn.session, view, merchant_id=turn.merchant.id, locale=turn.locale)
    return Option(title, f"/Act(action_nudge_team, team={team.id})")


def _nudge(turn: Turn, team_id: str) -> None:
    """In the group itself what is said there is the answer."""
    try:
        team = nudge(turn.session, team_id=team_id, person_id=turn.person.id, now=turn.now)
    except GroupBuyClosed:
        turn.say("utter_nudge_over")
    except NoSeatLeft:
        turn.say("utter_nudge_full")
    except (TooOften, Refused) as refusal:
        _refuse(turn, refusal, team_id)
    else:
        if team.state == TeamState.PAYING:
            turn.say("utter_nudged_alone")
        elif turn.chat.id != team.chat_id:
            turn.say("utter_nudged")


def _refuse(turn: Turn, refusal: ShopError, team_id: str) -> None:
    if refusal.detail == NO_GROUP:
        invite = turn.option("utter_team_invite_button", f"/Act(action_invite, team={team_id})")
        turn.say("utter_nudge_no_group", Options((invite,)))
        return
    response = _WHY_NOT.get(refusal.detail)
    if response is None:
        raise refusal
    values = dict(refusal.values)
    turn.say(response, **values | {"most": str(values.get("most", ""))})


class StopNudges(ShopAction):
    """It binds from here on, also for what is on its way (bot/delivery/permission.py)."""

    called = "action_stop_nudges"

    def act(self, turn: Turn) -> None:
        stop_nudges(turn.session, person=turn.person, now=turn.now)
        turn.say("utter_nudges_stopped")


class StartNudges(ShopAction):
    called = "action_start_nudges"

    def act(self, turn: Turn) -> None:
        start_nudges(turn.session, person=turn.person)
        turn.say("utter_nudges_started")


ACTIONS = (NudgeTeam, StopNudges, StartNudges)
