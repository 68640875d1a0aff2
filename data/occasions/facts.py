"""What an occasion announces."""

from dataclasses import dataclass
from datetime import date

from data.kernel.facts import Fact


@dataclass(frozen=True, slots=True)
class ReminderDue(Fact):
    """Say it now, in this private chat: it has been counted and cleared to be said.

    `on` is the solar day, `days_left` counts from the person's today; `turns` is the age or the
    number of years when the first year is known. `lunar`: name the day in both calendars.
    """

    occasion_id: str
    person_id: str
    chat_id: str
    kind: str
    relation: str
    subject: str
    on: date
    year: int
    days_left: int
    turns: int | None
    lunar: bool
