"""Next occurrences, the lunar calendar, and the days of festivals."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

from lunar_python import Lunar, LunarMonth, LunarYear

from data.kernel.locales import Locale

_MARCH = 3
_FEBRUARY = 2
_LEAP_DAY = 29
# lunar-python is exact for these; birthdays and plans lie within.
_FIRST_YEAR, _LAST_YEAR = 1900, 2100

SOLAR_FESTIVALS = {
    "christmas": (12, 25), "christmas_eve": (12, 24), "boxing_day": (12, 26),
    "new_years_day": (1, 1), "new_years_eve": (12, 31), "valentine": (2, 14),
    "white_day": (3, 14), "womens_day": (3, 8), "love_day": (5, 20), "childrens_day": (6, 1),
    "labour_day": (5, 1), "teachers_day": (9, 10), "national_day": (10, 1),
    "halloween": (10, 31), "singles_day": (11, 11), "double_twelve": (12, 12),
}  # fmt: skip
# Taiwan keeps some of them on other days.
_TAIWAN = {
    "fathers_day": (8, 8), "childrens_day": (4, 4), "teachers_day": (9, 28),
    "national_day": (10, 10),
}  # fmt: skip
LUNAR_FESTIVALS = {
    "spring_festival": (1, 1), "lantern": (1, 15), "dragon_boat": (5, 5), "qixi": (7, 7),
    "ghost": (7, 15), "mid_autumn": (8, 15), "double_ninth": (9, 9), "laba": (12, 8),
    "little_new_year": (12, 23),
}  # fmt: skip
# Month, weekday (Monday 0), which one of the month.
_NTH_WEEKDAYS = {"mothers_day": (5, 6, 2), "fathers_day": (6, 6, 3), "thanksgiving": (11, 3, 4)}
_SOLAR_TERMS = {"qingming": "清明", "winter_solstice": "冬至"}


def solar(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def next_solar(month: int, day: int, today: date) -> date | None:
    """The next such day, today included; 29 February falls on the 28th in common years."""
    for year in (today.year, today.year + 1):
        found = solar(year, month, day)
        if found is None and (month, day) == (_FEBRUARY, _LEAP_DAY):
            found = date(year, _MARCH, 1) - timedelta(days=1)
        if found and found >= today:
            return found
    return None


@lru_cache(maxsize=1024)
def lunar(year: int, month: int, day: int, *, leap: bool = False) -> date | None:
    """The solar day of a lunar one. Day 30 of a short month is its 29th; a leap month that this
    year lacks is the ordinary month."""
    if not (_FIRST_YEAR <= year <= _LAST_YEAR and 1 <= month <= 12 and 1 <= day <= 30):  # noqa: PLR2004
        return None
    leap = leap and LunarYear.fromYear(year).getLeapMonth() == month
    signed = -month if leap else month
    length = LunarMonth.fromYm(year, signed).getDayCount()
    found = Lunar.fromYmd(year, signed, min(day, length)).getSolar()
    return date(found.getYear(), found.getMonth(), found.getDay())


def next_lunar(month: int, day: int, today: date, *, leap: bool = False) -> date | None:
    return _next(lambda year: lunar(year, month, day, leap=leap), today, since=today.year - 1)


def next_festival(name: str, today: date, locale: Locale) -> date | None:
    if locale is Locale.ZH_HANT and name in _TAIWAN:
        return next_solar(*_TAIWAN[name], today)
    if name in SOLAR_FESTIVALS:
        return next_solar(*SOLAR_FESTIVALS[name], today)
    if name in LUNAR_FESTIVALS:
        return next_lunar(*LUNAR_FESTIVALS[name], today)
    return _next(lambda year: _movable(name, year), today, since=today.year)


def fixed_day(name: str, locale: Locale) -> tuple[str, int, int] | None:
    """`lunar` or `solar`, month and day of a festival that keeps its date; None for one that moves
    (Mother's Day, Easter, Qingming)."""
    if name in LUNAR_FESTIVALS:
        return ("lunar", *LUNAR_FESTIVALS[name])
    here = _TAIWAN.get(name) if locale is Locale.ZH_HANT else None
    day = here or SOLAR_FESTIVALS.get(name)
    return ("solar", *day) if day else None


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _movable(name: str, year: int) -> date | None:
    if name in _NTH_WEEKDAYS:
        month, weekday, nth = _NTH_WEEKDAYS[name]
        return nth_weekday(year, month, weekday, nth)
    if name == "black_friday":
        return nth_weekday(year, 11, 3, 4) + timedelta(days=1)
    if name == "lunar_new_years_eve":
        new_year = lunar(year, 1, 1)
        return new_year - timedelta(days=1) if new_year else None
    if name == "easter":
        return _easter(year)
    return _solar_term(name, year)


@lru_cache(maxsize=64)
def _solar_term(name: str, year: int) -> date | None:
    if name not in _SOLAR_TERMS:
        return None
    table = Lunar.fromYmd(year, 6, 1).getJieQiTable()
    found = table[_SOLAR_TERMS[name]]
    day = date(found.getYear(), found.getMonth(), found.getDay())
    if day.year == year:
        return day
    found = Lunar.fromYmd(year + 1, 6, 1).getJieQiTable()[_SOLAR_TERMS[name]]
    return date(found.getYear(), found.getMonth(), found.getDay())


def _easter(year: int) -> date:
    """The anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    epact = (
        19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15
    ) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def _next(of_year: Callable[[int], date | None], today: date, *, since: int) -> date | None:
    days = (of_year(year) for year in range(since, today.year + 3))
    return next((day for day in days if day and day >= today), None)
