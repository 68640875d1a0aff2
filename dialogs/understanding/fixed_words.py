"""Fixed words: person, cancel, back, skip, yes, no, and the lines that join a group-buy.

They are exact and stand before everything that guesses.
"""

import re
from functools import cache

from dialogs.engine.commands import (
    CancelFlow,
    Command,
    GoBack,
    HumanHandoff,
    RepeatLast,
    Restart,
    SkipQuestion,
)
from dialogs.understanding.lexicon import any_of, lexicon
from dialogs.understanding.message import Message, strip_fillers
from dialogs.understanding.values.numbers import SMALL_NUMBER, read_whole

STEERING: dict[str, Command] = {
    "human": HumanHandoff(),
    "cancel": CancelFlow(),
    "back": GoBack(),
    "repeat": RepeatLast(),
    "restart": Restart(),
    "skip": SkipQuestion(),
}
STRONG = (
    "human", "export_me", "forget_me", "move_here", "stop_messages", "start_messages",
    "stop_nudges", "start_nudges",
    "stop_model", "start_model", "cancel", "back",
    "repeat", "restart", "skip", "help",
)  # fmt: skip
WEAK = ("yes", "no", "greet", "thanks", "bye")
_WITHIN = ("human", "stop_messages")
_MOST_SEATS = 99
# "3. Ann", "4、小王 2份", "5) Bob x2": a line that people add to a list by copying it.
_LIST_LINE = re.compile(
    rf"\s*\d{{1,3}}\s*[.、)]\s*[^\d\s,,:;。!?][^,,。!?\n]{{0,19}}?"
    rf"(?:\s*[+x×]?\s*(?P<count>{SMALL_NUMBER})\s*(?:份|个|件|盒|组|pcs)?)?\s*"
)


def heard(message: Message, names: tuple[str, ...]) -> str | None:
    """Which of these word lists the whole message belongs to; the first one named wins."""
    for name in names:
        if _in_list(message, name):
            return name
    return None


def heard_within(message: Message) -> str | None:
    """Wishes so plain that they count anywhere in a message: a person, no more messages."""
    for name in _WITHIN:
        if _within(name).search(message.folded.text[: 10 * _MOST_SEATS]):
            return name
    return None


def leading(message: Message, name: str) -> str | None:
    """What follows a yes or no that opens the message: "no, for my dad"."""
    match = _opening(name).match(message.folded.text)
    return match["rest"] if match else None


def joins(message: Message) -> int | None:
    """How many seats this line asks for in an open team, or None; a closed list, tested."""
    if message.short in _forms("join_alone"):
        return 1
    for said in _around(message, "join_around"):
        if said in _forms("join"):
            return 1
        if match := _join_count().fullmatch(said):
            return _seats(next(count for count in match.groups() if count))
        if _join_pair().fullmatch(said):
            return 2
    last_line = message.folded.text.rstrip().rsplit("\n", 1)[-1]
    listed = _LIST_LINE.fullmatch(last_line)
    return _seats(listed["count"] or "1") if listed else None


def starts_team(message: Message) -> bool:
    """ "拼团" alone, or what opens a team and then a product: 拼团买这套茶具, 开团 茶壶."""
    if message.short in _forms("group_buy_start") or message.bare in _forms("group_buy_start"):
        return True
    return bool(_start_before().match(message.short) or _start_spaced().fullmatch(message.short))


def leaves(message: Message) -> bool:
    return not _forms("leave").isdisjoint(_around(message, "leave_around"))


def waits(message: Message) -> bool:
    """For a place in a full team; a closed list, tested."""
    return message.short in lexicon().of("wait_for_place")


def leaves_line(message: Message) -> bool:
    return message.short in lexicon().of("leave_line")


def asks_for_team(message: Message) -> bool:
    return not _forms("team_status").isdisjoint(message.readings)


def asks_for_sums(message: Message) -> bool:
    """Of what a present or a common order has come to."""
    return not _forms("sum_status").isdisjoint(message.readings)


def asks_to_nudge(message: Message) -> bool:
    return not _forms("team_nudge").isdisjoint(message.readings)


def asks_to_hurry(message: Message) -> bool:
    """The shop, with what was ordered; a closed list, tested."""
    return not {message.short, message.bare}.isdisjoint(lexicon().of("order_nudge"))


def asks_for_rules(message: Message) -> bool:
    """How it goes, of the team that is in front of everybody."""
    return message.short in lexicon().of("team_rules")


def asks_for_votes(message: Message) -> bool:
    return message.short in lexicon().of("vote_status")


def _around(message: Message, name: str) -> tuple[str, str]:
    """As it was said, then without what is often said around it: "sorry guys, I'm out"."""
    return message.short, strip_fillers(message.short, name)


def _seats(word: str) -> int | None:
    seats = read_whole(word)
    return seats if seats and seats <= _MOST_SEATS else None


def _in_list(message: Message, name: str) -> bool:
    forms = _forms(f"words.{name}")
    if not message.short:
        return False
    return (
        message.short in forms
        or message.bare in forms
        or bool(message.parts and forms.issuperset(message.parts))
    )


@cache
def _forms(name: str) -> frozenset[str]:
    return frozenset(lexicon().of(name))


@cache
def _within(name: str) -> re.Pattern[str]:
    return re.compile(lexicon().pattern(f"words.{name}_within"))


@cache
def _opening(name: str) -> re.Pattern[str]:
    form = lexicon().pattern(f"words.{name}")
    return re.compile(rf"\s*{form}\s*[,.!,。!、;-]+\s*(?P<rest>.+)", re.DOTALL)


@cache
def _start_before() -> re.Pattern[str]:
    return re.compile(lexicon().pattern("group_buy_start_before") + r"(?=.{2,60}$)")


@cache
def _start_spaced() -> re.Pattern[str]:
    """Nobody puts a space after a Chinese word but to name a thing; a question names none."""
    forms = (re.escape(form) for form in lexicon().of("group_buy_start") if not form.isascii())
    return re.compile(rf"(?:{'|'.join(forms)})\s+[^\s吗?]{{2,12}}")


@cache
def _join_count() -> re.Pattern[str]:
    forms = (re.escape(form) for form in lexicon().of("join_count"))
    count = rf"\s*({SMALL_NUMBER})\s*"
    return re.compile("|".join(form.replace(re.escape("{n}"), count) for form in forms))


@cache
def _join_pair() -> re.Pattern[str]:
    """ "Count me and my wife in": {who} is somebody close to them."""
    who = any_of(tuple(form for forms in lexicon().section("relations").values() for form in forms))
    forms = (re.escape(form) for form in lexicon().of("join_pair"))
    return re.compile("|".join(form.replace(re.escape("{who}"), who) for form in forms) or "(?!)")
