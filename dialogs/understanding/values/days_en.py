"""Days counted from today in English: tomorrow · in two weeks · next Friday · end of June.

The day names of every language stand in the language files, so 明天 is read here too.
"""

import re
from datetime import date, timedelta
from functools import cache

from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.values import day_sums as sums
from dialogs.understanding.values.dates import month_number, month_pattern, nth
from dialogs.understanding.values.day_sums import Fields, Rule
from dialogs.understanding.values.numbers import SMALL_NUMBER, read_whole

_FORTNIGHT = 14
_ONES = frozenset({"a", "an", "one", "another"})
_FEW = {"a couple of": 2, "couple of": 2, "a few": 3, "half a": 0}
_NTH = r"\d{1,2}(?:st|nd|rd|th)"
_START, _END = r"(?<![a-z0-9])", r"(?![a-z])"


def _named(match: re.Match[str], today: date) -> Fields | None:
    return sums.on(today + timedelta(days=_day_names()[_words(match["day"])]))


def _after(match: re.Match[str], today: date) -> Fields | None:
    """in two weeks, a week from tomorrow, two weeks from Friday."""
    word = _words(match["count"])
    count = 1 if word in _ONES else _FEW.get(word) or read_whole(word)
    start = _base(match.groupdict().get("base"), today)
    return sums.on(sums.later(start, count, match["span"])) if count else None


def _base(word: str | None, today: date) -> date:
    name = _words(word or "")
    if name in _weekday_names():
        return sums.weekday_of(_weekday_names()[name], today, None)
    return today + timedelta(days=_day_names().get(name, 0))


def _fortnight(_match: re.Match[str], today: date) -> Fields | None:
    return sums.on(today + timedelta(days=_FORTNIGHT))


def _weekday(match: re.Match[str], today: date) -> Fields | None:
    weekday = _weekday_names()[match["weekday"]]
    behind = match["behind"] or ""
    if "after next" in behind:
        return sums.on(sums.weekday_of(weekday, today, 2))
    if behind.strip() == "week":  # "Friday week" is a week after the coming Friday
        return sums.on(sums.weekday_of(weekday, today, None) + timedelta(days=7))
    ahead = "next" in (match["lead"] or "") or "next" in behind
    return sums.on(sums.weekday_of(weekday, today, 1 if ahead else None))


def _weekend(match: re.Match[str], today: date) -> Fields | None:
    shift = 1 if match["lead"] == "next" else 0
    return sums.weekend(sums.weekday_of(sums.SATURDAY, today, shift))


def _period(match: re.Match[str], today: date) -> Fields | None:
    shift = 0 if match["lead"] == "this" else 1
    if match["span"] == "week":
        return sums.week(sums.weekday_of(0, today, shift))
    return sums.month(sums.first_of_month(today, shift))


def _nth_of_month(match: re.Match[str], today: date) -> Fields | None:
    first = sums.first_of_month(today, 1 if "next" in match["month"] else 0)
    return sums.on(sums.day_in(first, nth(match["day"]), today, said=True)) if first else None


def _nth_alone(match: re.Match[str], today: date) -> Fields | None:
    day = nth(match["day"])
    return sums.on(sums.day_in(today.replace(day=1), day, today, said=False))


def _part(match: re.Match[str], today: date) -> Fields | None:
    """end of the month, beginning of next month, mid-June, end of December."""
    name = _words(match["month"])
    if name.endswith("month"):
        first = sums.first_of_month(today, 1 if "next" in name else 0)
    else:
        first = sums.first_of_named_month(month_number(name) or 0, today)
    return sums.on(sums.part_of(first, match["part"])) if first else None


def _year_end(_match: re.Match[str], today: date) -> Fields | None:
    return sums.on(sums.last_of_year(today))


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", text.strip())


@cache
def _day_names() -> dict[str, int]:
    days = lexicon().section("days")
    return {form: int(shift) for shift, forms in days.items() for form in forms}


@cache
def _weekday_names() -> dict[str, int]:
    weekdays = lexicon().section("weekdays")
    return {form: int(number) for number, forms in weekdays.items() for form in forms}


@cache
def rules() -> tuple[Rule, ...]:
    words = lexicon()
    day = words.pattern(*(f"days.{name}" for name in words.section("days")))
    weekday = words.pattern(*(f"weekdays.{number}" for number in range(7)))
    few = r"a\s+couple\s+of|couple\s+of|a\s+few|another|an?(?![a-z])"
    count = rf"(?P<count>(?<![\d.])(?:{few}|{SMALL_NUMBER}))"
    span = rf"(?P<span>day|week|month|year)s?{_END}"
    relative = rf"(?P<month>(?:the|this|next)\s+month{_END}|month{_END}|{month_pattern()})"
    return sums.compiled(
        (
            (
                rf"{count}\s?{span}\s+(?:(?:from|after|on)\s+)?(?P<base>{day}|{weekday}|now|then)",
                _after,
            ),
            (rf"{_START}(?:in|within)\s+{count}\s?{span}(?:'s?\s?time)?", _after),
            (rf"{count}\s?{span}\s+(?:later|from\s+now|ahead){_END}", _after),
            (rf"{_START}(?:in\s+)?a fortnight(?:\s+from\s+now|'s\s+time)?{_END}", _fortnight),
            (rf"(?P<day>{day})", _named),
            (rf"{_START}(?P<day>{_NTH})\s+of\s+(?P<month>(?:next|this|the) month)", _nth_of_month),
            (
                rf"(?:(?P<lead>this coming|this|next|coming)\s+)?(?P<weekday>{weekday})"
                r"(?P<behind>\s+(?:week\b|after next\b|next week\b))?",
                _weekday,
            ),
            (rf"{_START}(?:(?P<lead>this|next|the|coming)\s+)?weekend{_END}", _weekend),
            (rf"{_START}(?:end of the year|year[\s-]end|year's end|end of year){_END}", _year_end),
            (
                rf"{_START}(?P<part>end|middle|beginning|start|mid)(?:\s+of|-)?\s*{relative}",
                _part,
            ),
            (rf"{_START}(?:on|by|before|until)\s+the\s+(?P<day>{_NTH}){_END}", _nth_alone),
            (rf"{_START}the\s+(?P<day>\d{{2}}(?:st|nd|rd|th)){_END}", _nth_alone),
            (rf"{_START}(?P<lead>this|next|coming)\s+(?P<span>week|month){_END}", _period),
        )
    )
