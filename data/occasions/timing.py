"""When to remind of what: pure, from the date, the lead and the wall clock of the person."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from data.occasions.calendar import AnnualDate, CalendarRules, Occurrence, next_occurrence
from data.people.quiet_hours import QuietHours, at_local, local_day

# Our decision: the shop is open, the day is still free for choosing a gift.
REMIND_AT = time(9, 30)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How one occasion is told of: how long before, on whose clock, by which rules."""

    lead_days: int
    zone: ZoneInfo
    quiet: QuietHours
    rules: CalendarRules


@dataclass(frozen=True, slots=True)
class Planned:
    """The next reminder: of the return in `year`, which falls `on`, to be said at `due_at`."""

    year: int
    on: date
    due_at: datetime


def plan_next(
    when: AnnualDate, *, rhythm: Rhythm, now: datetime, done: int | None = None, late: datetime
) -> Planned:
    """The first return that can still be told of, later than the year that is `done`.

    A lead day that has passed is made up for at `late`, if the day itself is not over by then.
    """
    occurrence = _first(when, rhythm, local_day(now, rhythm.zone) - _DAY, done)
    due_at = _due(occurrence, rhythm, now, late)
    if local_day(due_at, rhythm.zone) > occurrence.on:
        occurrence = next_occurrence(when, after=occurrence.on, rules=rhythm.rules)
        due_at = _due(occurrence, rhythm, now, late)
    return Planned(occurrence.year, occurrence.on, due_at)


def next_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """The next 9:30 there."""
    today = local_day(now, zone)
    morning = at_local(today, REMIND_AT, zone)
    return morning if morning > now else at_local(today + _DAY, REMIND_AT, zone)


def _first(when: AnnualDate, rhythm: Rhythm, after: date, done: int | None) -> Occurrence:
    occurrence = next_occurrence(when, after=after, rules=rhythm.rules)
    while done is not None and occurrence.year <= done:
        occurrence = next_occurrence(when, after=occurrence.on, rules=rhythm.rules)
    return occurrence


def _due(occurrence: Occurrence, rhythm: Rhythm, now: datetime, late: datetime) -> datetime:
    lead_day = at_local(occurrence.on - timedelta(days=rhythm.lead_days), REMIND_AT, rhythm.zone)
    return rhythm.quiet.next_allowed(lead_day if lead_day > now else late, rhythm.zone)
