"""Whose day it is, from what was typed when we asked: a relation we know, or a name."""

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from dialogs.actions.turn import Turn
from dialogs.understanding.context import Context
from dialogs.understanding.filling import Findings, fill
from dialogs.understanding.fixed_words import heard
from dialogs.understanding.folding import fold
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.message import read_message
from dialogs.understanding.outcome import Entity
from dialogs.understanding.values import Setting, extract

_LONGEST_NAME = 40
# What hangs on a name in "Tom's birthday", 小李的生日.
_TAIL = re.compile(r"(?:['’]s|['’]|的|\s|[,.:;!?，。：；！？、])+$", re.IGNORECASE)
_BEFORE_DAY = frozenset({"occasion", "date"})
_NOT_A_NAME = ("yes", "no", "greet", "thanks", "bye")


@dataclass(frozen=True, slots=True)
class Reply:
    """`name` is empty where the words name nobody; `said` are slots that came along with it."""

    name: str
    said: dict[str, object]


def is_relation(word: str) -> bool:
    return f"relations.{word}" in lexicon().forms


def relations_in(turn: Turn, text: str) -> list[str]:
    """Relations that this text names: mother, friend."""
    return [str(one.fields["value"]) for one in _values(turn, text) if one.kind == "relation"]


def read_reply(turn: Turn, text: str) -> Reply:
    """ "Xiao Li's birthday is 3 May": the name, and the day with it."""
    values = _values(turn, text)
    end = min((one.start for one in values if one.kind in _BEFORE_DAY), default=len(text))
    name = _TAIL.sub("", text[:end]).strip()
    return Reply(name if _is_name(name) else "", _said(turn, values))


def _is_name(name: str) -> bool:
    if not name or len(name) > _LONGEST_NAME or any(letter.isdigit() for letter in name):
        return False
    return heard(read_message(name), _NOT_A_NAME) is None


def _values(turn: Turn, text: str) -> tuple[Entity, ...]:
    return extract(fold(text), Setting(_context(turn).today, turn.locale))


def _said(turn: Turn, values: tuple[Entity, ...]) -> dict[str, object]:
    slots = ("occasion_kind", "occasion_date")
    commands = fill(Findings(values), slots, _context(turn))
    said: dict[str, object] = {}
    for command in commands:
        old = said.get(command.slot, [])
        joined = [*old, command.value] if command.append and isinstance(old, list) else None
        said[command.slot] = joined or command.value
    return said


def _context(turn: Turn) -> Context:
    today = turn.now.astimezone(ZoneInfo(turn.person.timezone)).date()
    return Context(turn.locale, today, slots=turn.domain.slots)
