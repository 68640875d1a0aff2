"""Days that come back, in words: whose they are, when in either calendar, how far away.

`Words` turns a response and its values into a sentence of one language; actions and notices bring
their own.
"""

from collections.abc import Callable
from datetime import date

from data.kernel.locales import Locale
from data.occasions import (
    AnnualDate,
    CalendarKind,
    CalendarRules,
    LunarDay,
    Missing,
    OccasionKind,
    both_calendars,
)
from dialogs.wording import month_day, words

Words = Callable[..., str]

_LEAP_DAY = (2, 29)
_LAST_LUNAR_DAY = 30
_OURS = frozenset({"self", "partner", "wife", "husband", "girlfriend", "boyfriend"})
_SOON = {0: "utter_in_no_days", 1: "utter_in_one_day"}


def what_day(say: Words, *, kind: str, relation: str, subject: str) -> str:
    """Mum's birthday, your anniversary, Mid-Autumn Festival."""
    if kind == OccasionKind.FESTIVAL:
        return say("utter_what_festival", festival=subject)
    ours = not subject and (relation in _OURS if kind == OccasionKind.ANNIVERSARY else False)
    if ours or relation == "self":
        return say(f"utter_what_own_{kind}")
    return say(f"utter_what_{kind}", whose=_whose(say, relation, subject))


def _whose(say: Words, relation: str, subject: str) -> str:
    return subject or say("utter_whose", relation=relation)


def annual_day(when: AnnualDate, locale: Locale) -> str:
    """May 3, or 农历八月十五."""
    if when.calendar is CalendarKind.LUNAR:
        return lunar_words(when, locale)
    return month_day(when.month, when.day, locale)


def lunar_words(day: AnnualDate | LunarDay, locale: Locale) -> str:
    names = words(locale)
    shape = names["lunar"]["leap" if day.leap else "day"]
    month = names["lunar_month"][str(day.month)]
    return shape.replace("#1", month).replace("#2", names["lunar_day"][str(day.day)])


def lunar_name(on: date, locale: Locale) -> str:
    """What a solar day is called in the lunar calendar."""
    return lunar_words(both_calendars(on).lunar, locale)


def days_away(say: Words, days: int) -> str:
    """Today, tomorrow, in twelve days."""
    return say(_SOON.get(days, "utter_in_days"), days=str(days))


def missing_day(say: Words, when: AnnualDate, rules: CalendarRules) -> list[str]:
    """What is done in years that lack the day: said when it is saved, not when it surprises."""
    return [say(f"utter_{gap}_{rule}") for gap, rule in _gaps(when, rules)]


def _gaps(when: AnnualDate, rules: CalendarRules) -> list[tuple[str, Missing]]:
    if when.calendar is CalendarKind.SOLAR:
        is_leap_day = (when.month, when.day) == _LEAP_DAY
        return [("leap_day", rules.leap_day)] if is_leap_day else []
    gaps = [("leap_month", rules.leap_month)] if when.leap else []
    return [*gaps, ("short_month", rules.short_month)] if when.day == _LAST_LUNAR_DAY else gaps
