"""Sums with days: three weeks on, Wednesday of next week, the end of next month."""

import calendar
import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from dialogs.understanding.values.calendar import solar

Fields = dict[str, Any]
Rule = tuple[re.Pattern[str], Callable[[re.Match[str], date], Fields | None]]
RawRule = tuple[str, Callable[[re.Match[str], date], Fields | None]]
SATURDAY = 5
_DECEMBER, _LAST_DAY = 12, 31
_FARTHEST = 3700  # ten years and a bit: beyond that a count of days is no plan
_SPANS = {
    "天": "day", "日": "day", "周": "week", "星期": "week", "礼拜": "week", "月": "month",
    "年": "year",
}  # fmt: skip
_ENDS = frozenset({"底", "末", "尾", "end"})
_MIDDLES = frozenset({"中", "中旬", "middle", "mid"})


def compiled(rules: Iterable[RawRule]) -> tuple[Rule, ...]:
    return tuple((re.compile(pattern), rule) for pattern, rule in rules)


def on(day: date | None, until: date | None = None) -> Fields | None:
    """The fields of a day, or of the days until another."""
    if day is None:
        return None
    return {"date": day.isoformat(), **({"until": until.isoformat()} if until else {})}


def weekend(saturday: date) -> Fields | None:
    return on(saturday, saturday + timedelta(days=1))


def week(monday: date) -> Fields | None:
    return on(monday, monday + timedelta(days=6))


def month(first: date | None) -> Fields | None:
    return on(first, last_of(first)) if first else None


def later(start: date, count: int, span: str) -> date | None:
    """Three weeks on; `span` in either language."""
    span = _SPANS.get(span, span)
    if abs(count) > _FARTHEST:
        return None
    if span in ("day", "week"):
        return start + timedelta(days=count * (7 if span == "week" else 1))
    return add_months(start, count * (12 if span == "year" else 1))


def add_months(day: date, count: int) -> date | None:
    """The same day of a later month, or that month's last."""
    year, number = divmod(day.year * 12 + day.month - 1 + count, 12)
    if not date.min.year <= year <= date.max.year:
        return None
    return date(year, number + 1, min(day.day, calendar.monthrange(year, number + 1)[1]))


def first_of_month(today: date, shift: int) -> date | None:
    return add_months(today.replace(day=1), shift)


def first_of_named_month(number: int, today: date) -> date | None:
    """The first of the next such month; the running one counts."""
    first = solar(today.year, number, 1)
    return first.replace(year=today.year + 1) if first and last_of(first) < today else first


def last_of(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def last_of_year(today: date) -> date:
    return date(today.year, _DECEMBER, _LAST_DAY)


def weekday_of(weekday: int, today: date, shift: int | None) -> date:
    """Of a named calendar week, or without one the next that comes, today included."""
    if shift is None:
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    return today + timedelta(days=weekday - today.weekday() + 7 * shift)


def part_of(first: date, part: str) -> date:
    """The end, the middle or the beginning of a month."""
    if part in _ENDS:
        return last_of(first)
    return first.replace(day=15) if part in _MIDDLES else first


def day_in(first: date, day: int | None, today: date, *, said: bool) -> date | None:
    """The 15th of this month; if no month was said and it is over, the next one's."""
    found = solar(first.year, first.month, day or 0)
    if found and not said and found < today:
        following = add_months(first, 1)
        return solar(following.year, following.month, day or 0) if following else None
    return found
