"""What is said to us of what friends do together: of one team by its name (茶壶那个我不要了),
whether one's own money has come, and a seat given up in the words that cancel anything. Said
unaddressed, none of it is heard."""

import re
from collections.abc import Iterator
from functools import cache

from dialogs.engine.commands import Act, Command
from dialogs.understanding.addresses import asks_for_address
from dialogs.understanding.answers import takes_text
from dialogs.understanding.context import Context
from dialogs.understanding.fixed_words import asks_for_team, heard, joins, leaves
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.lists import product_of
from dialogs.understanding.message import Message, read_message
from dialogs.understanding.wishes import for_intent

_ORDERS = "order_status"
_JOIN, _LEAVE, _TELL = "action_join_team", "action_leave_team", "action_tell_teams"
_SHORTEST, _LONGEST = 2, 24  # letters that name a team
_MOST = 60  # letters of a sentence that does, too
_BREAK = re.compile(r"(?<![a-z0-9])|(?![a-z0-9])")  # not within a Latin word
_Said = tuple[Command, ...]


def said_in_common(message: Message, context: Context) -> _Said | None:
    """Amid a question for free words only where that is for an address, which none of this is."""
    if takes_text(context) and not asks_for_address(context):
        return None
    named = _about_one_team(message, context)
    if named is not None:
        return (named,)
    if not {message.short, message.bare}.isdisjoint(_forms("paid_yet")):
        return for_intent(_ORDERS, (), message, context) or None
    return (Act(_LEAVE, {"seats": 1}),) if _gives_up_seat(message, context) else None


def _gives_up_seat(message: Message, context: Context) -> bool:
    """ "Never mind" where nothing else is going on and a seat waits to be paid for."""
    idle = context.asked is None and context.active_flow is None
    if not idle or heard(message, ("cancel",)) is None or context.holds_seat is None:
        return False
    return message.bare not in lexicon().of("stop_alone") and context.holds_seat()


def _about_one_team(message: Message, context: Context) -> Act | None:
    if context.team_called is None or not 0 < len(message.short) <= _MOST:
        return None
    for action, seats, name in _readings(message, context):
        team = context.team_called(name) if _SHORTEST <= len(name) <= _LONGEST else None
        if team is not None:
            return Act(action, {"team": team} | ({"seats": seats} if seats else {}))
    return None


def _readings(message: Message, context: Context) -> Iterator[tuple[str, int, str]]:
    """The deed, for how many, and the name; before cards to choose from 我要…那个 chooses one."""
    may_join = context.team_open and not any(product_of(one.payload) for one in context.offered)
    said = message.short
    for cut in range(_SHORTEST, min(len(said), _LONGEST)):
        if not _BREAK.match(said, cut):
            continue
        head, rest = said[:cut], read_message(said[cut:])
        seats = joins(rest) if may_join else None
        if seats or leaves(rest) or asks_for_team(rest):
            action = _JOIN if seats else _LEAVE if leaves(rest) else _TELL
            yield action, seats or 0, _around_name().sub("", head)
    for action, verb in ((_JOIN, "join_named"), (_LEAVE, "leave_named")):
        found = _led(verb).fullmatch(said) if may_join or action == _LEAVE else None
        if found is not None:
            yield action, 1, found["name"] or found["alone"]


@cache
def _forms(name: str) -> frozenset[str]:
    return frozenset(lexicon().of(name))


@cache
def _around_name() -> re.Pattern[str]:
    words = lexicon().pattern
    return re.compile(rf"^{words('named_article')}\s+|\s*{words('named_team')}?[\s,，]*$")


@cache
def _led(verb: str) -> re.Pattern[str]:
    """我要茶壶那个: the verb, the name, and a sign that one of several is meant. "Count me in for"
    needs no such sign."""
    words = lexicon().pattern
    name, alone = (
        rf"(?:{words('named_article')}\s+)?(?P<{called}>.{{{_SHORTEST},{_LONGEST}}}?)\s*"
        for called in ("name", "alone")
    )
    end = rf"(?:[\s,]*{words('named_team_end')})*"
    signed = rf"{words(verb, f'{verb}_for')}\s*{name}{words('named_team')}{end}"
    return re.compile(rf"{signed}|{words(f'{verb}_for')}\s*{alone}{end}")
