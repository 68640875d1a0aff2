"""How teams are going, for who asks: in a group those of that group, alone one's own."""

from functools import partial

from data.delivery.messages import Option, Options
from data.group_buys import Team, TeamState, TeamView, running_teams_in, team_view, teams_with
from data.group_buys.models import RUNNING
from dialogs.actions.base import ShopAction
from dialogs.actions.common_standing import tell_others
from dialogs.actions.full_teams import BUTTON, line_option, lines_here, tell_place
from dialogs.actions.team_nudging import nudge_option
from dialogs.actions.team_seats import join_option
from dialogs.actions.turn import Turn
from dialogs.team_card import Wording, standing, title_of, votes_on

_STANDING = "utter_team_standing"
_MOST_TOLD = 3  # of one's own, the newest


class TellTeams(ShopAction):
    """The card in words; in a group with a way in, for who asks may not be in it yet. Alone one
    hears where one stands in line, too. A present or an order that is filled together counts as
    well: nobody asks how it stands by its kind. Where one team is named, it is that alone."""

    called = "action_tell_teams"

    def act(self, turn: Turn) -> None:
        teams = _meant(turn, _here(turn) if turn.in_group else _own(turn))
        for team in teams:
            _tell(turn, team)
        if turn.slots.get("team") is not None:
            return
        lines = [] if turn.in_group else lines_here(turn)
        for entry in lines:
            tell_place(turn, turn.session.get_one(Team, entry.team_id))
        others = tell_others(turn)
        if not (teams or lines or others):
            _tell_of_none(turn)


def _tell_of_none(turn: Turn) -> None:
    """Alone, what became of one's last."""
    last = [] if turn.in_group else _mine(turn)(limit=1)
    for team in last:
        _tell(turn, team)
    if not last:
        turn.say("utter_no_team_here" if turn.in_group else "utter_no_team_of_yours")


def _meant(turn: Turn, teams: list[Team]) -> list[Team]:
    named = turn.slots.get("team")
    return [one for one in teams if named in (None, one.id)]


def _here(turn: Turn) -> list[Team]:
    """What is joined, filled or paid for."""
    running = running_teams_in(turn.session, chat_id=turn.chat.id)
    return [team for team in running if team.ends_at > turn.now]


def _own(turn: Turn) -> list[Team]:
    """What still runs."""
    return _mine(turn)(states=RUNNING, limit=_MOST_TOLD)


def _mine(turn: Turn) -> "partial[list[Team]]":
    shop, me = turn.merchant.id, turn.person.id
    return partial(teams_with, turn.session, merchant_id=shop, person_id=me)


def _tell(turn: Turn, team: Team) -> None:
    view = team_view(turn.session, team)
    title = title_of(turn.session, view, merchant_id=turn.merchant.id, locale=turn.locale)
    votes = votes_on(turn.session, view, now=turn.now) if turn.in_group else 0
    wording = Wording(turn.domain, turn.locale)
    told = standing(wording, view, title=title, now=turn.now, votes=votes)
    options = (*(_way_in(turn, team, view) if turn.in_group else ()), *nudge_option(turn, team))
    turn.say(_STANDING, *([Options(options)] if options else []), standing=told)


def _way_in(turn: Turn, team: Team, view: TeamView) -> tuple[Option, ...]:
    """Its line, where it has one; a team that is being paid for has no other."""
    if view.takes_waiters and turn.knows(BUTTON):
        return (line_option(turn, team),)
    return (join_option(turn, team),) if view.state == TeamState.OPEN else ()


ACTIONS = (TellTeams,)
