"""When a person may be disturbed: pure arithmetic between moments (UTC) and their wall clock.

A wall time that daylight saving skips is read as the moment the clocks jump to, plus what was
skipped; one that happens twice is the first of the two (PEP 495, fold 0).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from data.kernel.errors import Invalid

_NOON = time(12)


def zone_of(name: str) -> ZoneInfo:
    """The IANA time zone of that name; `Invalid` when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid("timezone") from error


def at_local(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """That day and wall time there, as UTC."""
    return datetime.combine(day, wall, tzinfo=zone).astimezone(UTC)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From an evening to the next morning; `end` itself is allowed. Default: our decision."""

    start: time = time(22)
    end: time = time(8)

    def __post_init__(self) -> None:
        if not self.end <= _NOON < self.start:
            raise Invalid("quiet_hours")

    def next_allowed(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The moment itself, or the end of the quiet hours it falls into."""
        local = moment.astimezone(zone)
        if self.end <= local.time() < self.start:
            return moment
        evening = local.time() >= self.start
        morning = local.date() + timedelta(days=1) if evening else local.date()
        return max(moment, at_local(morning, self.end, zone))

    def next_morning(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """When the next local day becomes allowed."""
        return at_local(local_day(moment, zone) + timedelta(days=1), self.end, zone)
