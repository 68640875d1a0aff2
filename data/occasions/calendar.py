"""Days that come back every year, in either calendar, and where they fall when a year lacks them.

Pure: dates in, dates out. A date returns exactly once in each year *of its own calendar*, so that
year names an occurrence without doubt: a lunar 12/20 of 2026 falls in January 2027, and a solar
year may hold a lunar date twice or not at all (`Occurrence.year`, invariant I13).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MINYEAR, date, timedelta
from enum import StrEnum

from data.kernel.errors import Invalid
from data.occasions.lunar import (
    FIRST_YEAR,
    LAST_YEAR,
    LunarDay,
    LunarMonth,
    find_month,
    lunar_day,
    solar_date,
)

_FEBRUARY, _LEAP_DAY, _LAST_MONTH = 2, 29, 12
_A_LEAP_YEAR = 2000
_LONGEST_LUNAR_MONTH = 30


class CalendarKind(StrEnum):
    SOLAR = "solar"
    LUNAR = "lunar"


class Missing(StrEnum):
    """Where a day goes in a year that lacks it."""

    EARLIER = "earlier"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class CalendarRules:
    """A shop's settings; the defaults are what most families do.

    `leap_day`: 29 February becomes 28 February, or 1 March.
    `short_month`: lunar day 30 becomes 29, or day 1 of the month after.
    `leap_month`: a leap month's day is kept in the ordinary month, or in the month after it.
    """

    leap_day: Missing = Missing.EARLIER
    short_month: Missing = Missing.EARLIER
    leap_month: Missing = Missing.EARLIER

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> "CalendarRules":
        """From `Merchant.settings["calendar"]`: `{"leap_day": "later"}`."""
        try:
            return cls(**{key: Missing(value) for key, value in settings.items()})
        except (TypeError, ValueError) as error:
            raise Invalid("calendar_rules") from error


DEFAULT_RULES = CalendarRules()


@dataclass(frozen=True, slots=True)
class AnnualDate:
    """Month and day in one calendar. `year` is the first one (of birth, of the wedding), if told;
    for a lunar date it is the lunar year."""

    calendar: CalendarKind
    month: int
    day: int
    leap: bool = False
    year: int | None = None

    def __post_init__(self) -> None:
        if not (1 <= self.month <= _LAST_MONTH and self._day_exists() and self._year_has_it()):
            raise Invalid("annual_date")

    def _day_exists(self) -> bool:
        if self.calendar is CalendarKind.LUNAR:
            return 1 <= self.day <= _LONGEST_LUNAR_MONTH
        return not self.leap and _solar(_A_LEAP_YEAR, self.month, self.day) is not None

    def _year_has_it(self) -> bool:
        if self.year is None:
            return True
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            return False
        if self.calendar is CalendarKind.SOLAR:
            return _solar(self.year, self.month, self.day) is not None
        return solar_date(LunarDay(self.year, self.month, self.day, self.leap)) is not None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One return of an annual date: `year` of its own calendar, `on` the solar day."""

    year: int
    on: date


@dataclass(frozen=True, slots=True)
class BothCalendars:
    """One day under its two names, for a sentence to choose from."""

    solar: date
    lunar: LunarDay


def on_year(when: AnnualDate, year: int, rules: CalendarRules = DEFAULT_RULES) -> date:
    """The solar day on which the date is kept in that year of its own calendar."""
    if when.calendar is CalendarKind.SOLAR:
        return _solar(year, when.month, when.day) or _instead_of_leap_day(year, rules)
    return _lunar_on_year(when, year, rules)


def next_occurrence(
    when: AnnualDate, *, after: date, rules: CalendarRules = DEFAULT_RULES
) -> Occurrence:
    """The first return later than `after`."""
    # A lunar year ends in the next solar year, so the one begun last year is still running.
    years = range(max(after.year - 1, MINYEAR), after.year + 3)
    coming = (Occurrence(year, on_year(when, year, rules)) for year in years)
    return next(occurrence for occurrence in coming if occurrence.on > after)


def next_on(when: AnnualDate, *, after: date, rules: CalendarRules = DEFAULT_RULES) -> date:
    """The day of the first return later than `after`."""
    return next_occurrence(when, after=after, rules=rules).on


def both_calendars(on: date) -> BothCalendars:
    return BothCalendars(on, lunar_day(on))


def _solar(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _instead_of_leap_day(year: int, rules: CalendarRules) -> date:
    """Only 29 February is ever missing from a solar year."""
    if rules.leap_day is Missing.LATER:
        return date(year, _FEBRUARY + 1, 1)
    return date(year, _FEBRUARY, _LEAP_DAY - 1)


def _lunar_on_year(when: AnnualDate, year: int, rules: CalendarRules) -> date:
    month = find_month(year, when.month, leap=when.leap)
    if month is None:
        month = _instead_of_leap_month(when.month, year, rules)
    day = when.day
    if day > month.days and rules.short_month is Missing.EARLIER:
        day = month.days
    return month.first + timedelta(days=day - 1)


def _instead_of_leap_month(month: int, year: int, rules: CalendarRules) -> LunarMonth:
    if rules.leap_month is Missing.LATER:
        year, month = (year, month + 1) if month < _LAST_MONTH else (year + 1, 1)
    ordinary = find_month(year, month, leap=False)
    assert ordinary is not None  # noqa: S101  # every lunar year has its twelve ordinary months
    return ordinary
