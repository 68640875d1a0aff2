"""Getting in line for a place in a full team, and out of it: by a press, or by words."""

from data.delivery.messages import Option, Options
from data.group_buys import (
    InvitedBy,
    Team,
    has_line,
    invited_by,
    live_seat,
    open_teams_in,
    running_teams_in,
    team_of,
    wait_for_place,
    waiting_entry,
)
from data.kernel.errors import GroupBuyClosed, NoSeatLeft, NotFound, Refused, TooOften, WrongState
from dialogs.actions.base import ShopAction
from dialogs.actions.campaigns import MOST_OFFERED
from dialogs.actions.full_teams import (
    LINE,
    PLACE,
    anew_option,
    leave_option,
    leave_the_line,
    line_option,
    lines_here,
    tell_place,
    title_in,
)
from dialogs.actions.team_seats import came_here, is_asked_in, once_more, refuse, take, units_of
from dialogs.actions.turn import Turn


class WaitForPlace(ShopAction):
    """By a button (then `team` is known) or by words: then by what is full here. Where there is a
    place after all they have it."""

    called = "action_wait_for_place"

    def act(self, turn: Turn) -> None:
        if not turn.knows(PLACE):
            return  # flows that a shop published before have no words for it
        team_id = turn.slots.get("team")
        if team_id is not None:
            team = team_of(turn.session, merchant_id=turn.merchant.id, team_id=str(team_id))
            if not is_asked_in(turn, team):
                raise NotFound("team")
            _wait(turn, team)
            return
        full = full_teams_in(turn, turn.chat.id)
        others = [team for team in full if not _is_known_in(turn, team)]
        if len(others) > 1:
            turn.go_on_privately(LINE, line_chat=turn.chat.id, seats_wanted=units_of(turn))
        elif full:
            _wait(turn, (others or full)[0])
        else:
            _take_or_say_so(turn)


def full_teams_in(turn: Turn, chat_id: str) -> list[Team]:
    """Teams of a chat, of this shop, that are got into by waiting."""
    running = running_teams_in(turn.session, chat_id=chat_id)
    mine = turn.merchant.id
    return [team for team in running if team.merchant_id == mine and has_line(team, turn.now)]


def _is_known_in(turn: Turn, team: Team) -> bool:
    who = turn.person.id
    waits = waiting_entry(turn.session, team_id=team.id, person_id=who) is not None
    return waits or live_seat(turn.session, team_id=team.id, person_id=who) is not None


def _take_or_say_so(turn: Turn) -> None:
    """Nothing is full: one team has room, or there is nothing to wait for."""
    teams = open_teams_in(turn.session, chat_id=turn.chat.id, now=turn.now)
    if len(teams) == 1:
        take(turn, teams[0])
    else:
        turn.say("utter_nothing_to_wait_for")


def _wait(turn: Turn, team: Team) -> None:
    if turn.person.minor_since is not None:
        turn.go_on_privately("protect_minor")
        return
    mine = live_seat(turn.session, team_id=team.id, person_id=turn.person.id)
    if mine is not None:
        once_more(turn, mine)
        return
    try:
        _get_in_line(turn, team)
    except NoSeatLeft:
        turn.say("utter_line_is_full", Options((anew_option(turn, team),)))
    except GroupBuyClosed:
        turn.say("utter_team_is_over", Options((anew_option(turn, team),)))
    except WrongState:  # there is a place
        take(turn, team)
    except (TooOften, Refused) as refusal:
        refuse(turn, refusal)
    else:
        tell_place(turn, team)


def _get_in_line(turn: Turn, team: Team) -> None:
    wait_for_place(
        turn.session,
        team_id=team.id,
        person_id=turn.person.id,
        quantity=units_of(turn),
        by=_invited_by(turn, team),
        now=turn.now,
    )


def _invited_by(turn: Turn, team: Team) -> InvitedBy | None:
    came, who = came_here(turn, team), turn.person.id
    if came is None:
        return None
    allows = turn.rewards_inviting
    return invited_by(turn.session, team_id=team.id, person_id=who, came=came, allows=allows)


class TellLine(ShopAction):
    """In private: where they stand, or which of a group's full teams they would wait for."""

    called = "action_tell_line"

    def act(self, turn: Turn) -> None:
        team_id, chat_id = turn.slots.get("line_team"), turn.slots.get("line_chat")
        turn.set("line_team", None)
        turn.set("line_chat", None)
        if team_id is not None:
            team = team_of(turn.session, merchant_id=turn.merchant.id, team_id=str(team_id))
            tell_place(turn, team)  # who has been seated meanwhile is told of that
        elif chat_id is not None:
            _ask_which(turn, str(chat_id))


def _ask_which(turn: Turn, chat_id: str) -> None:
    units = int(turn.slots.get("seats_wanted") or 1)
    options = tuple(
        Option(title_in(turn, team), line_option(turn, team, units).payload)
        for team in full_teams_in(turn, chat_id)
        if not _is_known_in(turn, team)
    )
    if options:
        turn.say("utter_which_line", Options(options[:MOST_OFFERED]))


class LeaveLine(ShopAction):
    """Without a word of why; who stood behind moves up."""

    called = "action_leave_line"

    def act(self, turn: Turn) -> None:
        if not turn.knows(PLACE):
            return
        lines = lines_here(turn)
        if len(lines) > 1:
            options = tuple(leave_option(turn, entry) for entry in lines)
            turn.say("utter_which_line_to_leave", Options(options))
        elif lines:
            leave_the_line(turn, lines[0])
        else:
            turn.say("utter_not_in_line")


ACTIONS = (WaitForPlace, TellLine, LeaveLine)
