"""Taking a seat in a team and giving it up again: by a press, or by a word like "+1"."""

from collections.abc import Callable
from functools import partial

from data.delivery.messages import Option, Options
from data.group_buys import (
    Came,
    Seat,
    SeatState,
    Team,
    TeamState,
    TeamView,
    WaitlistEntry,
    change_quantity,
    join,
    leave,
    live_seat,
    note_invited,
    open_teams_in,
    running_teams_in,
    team_of,
    team_shared_by,
    team_view,
    teams_with,
    unpaid_seats,
    welcomes,
)
from data.group_buys.models import RUNNING
from data.group_buys.places import places_of, shared_there
from data.group_buys.sharing import mark_of, note_sent
from data.kernel.errors import GroupBuyClosed, NoSeatLeft, NotFound, Refused, ShopError, TooOften
from data.kernel.tokens import fingerprint
from dialogs.actions.base import ShopAction
from dialogs.actions.campaigns import MOST_OFFERED
from dialogs.actions.full_teams import leave_option, leave_the_line, lines_here, no_place, title_in
from dialogs.actions.turn import Turn
from dialogs.engine.commands import CancelFlow, StartFlow
from dialogs.private import private_chat

_CHECKOUT, _WHICH, _GET_OUT = "group_checkout", "group_buy_which", "order_cancel"
_LEFT = "utter_take_left_button"
_PAY_NOW = "utter_seat_pay_now"
_UNPAID, _FIXED = "utter_already_in_unpaid", "utter_quantity_fixed"
# Why somebody may not take a seat (data/group_buys/limits.py), each in words of its own.
_LIMITS = {
    "seat_holds": "utter_too_many_seats",
    "seat_paused": "utter_seats_paused",
    "person_limit": "utter_person_limit",
    "new_customers_only": "utter_new_customers_only",
    "first_purchase_held": "utter_first_purchase_held",
    "waiting_lists": "utter_too_many_lines",
}


def join_option(turn: Turn, team: Team, units: int = 1) -> Option:
    more = f", seats={units}" if units > 1 else ""
    return turn.option("utter_team_join_button", f"/Act(action_join_team, team={team.id}{more})")


class JoinTeam(ShopAction):
    """By a button (then `team` is known), by a pasted link, or by a word like "+1": then by what is
    open here."""

    called = "action_join_team"

    def act(self, turn: Turn) -> None:
        if turn.slots.get("shared") is not None:
            _take_by_link(turn, str(turn.slots["shared"]))
            return
        team_id = turn.slots.get("team")
        if team_id is not None:
            team = team_of(turn.session, merchant_id=turn.merchant.id, team_id=str(team_id))
            if not is_asked_in(turn, team):
                raise NotFound("team")
            take(turn, team)
            return
        teams = open_teams_in(turn.session, chat_id=turn.chat.id, now=turn.now)
        others = [one for one in teams if not _is_in(turn, one)]
        if len(others) > 1:
            turn.go_on_privately(_WHICH, team_chat=turn.chat.id, seats_wanted=units_of(turn))
        elif teams:
            take(turn, (others or teams)[0])


def _take_by_link(turn: Turn, token: str) -> None:
    """As its start link does. Sent in a group it is shown to others: that is no wish of theirs."""
    shop = turn.merchant.id
    team = team_shared_by(turn.session, merchant_id=shop, token=token)
    if team is None or turn.in_group:
        turn.say("utter_cannot_handle")
        return
    note_sent(turn.session, merchant_id=shop, team_id=team.id, mark=mark_of(token))
    turn.slots["invited"] = fingerprint(token)
    take(turn, team)


def _is_in(turn: Turn, team: Team) -> bool:
    return live_seat(turn.session, team_id=team.id, person_id=turn.person.id) is not None


def is_asked_in(turn: Turn, team: Team) -> bool:
    """By a link of it, by its card in this chat, or because it is open to them anyway."""
    if turn.slots.get("invited") or turn.chat.id == team.chat_id:
        return True
    shown_here = turn.chat.id in places_of(turn.session, team_id=team.id)
    return shown_here or welcomes(turn.session, team, turn.person.id)


def units_of(turn: Turn) -> int:
    """How many they asked for; a button asks for one."""
    return int(float(turn.slots.get("seats") or 1))


def take(turn: Turn, team: Team) -> None:
    """A seat in this team, or the answer why not."""
    if turn.person.minor_since is not None:
        turn.go_on_privately("protect_minor")  # a child is told so alone, not before everybody
        return
    mine = live_seat(turn.session, team_id=team.id, person_id=turn.person.id)
    if mine is not None:
        once_more(turn, mine)
        return
    try:
        seat = join(
            turn.session,
            team_id=team.id,
            person_id=turn.person.id,
            quantity=units_of(turn),
            now=turn.now,
        )
    except (GroupBuyClosed, NoSeatLeft) as refusal:
        no_place(turn, team, refusal, units_of(turn))
    except (TooOften, Refused) as refusal:
        refuse(turn, refusal, partial(_joining, turn, team))
    else:
        _note_invited(turn, seat)
        if not _is_asked_to_pay(turn, seat):
            go_on(turn, seat)


def _is_asked_to_pay(turn: Turn, seat: Seat) -> bool:
    """Whoever makes a team complete that pays when it is full has just been told so, with the way
    on to pay, if we may write to them alone."""
    if turn.session.get_one(Team, seat.team_id).state != TeamState.PAYING:
        return False
    chat = private_chat(turn.session, account=turn.account, person=turn.person, now=turn.now)
    return chat is not None and turn.knows(_PAY_NOW)


def _note_invited(turn: Turn, seat: Seat) -> None:
    came = came_here(turn, turn.session.get_one(Team, seat.team_id))
    if came is not None:
        allows = turn.rewards_inviting
        note_invited(turn.session, seat=seat, came=came, allows=allows, now=turn.now)


def came_here(turn: Turn, team: Team) -> Came | None:
    """By the link they came by, or the one by which this card was shared into a chat that we are
    not in; the card of the team's own chat is nobody's."""
    link, here = turn.slots.get("invited"), turn.chat.id
    if not isinstance(link, str) and turn.in_group and here != team.chat_id:
        link = shared_there(turn.session, team_id=team.id, chat_id=here)
    return Came(link, turn.account.channel) if isinstance(link, str) else None


def once_more(turn: Turn, seat: Seat) -> None:
    """Who has a seat and says "two for me" wants two, as long as nothing is ordered and nobody pays
    for what all of them joined with."""
    units = units_of(turn)
    if units in (1, seat.quantity) or seat.order_id or seat.state != SeatState.HELD:
        _already_in(turn, seat)
        return
    if turn.session.get_one(Team, seat.team_id).state == TeamState.PAYING:
        _already_in(turn, seat, _FIXED if turn.knows(_FIXED) else _UNPAID)
        return
    try:
        changed = change_quantity(turn.session, seat_id=seat.id, quantity=units, now=turn.now)
    except (TooOften, Refused) as refusal:
        team = turn.session.get_one(Team, seat.team_id)
        refuse(turn, refusal, partial(_joining, turn, team))
    else:
        go_on(turn, changed)


def go_on(turn: Turn, seat: Seat) -> None:
    """Address and money, in private."""
    turn.go_on_privately(_CHECKOUT, seat_taken=seat.id)


def _already_in(turn: Turn, seat: Seat, unpaid: str = _UNPAID) -> None:
    """Paid: that is all. Not paid yet: they are told so and taken to where they left off."""
    if seat.state != SeatState.HELD:
        turn.say("utter_already_in", name=turn.person.name)
        return
    turn.say(unpaid, name=turn.person.name, units=str(seat.quantity))
    if seat.order_id is None:
        go_on(turn, seat)


def refuse(turn: Turn, refusal: ShopError, way: Callable[[str], str] | None = None) -> None:
    """A limit in words; every other refusal has its own. Who asked for too many may have what is
    left: `way` is the press for that many."""
    response = _LIMITS.get(refusal.detail)
    if response is None:
        raise refusal
    if refusal.detail == "first_purchase_held" and not turn.knows(response):
        response = _LIMITS["new_customers_only"]  # flows published before know no other words
    values = {name: str(value) for name, value in refusal.values.items()}
    options: tuple[Option, ...] = ()
    if refusal.detail == "person_limit" and values.get("left", "0") != "0":
        response = "utter_person_limit_left"
        knows = turn.knows(_LEFT)  # flows published before have no words for it
        left = values["left"]
        options = (turn.option(_LEFT, way(left), left=left),) if way and knows else ()
    more = (Options(options),) if options else ()
    turn.say(response, *more, name=turn.person.name, **values)


def _joining(turn: Turn, team: Team, left: str) -> str:
    link = turn.slots.get("invited")
    more = f", invited={link}" if isinstance(link, str) else ""
    return f"/Act(action_join_team, team={team.id}, seats={left}{more})"


class AskWhichTeam(ShopAction):
    """Several teams run in that group; a press on one joins it."""

    called = "action_ask_which_team"

    def act(self, turn: Turn) -> None:
        chat_id = str(turn.slots.get("team_chat") or "")
        teams = open_teams_in(turn.session, chat_id=chat_id, now=turn.now)
        mine = [one for one in teams if one.merchant_id == turn.merchant.id]
        units = int(turn.slots.get("seats_wanted") or 1)
        options = tuple(
            _named(turn, one, "utter_which_team_button", "action_join_team", units)
            for one in mine
            if not _is_in(turn, one)
        )
        if options:
            turn.say("utter_which_team", Options(options[:MOST_OFFERED]))


def open_option(turn: Turn, team: Team) -> Option:
    """A team that strangers may join: what it is about, and nobody's name."""
    view = team_view(turn.session, team)
    words = turn.words(
        _once_on(turn, view, "utter_open_team_button"),
        title=title_in(turn, team),
        need=str(min(view.need, view.free) or view.free),  # not who is paying right now
        free=str(view.free),
        price=view.price,
        left=view.deadline - turn.now,
    )
    return Option(words, f"/Act(action_join_team, team={team.id})")


def _once_on(turn: Turn, view: TeamView, response: str) -> str:
    """A team of more than one price goes on taking people when it needs nobody any more."""
    on = f"{response}_on"
    is_on = not view.need and view.free and not view.waiting
    return on if is_on and turn.knows(on) else response


def _named(turn: Turn, team: Team, response: str, action: str, units: int = 1) -> Option:
    view = team_view(turn.session, team)
    words = turn.words(
        _once_on(turn, view, response),
        title=title_in(turn, team),
        need=str(view.need),
        free=str(view.free),
        price=view.price,
    )
    more = f", seats={units}" if units > 1 else ""
    return Option(words, f"/Act({action}, team={team.id}{more})")


class LeaveTeam(ShopAction):
    """Before paying, or the line for it, without a word of why; the note that a seat is given up
    comes in private."""

    called = "action_leave_team"

    def act(self, turn: Turn) -> None:
        seats, lines = _unpaid_here(turn), lines_here(turn)
        if len(seats) + len(lines) > 1:
            self._ask_which(turn, seats, lines)
        elif seats:
            _leave(turn, seats[0])
        elif lines:
            leave_the_line(turn, lines[0])
        elif _paid_here(turn):
            turn.say("utter_leave_after_paying", name=turn.person.name)
        elif not turn.in_group and _in_one(turn):
            turn.commands.append(StartFlow(_GET_OUT))
        else:
            turn.say("utter_not_in_a_team")

    def _ask_which(self, turn: Turn, seats: list[Seat], lines: list[WaitlistEntry]) -> None:
        teams = [turn.session.get_one(Team, seat.team_id) for seat in seats]
        options = [
            _named(turn, one, "utter_leave_team_button", "action_leave_team") for one in teams
        ]
        options += [leave_option(turn, entry) for entry in lines]
        turn.say("utter_which_team_to_leave", Options(tuple(options)))


def _unpaid_here(turn: Turn) -> list[Seat]:
    """In a group only that group's; in private all of them; after a press only that one."""
    seats = unpaid_seats(turn.session, merchant_id=turn.merchant.id, person_id=turn.person.id)
    return [seat for seat in seats if _is_about(turn, seat)]


def _is_about(turn: Turn, seat: Seat) -> bool:
    team = turn.session.get_one(Team, seat.team_id)
    if turn.slots.get("team") is not None:
        return team.id == str(turn.slots["team"])
    return not turn.in_group or team.chat_id == turn.chat.id


def _paid_here(turn: Turn) -> bool:
    return any(_is_in(turn, one) for one in running_teams_in(turn.session, chat_id=turn.chat.id))


def _in_one(turn: Turn) -> bool:
    """Alone, in any that runs: what is unpaid was looked for, so they have paid."""
    shop, me = turn.merchant.id, turn.person.id
    running = teams_with(turn.session, merchant_id=shop, person_id=me, states=RUNNING, limit=1)
    return bool(running)


def _leave(turn: Turn, seat: Seat) -> None:
    """What was being asked about this seat is dropped with it."""
    asked = turn.slots.get("seat") == seat.id
    leave(turn.session, team_id=seat.team_id, person_id=turn.person.id, now=turn.now)
    if asked:
        turn.commands.append(CancelFlow())


ACTIONS = (JoinTeam, AskWhichTeam, LeaveTeam)
