"""What was said of a day, as slots hold it, and the day that can be kept of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data.kernel.errors import Invalid
from data.kernel.locales import Locale
from data.occasions import AnnualDate, CalendarKind, OccasionKind
from dialogs.understanding.values.calendar import fixed_day

UNCLEAR = "unclear"
# What is said of a day, and what we keep it as; every festival is one too. The rest (a graduation,
# an exam) does not come back.
_KINDS = {
    "birthday": OccasionKind.BIRTHDAY,
    "anniversary": OccasionKind.ANNIVERSARY,
    "wedding": OccasionKind.ANNIVERSARY,
}
_ONCE = frozenset(
    (
        "engagement", "graduation", "new_baby", "housewarming", "retirement", "farewell",
        "promotion", "thanks", "get_well", "apology", "exam", "visit", "opening",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SaidKind:
    """`kind` is None for a day that does not come back; `festival` is the one that was named."""

    kind: OccasionKind | None
    festival: str | None = None


def said_kind(said: Sequence[str] | None) -> SaidKind:
    """Of several the last one counts: "her birthday, no, our anniversary"."""
    names = list(reversed(said or ()))
    festival = next((name for name in names if name not in _KINDS and name not in _ONCE), None)
    kind = next((_KINDS[name] for name in names if name in _KINDS), None)
    if kind is None and festival:
        return SaidKind(OccasionKind.FESTIVAL, festival)
    once = kind is None and bool(names)
    return SaidKind(None if once else kind or OccasionKind.BIRTHDAY, festival)


@dataclass(frozen=True, slots=True)
class SaidDay:
    """A day of the year; `calendar` is `unclear` where the words fit both."""

    calendar: str
    month: int
    day: int
    leap: bool = False
    year: int | None = None

    @classmethod
    def of(cls, value: Any) -> "SaidDay | None":
        """From a slot, where understanding has put it."""
        if not isinstance(value, Mapping):
            return None
        return cls(
            str(value["calendar"]), value["month"], value["day"], value["leap"], value.get("year")
        )

    def as_slot(self) -> dict[str, Any]:
        year = {} if self.year is None else {"year": self.year}
        head = {"calendar": self.calendar, "month": self.month, "day": self.day}
        return {**head, "leap": self.leap, **year}

    def annual(self, *, this_year: int) -> AnnualDate | None:
        """None where there is no such day. A year to come is no year of birth."""
        year = self.year if self.year is not None and self.year < this_year else None
        calendar = CalendarKind(self.calendar)
        for first in (year, None):
            try:
                return AnnualDate(calendar, self.month, self.day, leap=self.leap, year=first)
            except Invalid:  # the day is not in that year; without the year it still comes back
                continue
        return None


def festival_day(name: str, locale: Locale) -> SaidDay | None:
    """None for a festival that falls on another date each year."""
    fixed = fixed_day(name, locale)
    return SaidDay(*fixed) if fixed else None
