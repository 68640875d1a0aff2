"""Days counted from today: 明天 · 下周三 · 三天后 · 下个月15号 · in two weeks · next Friday.

Weeks begin on Monday; 下周三 is Wednesday of the next calendar week.
"""

import calendar as months
import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.values.calendar import solar
from dialogs.understanding.values.dates import Fields, month_pattern, nth
from dialogs.understanding.values.numbers import SMALL_NUMBER, read_whole
from dialogs.understanding.values.reading import Reading

_DAYS, _WEEKS, _MONTHS, _YEARS = "day", "week", "month", "year"
_SPANS = {
    "天": _DAYS, "日": _DAYS, "day": _DAYS, "周": _WEEKS, "星期": _WEEKS, "礼拜": _WEEKS,
    "week": _WEEKS, "月": _MONTHS, "month": _MONTHS, "年": _YEARS, "year": _YEARS,
}  # fmt: skip
_HAN_SHIFT = {"上": -1, "这": 0, "本": 0, "当": 0, "下": 1, "下下": 2}
_HAN_WEEKDAYS = {letter: i for i, letter in enumerate("一二三四五六")} | {"日": 6, "天": 6, "末": 5}
_SATURDAY = 5
_FARTHEST = 3700  # ten years and a bit: beyond that a count of days is no plan
Rule = tuple[re.Pattern[str], Callable[[re.Match[str], date], Fields | None]]


def read_days(reading: Reading) -> None:
    for pattern, rule in _rules():
        for match in pattern.finditer(reading.text):
            fields = rule(match, reading.setting.today)
            if fields:
                reading.take("date", match.start(), match.end(), fields)


def _day(found: date | None, until: date | None = None) -> Fields | None:
    if found is None:
        return None
    return {"date": found.isoformat(), **({"until": until.isoformat()} if until else {})}


def add_months(day: date, count: int) -> date | None:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    if not 1 <= year <= 9999:  # noqa: PLR2004  # what a date can hold
        return None
    return date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))


def _shift(today: date, count: int, span: str) -> date | None:
    if abs(count) > _FARTHEST:
        return None
    if span in (_DAYS, _WEEKS):
        return today + timedelta(days=count * (7 if span == _WEEKS else 1))
    return add_months(today, count * (12 if span == _YEARS else 1))


def _named(match: re.Match[str], today: date) -> Fields | None:
    return _day(today + timedelta(days=_day_names()[re.sub(r"\s+", " ", match["day"])]))


def _after(match: re.Match[str], today: date) -> Fields | None:
    """三天后, in two weeks, a week from tomorrow."""
    word = match["count"]
    if word == "半":
        return _day(today + timedelta(days=15)) if match["span"] == "月" else None
    count = (
        1
        if word in ("a", "an", "one", "another")
        else 2
        if word == "a couple of"
        else read_whole(word)
    )
    base = match.groupdict().get("base")
    start = today + timedelta(days=_day_names().get(base or "", 0))
    return _day(_shift(start, count, _SPANS[match["span"]])) if count else None


def _fortnight(_match: re.Match[str], today: date) -> Fields | None:
    return _day(today + timedelta(days=14))


def _han_weekday(match: re.Match[str], today: date) -> Fields | None:
    shift = match["shift"]
    weekday = _HAN_WEEKDAYS[match["weekday"]]
    found = _weekday(weekday, today, None if shift is None else _HAN_SHIFT[shift.rstrip("个")])
    return _day(found, found + timedelta(days=1) if match["weekday"] == "末" else None)


def _weekday(weekday: int, today: date, shift: int | None) -> date:
    """Of a named calendar week, or without one the next that comes, today included."""
    if shift is None:
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    return today + timedelta(days=weekday - today.weekday() + 7 * shift)


def _en_weekday(match: re.Match[str], today: date) -> Fields | None:
    weekday = _weekday_names()[match["weekday"]]
    lead = match["lead"] or ""
    if "after next" in (match["behind"] or ""):
        return _day(_weekday(weekday, today, 2))
    return _day(_weekday(weekday, today, 1 if "next" in lead or match["behind"] else None))


def _en_weekend(match: re.Match[str], today: date) -> Fields | None:
    found = _weekday(_SATURDAY, today, 1 if match["lead"] == "next" else 0)
    return _day(found, found + timedelta(days=1))


def _han_week(match: re.Match[str], today: date) -> Fields | None:
    monday = _weekday(0, today, _HAN_SHIFT[match["shift"].rstrip("个")])
    return _day(monday, monday + timedelta(days=6))


def _en_period(match: re.Match[str], today: date) -> Fields | None:
    shift = 1 if match["lead"] in ("next", "coming") else 0
    if match["span"] == _WEEKS:
        monday = _weekday(0, today, shift)
        return _day(monday, monday + timedelta(days=6))
    first = add_months(today.replace(day=1), shift)
    return _day(first, _last(first)) if first else None


def _last(day: date) -> date:
    return day.replace(day=months.monthrange(day.year, day.month)[1])


def _han_month(match: re.Match[str], today: date) -> Fields | None:
    """下个月15号, 这个月底, 12月初, 下个月, and a bare 15号."""
    first = _month_of(match, today)
    if first is None:
        return None
    if match["day"]:
        return _day(_in_month(first, read_whole(match["day"]), today, said=_month_said(match)))
    if match["part"]:
        return _day(_part(first, match["part"]))
    return _day(first, _last(first)) if match["shift"] else None


def _month_said(match: re.Match[str]) -> bool:
    return bool(match["shift"] or match["month"])


def _month_of(match: re.Match[str], today: date) -> date | None:
    if match["month"]:
        number = read_whole(match["month"]) or 0
        found = solar(today.year, number, 1)
        return (
            found if found is None or _last(found) >= today else found.replace(year=today.year + 1)
        )
    shift = _HAN_SHIFT[match["shift"].rstrip("个")] if match["shift"] else 0
    return add_months(today.replace(day=1), shift)


def _in_month(first: date, day: int | None, today: date, *, said: bool) -> date | None:
    found = solar(first.year, first.month, day or 0)
    if found and not said and found < today:
        later = add_months(first, 1)
        return solar(later.year, later.month, day or 0) if later else None
    return found


def _part(first: date, part: str) -> date:
    if part in ("底", "末", "尾", "end"):
        return _last(first)
    return first.replace(day=15) if part in ("中", "中旬", "middle", "mid") else first


def _en_nth(match: re.Match[str], today: date) -> Fields | None:
    """the 15th, the 15th of next month."""
    month = match["month"]
    shift = 1 if month and "next" in month else 0
    first = add_months(today.replace(day=1), shift)
    return _day(_in_month(first, nth(match["day"]), today, said=bool(month))) if first else None


def _en_part(match: re.Match[str], today: date) -> Fields | None:
    """end of the month, beginning of next month, mid-June, end of December."""
    name = match["month"]
    first: date | None
    if name in ("month", "the month", "this month", "next month"):
        first = add_months(today.replace(day=1), 1 if "next" in name else 0)
    else:
        number = next(
            int(n) for n, forms in lexicon().section("months").items() if name.rstrip(".") in forms
        )
        first = solar(today.year, number, 1)
        if first and _last(first) < today:
            first = first.replace(year=today.year + 1)
    return _day(_part(first, match["part"])) if first else None


def _year_end(_match: re.Match[str], today: date) -> Fields | None:
    return _day(date(today.year, 12, 31))


@cache
def _day_names() -> dict[str, int]:
    days = lexicon().section("days")
    return {form: int(shift) for shift, forms in days.items() for form in forms}


@cache
def _weekday_names() -> dict[str, int]:
    weekdays = lexicon().section("weekdays")
    return {form: int(number) for number, forms in weekdays.items() for form in forms}


@cache
def _rules() -> tuple[Rule, ...]:
    words = lexicon()
    day = words.pattern(*(f"days.{name}" for name in words.section("days")))
    weekday = words.pattern(*(f"weekdays.{number}" for number in range(7)))
    month = month_pattern()
    count = rf"(?P<count>(?<![\d.])(?:a couple of|another|an?(?![a-z])|{SMALL_NUMBER}|半))"
    shift = r"(?P<shift>下下个?|上个?|这个?|本|当|下个?)"
    span = r"(?P<span>day|week|month|year)s?(?![a-z])"
    table: tuple[tuple[str, Callable[[re.Match[str], date], Fields | None]], ...] = (
        (rf"{count}\s?{span}\s+(?:from|after)\s+(?P<base>{day}|now|then)", _after),
        (rf"(?<![a-z])(?:in|within)\s+{count}\s?{span}(?:'\s?time)?", _after),
        (rf"{count}\s?{span}\s+(?:later|from now)(?![a-z])", _after),
        (r"(?<![a-z])(?:in\s+)?a fortnight(?:\s+from now)?(?![a-z])", _fortnight),
        (rf"{count}个?(?P<span>天|日|周|星期|礼拜|月|年)(?:之后|以后|后|之内|以内|内)", _after),
        (rf"(?:过){count}个?(?P<span>天|日|周|星期|礼拜|月|年)", _after),
        (rf"(?P<day>{day})", _named),
        (rf"(?:{shift}?(?:周|星期|礼拜))(?P<weekday>[一二三四五六日天末])", _han_weekday),
        (rf"{shift}(?:周|星期|礼拜)(?![一二三四五六日天末])", _han_week),
        (
            rf"(?:(?P<lead>this coming|this|next|coming)\s+)?(?P<weekday>{weekday})"
            r"(?P<behind>\s+(?:week\b|after next\b|next week\b))?",
            _en_weekday,
        ),
        (r"(?<![a-z])(?:(?P<lead>this|next|the|coming)\s+)?weekend(?![a-z])", _en_weekend),
        (
            r"(?<![a-z])(?:by\s+)?(?:the\s+)?(?:end of the year|year end|year's end)(?![a-z])",
            _year_end,
        ),
        (r"年底|年末|岁末", _year_end),
        (
            rf"(?<![a-z])(?:the\s+)?(?P<part>end|middle|beginning|start|mid)(?:\s+of|-)?\s*"
            rf"(?P<month>(?:the|this|next)?\s?month(?![a-z])|{month})",
            _en_part,
        ),
        (
            r"(?<![a-z])(?:on\s+)?(?:the\s+)?(?P<day>\d{1,2}(?:st|nd|rd|th))\s+of\s+(?P<month>(?:next|this|the) month)",
            _en_nth,
        ),
        (
            r"(?<![a-z])(?:(?:on|by|before|until)\s+the\s+(?P<day>\d{1,2}(?:st|nd|rd|th))"
            r"|the\s+(?P<day2>\d{2}(?:st|nd|rd|th)))(?P<month>(?!.))?(?![a-z])",
            _en_bare_nth,
        ),
        (r"(?<![a-z])(?P<lead>this|next|coming)\s+(?P<span>week|month)(?![a-z])", _en_period),
        (
            rf"(?:{shift}月|(?P<month>\d{{1,2}}|十[一二]?|[一二三四五六七八九])月份?)"
            r"(?:的?(?P<day>\d{1,2}|[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])[日号]"
            r"|(?P<part>底|末|尾|初(?![一二三四五六七八九十])|中旬|中))?",
            _han_month,
        ),
        (
            r"(?P<shift>(?!))?(?P<month>(?!))?月(?P<part>底|末|初(?![一二三四五六七八九十])|中旬)(?P<day>(?!))?",
            _han_month,
        ),
        (
            r"(?P<shift>(?!))?(?P<month>(?!))?(?P<part>(?!))?"
            r"(?<![\d月.第])(?P<day>\d{1,2}|[二三]?十[一二三四五六七八九]?|[一二三四五六七八九])号(?![码楼线店])",
            _han_month,
        ),
    )
    return tuple((re.compile(pattern), rule) for pattern, rule in table)


def _en_bare_nth(match: re.Match[str], today: date) -> Fields | None:
    found = _in_month(today.replace(day=1), nth(match["day"] or match["day2"]), today, said=False)
    return _day(found)
