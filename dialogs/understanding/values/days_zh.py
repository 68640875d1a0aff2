"""Days counted from today in Chinese: 明天 · 下周三 · 三天后 · 下个月15号 · 这个月底.

Weeks begin on Monday; 下周三 is Wednesday of the next calendar week.
"""

import re
from datetime import date, timedelta
from functools import cache

from dialogs.understanding.values import day_sums as sums
from dialogs.understanding.values.day_sums import Fields, Rule
from dialogs.understanding.values.numbers import read_whole

_SHIFTS = {"上": -1, "这": 0, "本": 0, "当": 0, "下": 1, "下下": 2}
_WEEKDAYS = {letter: i for i, letter in enumerate("一二三四五六")} | {"日": 6, "天": 6, "末": 5}
_HALF_A_MONTH = 15
_COUNT = r"(?P<count>(?<![\d.])(?:\d{1,4}|[一二三四五六七八九十百两俩]{1,4}|半))"
_SPAN = r"(?P<span>天|日|周|星期|礼拜|月|年)"
_SHIFT = r"(?P<shift>下下个?|上个?|这个?|本|当|下个?)"
_WEEK = r"(?:周|星期|礼拜)"
_DAY = r"\d{1,2}|[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九]"
_PART = r"底|末|尾|初(?![一二三四五六七八九十])|中旬|中"


def _after(match: re.Match[str], today: date) -> Fields | None:
    if match["count"] == "半":
        return sums.on(today + timedelta(days=_HALF_A_MONTH)) if match["span"] == "月" else None
    count = read_whole(match["count"])
    return sums.on(sums.later(today, count, match["span"])) if count else None


def _weekday(match: re.Match[str], today: date) -> Fields | None:
    found = sums.weekday_of(_WEEKDAYS[match["weekday"]], today, _shift(match))
    return sums.weekend(found) if match["weekday"] == "末" else sums.on(found)


def _week(match: re.Match[str], today: date) -> Fields | None:
    return sums.week(sums.weekday_of(0, today, _shift(match)))


def _of_month(match: re.Match[str], today: date) -> Fields | None:
    """下个月15号, 这个月底, 12月初, 下个月."""
    shift = _shift(match)
    number = read_whole(match["month"]) if match["month"] else None
    first = (
        sums.first_of_named_month(number, today)
        if number
        else sums.first_of_month(today, shift or 0)
    )
    if first is None:
        return None
    if match["day"]:
        return sums.on(sums.day_in(first, read_whole(match["day"]), today, said=True))
    if match["part"]:
        return sums.on(sums.part_of(first, match["part"]))
    return sums.month(first) if shift is not None else None


def _part_of_this(match: re.Match[str], today: date) -> Fields | None:
    first = today.replace(day=1)
    found = sums.part_of(first, match["part"])
    following = sums.add_months(first, 1)
    return sums.on(sums.part_of(following, match["part"]) if found < today and following else found)


def _day_alone(match: re.Match[str], today: date) -> Fields | None:
    day = read_whole(match["day"])
    return sums.on(sums.day_in(today.replace(day=1), day, today, said=False))


def _year_end(_match: re.Match[str], today: date) -> Fields | None:
    return sums.on(sums.last_of_year(today))


def _shift(match: re.Match[str]) -> int | None:
    word = match["shift"]
    return None if word is None else _SHIFTS[word.rstrip("个")]


@cache
def rules() -> tuple[Rule, ...]:
    return sums.compiled(
        (
            (rf"{_COUNT}个?{_SPAN}(?:之后|以后|过后|后|之内|以内|内)", _after),
            (rf"(?:再?过){_COUNT}个?{_SPAN}", _after),
            (rf"(?:{_SHIFT}?{_WEEK})(?P<weekday>[一二三四五六日天末])", _weekday),
            (rf"{_SHIFT}{_WEEK}(?![一二三四五六日天末])", _week),
            (r"年底|年末|岁末|年尾", _year_end),
            (
                rf"(?:{_SHIFT}月|(?P<month>\d{{1,2}}|十[一二]?|[一二三四五六七八九])月份?)"
                rf"(?:的?(?P<day>{_DAY})[日号]|的?(?P<part>{_PART}))?",
                _of_month,
            ),
            (rf"月(?P<part>{_PART})", _part_of_this),
            (
                rf"(?<![\d月.第一二三四五六七八九十路段街巷弄道])(?P<day>{_DAY})号(?![码楼线店院门])",
                _day_alone,
            ),
        )
    )
