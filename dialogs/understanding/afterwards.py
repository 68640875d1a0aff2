"""What is said right after a day was kept: another date ("actually it's 4 May"), or how long
before it we should speak (提前三天). Alone such words would mean nothing."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from dialogs.engine.commands import Command, SetSlot, StartFlow
from dialogs.understanding.context import Context
from dialogs.understanding.filling import Findings, fill, slot_value
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.message import Message
from dialogs.understanding.outcome import Entity
from dialogs.understanding.values.numbers import NUMBER, read_whole

_REMEMBER, _LEAD = "reminder_add", "change_lead"
_WHOSE = frozenset({"relation", "own", "name"})
_OF_DAYS = _WHOSE | {"date", "occasion", "time"}
# 不对 counts a pair, "not the 3rd" excludes something: here they only take back.
_BY_THE_WAY = frozenset({"quantity", "exclusion", "age"})
_IN_DAYS = {"天": 1, "日": 1, "day": 1, "周": 7, "星期": 7, "礼拜": 7, "week": 7, "fortnight": 14,
            "月": 30, "month": 30}  # fmt: skip
_NOT = re.compile(r"(?:\bnot(?: the)?|不是|而不是|并非)\s*$")
_LITTLE_LEFT = 2  # letters: "2 weeks before", 提前三天就行
_FEW = {"a": 1, "an": 1, "the": 1, "one": 1, "": 1}


def afterwards(
    message: Message, context: Context, entities: tuple[Entity, ...]
) -> tuple[Command, ...] | None:
    return _lead(message, context, entities) or _correction(message, context, entities)


def may_concern_a_day(message: Message, context: Context) -> bool:
    """Cheap to ask of every message; only then its values are read for it."""
    return context.asked is None and (context.day_saved or _lead_in(message) is not None)


def is_fresh(saved: Any, *, now: datetime) -> bool:
    """Whether a day was kept so lately that what is said may still be about it."""
    return isinstance(saved, Mapping) and datetime.fromisoformat(saved["until"]) > now


def _lead(
    message: Message, context: Context, entities: tuple[Entity, ...]
) -> tuple[Command, ...] | None:
    """Of the day just kept, or of the one that is named."""
    lead = _lead_in(message)
    if lead is None:
        return None
    start, end = message.folded.span(*lead.span)
    beside = tuple(one for one in entities if one.end <= start or one.start >= end)
    kinds = {one.kind for one in beside}
    named = bool(kinds & _WHOSE)
    if kinds - _OF_DAYS or not _is_about_reminding(message, lead):
        return None
    if not named and ("date" in kinds or not context.day_saved):
        return None
    flow = context.triggers.get(_REMEMBER) if "date" in kinds else _LEAD
    slots = context.flow_slots.get(flow or "", frozenset()) - {"lead_days"}
    whose = fill(Findings(beside), slots, context) if named else ()
    return (StartFlow(flow), SetSlot("lead_days", lead.days), *whose) if flow else None


def _is_about_reminding(message: Message, lead: "_Before") -> bool:
    """ "I need it two days before" speaks of a parcel."""
    left = len(message.bare) - (lead.span[1] - lead.span[0])
    text = message.folded.text
    return left <= _LITTLE_LEFT or bool(_reminding().search(text) or _takes_back().search(text))


class _Before(NamedTuple):
    days: int
    span: tuple[int, int]


def _lead_in(message: Message) -> _Before | None:
    """How many days before: 提前三天, "2 weeks before"."""
    for pattern in _leads():
        found = pattern.search(message.folded.text)
        if found:
            number = (found["number"] or "").strip()
            count = _FEW.get(number) or read_whole(number)
            return _Before(count * _IN_DAYS[found["unit"]], found.span()) if count else None
    return None


def _correction(
    message: Message, context: Context, entities: tuple[Entity, ...]
) -> tuple[Command, ...] | None:
    """ "No, it's 4 May": a word that takes something back, and a date."""
    flow = context.triggers.get(_REMEMBER)
    dates = [one for one in entities if one.kind == "date" and not _denied(message, one)]
    others = {one.kind for one in entities} - _OF_DAYS - _BY_THE_WAY
    if not context.day_saved or flow is None or not dates or others:
        return None
    if not _takes_back().search(message.folded.text):
        return None
    slots = context.flow_slots.get(flow, frozenset()) - {"occasion_date"}
    whose = fill(Findings(entities), slots, context) if _names_whose(entities) else ()
    day = SetSlot("occasion_date", slot_value(dates[-1], "date", context))
    return (StartFlow(flow), SetSlot("occasion_corrects", True), day, *whose)


def _names_whose(entities: tuple[Entity, ...]) -> bool:
    return any(one.kind in _WHOSE for one in entities)


def _denied(message: Message, date: Entity) -> bool:
    """The 3rd in "not the 3rd, the 4th"."""
    return _NOT.search(message.original[: date.start].casefold()) is not None


@cache
def _reminding() -> re.Pattern[str]:
    return re.compile(lexicon().pattern("reminding"))


@cache
def _takes_back() -> re.Pattern[str]:
    return re.compile(lexicon().pattern("takes_back"))


@cache
def _leads() -> tuple[re.Pattern[str], ...]:
    number = rf"(?P<number>{NUMBER})?"
    return (
        re.compile(rf"提前\s*{number}\s*个?(?P<unit>天|日|周|星期|礼拜|月)"),
        re.compile(
            rf"(?:\b|(?<=\s))(?P<number>{NUMBER}|an?|the|one)?\s*(?P<unit>day|week|fortnight|month)s?"
            r"\s+(?:before|earlier|ahead|in advance|beforehand|prior)"
        ),
    )
