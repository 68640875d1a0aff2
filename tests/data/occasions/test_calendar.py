"""Days that come back: leap months, leap days, and two calendars whose years do not meet."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lunardate import LunarDate

from data.kernel.errors import Invalid
from data.occasions.calendar import (
    AnnualDate,
    CalendarKind,
    CalendarRules,
    Missing,
    both_calendars,
    next_occurrence,
    next_on,
    on_year,
)
from data.occasions.lunar import LunarDay, lunar_day, months_of, solar_date

LATER = CalendarRules(leap_day=Missing.LATER, short_month=Missing.LATER, leap_month=Missing.LATER)
# Four new moons so near to Beijing's midnight that tables differ. By Meeus' formula they fall at
# 00:03, 20:30, 00:09 and 00:00:16, Beijing time: lunar-python puts all four on the right day,
# and the Hong Kong Observatory says of its own table that 2057 may be one day early.
DISPUTED = {date(1933, 7, 22), date(1954, 11, 25), date(1978, 9, 2), date(2057, 9, 28)}


def lunar(month: int, day: int, *, leap: bool = False, year: int | None = None) -> AnnualDate:
    return AnnualDate(CalendarKind.LUNAR, month, day, leap=leap, year=year)


def solar(month: int, day: int, *, year: int | None = None) -> AnnualDate:
    return AnnualDate(CalendarKind.SOLAR, month, day, year=year)


@pytest.mark.slow  # quicker: every month, in the oracles of understanding
def test_every_day_of_two_centuries_has_the_lunar_name_a_second_library_gives_it() -> None:
    day, last = date(1900, 1, 31), date(2099, 12, 31)
    differing = set()
    while day <= last:
        other = LunarDate.from_solar_date(day.year, day.month, day.day)
        ours = lunar_day(day)
        if ours != LunarDay(other.year, other.month, other.day, bool(other.is_leap_month)):
            differing.add(day)
        day += timedelta(days=1)
    starts = {day for day in differing if day - timedelta(days=1) not in differing}
    assert starts == DISPUTED
    assert len(differing) == 30 * len(DISPUTED)


def test_a_solar_date_and_its_lunar_name_lead_back_to_each_other() -> None:
    for year in range(1900, 2199):
        months = months_of(year)
        assert len(months) in (12, 13)
        for month, following in zip(months, (*months[1:], months_of(year + 1)[0]), strict=True):
            assert month.first + timedelta(days=month.days) == following.first
            last = month.first + timedelta(days=month.days - 1)
            assert lunar_day(last) == LunarDay(year, month.month, month.days, month.leap)
            assert solar_date(lunar_day(last)) == last


@pytest.mark.parametrize(
    ("when", "after", "expected"),
    [
        (lunar(8, 15), date(2026, 1, 1), date(2026, 9, 25)),  # Mid-Autumn
        (lunar(1, 1), date(2026, 2, 16), date(2026, 2, 17)),  # New Year
        (lunar(5, 5), date(2026, 6, 19), date(2027, 6, 9)),  # Dragon Boat, one day late
        (lunar(6, 1, leap=True), date(2025, 1, 1), date(2025, 7, 25)),  # a year with leap 6
        (lunar(6, 1, leap=True), date(2026, 1, 1), date(2026, 7, 14)),  # a year without
        (lunar(6, 1), date(2025, 1, 1), date(2025, 6, 25)),  # never the leap month by mistake
        (lunar(11, 1, leap=True), date(2033, 6, 1), date(2033, 12, 22)),  # the rare leap 11
        (lunar(12, 30), date(2026, 1, 1), date(2026, 2, 16)),  # a month of 29: the 29th
        (lunar(12, 30), date(2030, 1, 1), date(2030, 2, 2)),  # a month of 30
        (solar(2, 29), date(2026, 1, 1), date(2026, 2, 28)),
        (solar(2, 29), date(2028, 1, 1), date(2028, 2, 29)),
        (solar(2, 29), date(2028, 2, 29), date(2029, 2, 28)),
        (solar(12, 31), date(2026, 12, 31), date(2027, 12, 31)),
    ],
)
def test_the_next_return_is(when: AnnualDate, after: date, expected: date) -> None:
    assert next_on(when, after=after) == expected


@pytest.mark.parametrize(
    ("when", "year", "expected"),
    [
        (solar(2, 29), 2026, date(2026, 3, 1)),
        (solar(2, 29), 2028, date(2028, 2, 29)),
        (lunar(12, 30), 2025, date(2026, 2, 17)),  # the day after a month of 29 is New Year
        (lunar(6, 1, leap=True), 2026, date(2026, 8, 13)),  # the month after the ordinary one
        (lunar(6, 1, leap=True), 2025, date(2025, 7, 25)),
        (lunar(12, 5, leap=True), 2026, date(2027, 2, 10)),  # after month 12 comes next year's 1
    ],
)
def test_a_shop_may_keep_missing_days_later(when: AnnualDate, year: int, expected: date) -> None:
    assert on_year(when, year, LATER) == expected


def test_settings_name_the_rules_and_nonsense_is_refused() -> None:
    assert CalendarRules.of({"leap_day": "later"}) == CalendarRules(leap_day=Missing.LATER)
    for nonsense in ({"leap_day": "mar1"}, {"leap_year": "later"}):
        with pytest.raises(Invalid):
            CalendarRules.of(nonsense)


def test_a_lunar_year_names_a_return_where_the_solar_year_cannot() -> None:
    first_of_twelve = lunar(12, 1)
    first = next_occurrence(first_of_twelve, after=date(2029, 12, 31))
    second = next_occurrence(first_of_twelve, after=first.on)
    third = next_occurrence(first_of_twelve, after=second.on)
    assert [first.on, second.on] == [date(2030, 1, 4), date(2030, 12, 25)]  # twice in 2030
    assert third.on == date(2032, 1, 13)  # and not at all in 2031
    assert [first.year, second.year, third.year] == [2029, 2030, 2031]


def test_both_calendars_name_one_day_as_data() -> None:
    both = both_calendars(date(2025, 8, 1))
    assert both.solar == date(2025, 8, 1)
    assert both.lunar == LunarDay(2025, 6, 8, leap=True)


@pytest.mark.parametrize(
    "told",
    [
        ("solar", 2, 30, False, None),
        ("solar", 13, 1, False, None),
        ("solar", 4, 0, False, None),
        ("solar", 5, 3, True, None),
        ("solar", 2, 29, False, 1991),
        ("solar", 5, 3, False, 1066),
        ("lunar", 8, 31, False, None),
        ("lunar", 0, 1, False, None),
        ("lunar", 6, 1, True, 1990),  # the leap month of 1990 is the fifth
    ],
)
def test_a_day_that_never_was_is_refused(told: tuple[str, int, int, bool, int | None]) -> None:
    calendar, month, day, leap, year = told
    with pytest.raises(Invalid):
        AnnualDate(CalendarKind(calendar), month, day, leap=leap, year=year)


def annual_dates() -> st.SearchStrategy[AnnualDate]:
    leap_year_days = st.dates(date(2000, 1, 1), date(2000, 12, 31))
    return st.one_of(
        leap_year_days.map(lambda d: solar(d.month, d.day)),
        st.builds(lunar, st.integers(1, 12), st.integers(1, 30), leap=st.booleans()),
    )


@given(
    when=annual_dates(),
    year=st.integers(1900, 2190),
    rules=st.builds(CalendarRules, *[st.sampled_from(Missing)] * 3),
)
def test_every_year_has_exactly_one_return_and_years_follow_each_other(
    when: AnnualDate, year: int, rules: CalendarRules
) -> None:
    on, following = on_year(when, year, rules), on_year(when, year + 1, rules)
    assert 324 <= (following - on).days <= 414  # 12 or 13 moons, one more or less at a leap month
    assert next_occurrence(when, after=on, rules=rules).on == following
    assert next_occurrence(when, after=on - timedelta(days=1), rules=rules).year == year
