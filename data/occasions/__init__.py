"""Birthdays, anniversaries, festivals: saved once, told of once a year, in either calendar."""

from data.occasions.calendar import (
    AnnualDate,
    BothCalendars,
    CalendarKind,
    CalendarRules,
    Missing,
    both_calendars,
    next_on,
)
from data.occasions.facts import ReminderDue
from data.occasions.lunar import LunarDay
from data.occasions.models import Occasion, OccasionKind, Reminder, ReminderState
from data.occasions.queries import due_reminder, gifts_given
from data.occasions.reminders import JOBS, fire_reminder
from data.occasions.schedule import schedule_next
from data.occasions.service import (
    DayToKeep,
    forget_occasion,
    forget_occasions,
    occasion_of,
    occasions_of,
    protect_minor,
    save_occasion,
)
from data.occasions.subjects import subject_of

__all__ = [
    "JOBS",
    "AnnualDate",
    "BothCalendars",
    "CalendarKind",
    "CalendarRules",
    "DayToKeep",
    "LunarDay",
    "Missing",
    "Occasion",
    "OccasionKind",
    "Reminder",
    "ReminderDue",
    "ReminderState",
    "both_calendars",
    "due_reminder",
    "fire_reminder",
    "forget_occasion",
    "forget_occasions",
    "gifts_given",
    "next_on",
    "occasion_of",
    "occasions_of",
    "protect_minor",
    "save_occasion",
    "schedule_next",
    "subject_of",
]
