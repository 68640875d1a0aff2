"""The hours in which nobody is disturbed, on wall clocks that jump twice a year."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.kernel.errors import Invalid
from data.people.quiet_hours import QuietHours, at_local, zone_of

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Asia/Taipei", "UTC"]


def at(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[misc,arg-type]  # year, month, day …


@pytest.mark.parametrize("zone", ZONES)
def test_the_night_moves_to_the_morning_and_the_day_stays(zone: str) -> None:
    quiet = QuietHours()
    there = ZoneInfo(zone)
    assert quiet.next_allowed(at(zone, 2026, 6, 1, 23, 0), there) == at(zone, 2026, 6, 2, 8)
    assert quiet.next_allowed(at(zone, 2026, 6, 2, 3, 0), there) == at(zone, 2026, 6, 2, 8)
    assert quiet.next_allowed(at(zone, 2026, 6, 2, 8, 0), there) == at(zone, 2026, 6, 2, 8)
    assert quiet.next_allowed(at(zone, 2026, 6, 2, 21, 59), there) == at(zone, 2026, 6, 2, 21, 59)
    assert quiet.next_allowed(at(zone, 2026, 6, 2, 22, 0), there) == at(zone, 2026, 6, 3, 8)


def test_eight_in_the_morning_is_eight_on_the_wall_when_the_clocks_change() -> None:
    quiet, berlin, new_york = QuietHours(), zone_of("Europe/Berlin"), zone_of("America/New_York")
    spring = quiet.next_allowed(datetime(2026, 3, 28, 22, 0, tzinfo=UTC), berlin)  # 23:00 CET
    autumn = quiet.next_allowed(datetime(2026, 10, 24, 21, 0, tzinfo=UTC), berlin)  # 23:00 CEST
    assert spring == datetime(2026, 3, 29, 6, tzinfo=UTC)  # CEST already
    assert autumn == datetime(2026, 10, 25, 7, tzinfo=UTC)  # CET again
    over = quiet.next_allowed(datetime(2026, 3, 8, 3, 30, tzinfo=UTC), new_york)  # 22:30 EST
    assert over == datetime(2026, 3, 8, 12, tzinfo=UTC)  # 8:00 EDT


def test_a_wall_time_that_the_clocks_skip_is_still_a_moment() -> None:
    skipped = at_local(date(2026, 3, 29), time(2, 30), zone_of("Europe/Berlin"))
    assert skipped == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 3:30 CEST


@given(
    moment=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # Hypothesis wants its bounds naive
    zone=st.sampled_from(ZONES),
)
def test_what_comes_out_is_allowed_soon_and_stays_as_it_is(moment: datetime, zone: str) -> None:
    quiet, there = QuietHours(), ZoneInfo(zone)
    allowed = quiet.next_allowed(moment, there)
    assert moment <= allowed <= moment + timedelta(hours=11)  # ten, and one when clocks go back
    assert time(8) <= allowed.astimezone(there).time() < time(22)
    assert quiet.next_allowed(allowed, there) == allowed
    assert moment < quiet.next_morning(moment, there)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Asia"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        zone_of(name)


def test_quiet_hours_must_cover_a_night() -> None:
    with pytest.raises(Invalid):
        QuietHours(start=time(9), end=time(8))
