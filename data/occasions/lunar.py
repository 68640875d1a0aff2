"""The Chinese lunar calendar as lunar-python computes it: the one module that knows the library.

A lunar year is a list of months in order; a leap month follows the month it repeats.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from lunar_python import LunarYear

FIRST_YEAR, LAST_YEAR = 1899, 2199  # what we compute: births since 1900, reminders far ahead
_ORDINAL_OF_JULIAN_DAY_0 = -1721425  # date(2000, 1, 1) is Julian day 2451544.5 and ordinal 730120
_YEARS_KEPT = LAST_YEAR - FIRST_YEAR + 1  # computing a year takes 8 ms, keeping it 1 KB


@dataclass(frozen=True, slots=True)
class LunarMonth:
    month: int
    leap: bool
    first: date
    days: int  # 29 or 30


@dataclass(frozen=True, slots=True)
class LunarDay:
    """A day by its lunar name: 2026, 8, 15 is Mid-Autumn of the year that began in February."""

    year: int
    month: int
    day: int
    leap: bool = False


@lru_cache(maxsize=_YEARS_KEPT)
def months_of(year: int) -> tuple[LunarMonth, ...]:
    """The 12 or 13 months of a lunar year, in order."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError("lunar_year_out_of_range")
    return tuple(
        LunarMonth(
            month=abs(month.getMonth()),
            leap=month.isLeap(),
            first=date.fromordinal(int(month.getFirstJulianDay() + 0.5) + _ORDINAL_OF_JULIAN_DAY_0),
            days=month.getDayCount(),
        )
        # Built afresh: the library's own cache holds a lock that an error would never give back.
        for month in LunarYear(year).getMonthsInYear()
    )


def find_month(year: int, month: int, *, leap: bool) -> LunarMonth | None:
    """That month of that lunar year; None when the year has no such leap month."""
    return next((m for m in months_of(year) if (m.month, m.leap) == (month, leap)), None)


def lunar_day(on: date) -> LunarDay:
    """The lunar name of a solar date."""
    year = on.year if months_of(on.year)[0].first <= on else on.year - 1
    month = next(m for m in reversed(months_of(year)) if m.first <= on)
    return LunarDay(year, month.month, (on - month.first).days + 1, month.leap)


def solar_date(day: LunarDay) -> date | None:
    """The solar date of a lunar day; None when that year does not have it."""
    month = find_month(day.year, day.month, leap=day.leap)
    if month is None or not 1 <= day.day <= month.days:
        return None
    return month.first + timedelta(days=day.day - 1)
