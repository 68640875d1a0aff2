"""Days as a shop counts them: where it is, from midnight to midnight."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from data.kernel.errors import Invalid

# No shop has books outside these; at the ends of Python's own calendar a time zone falls off.
_FIRST, _LAST = date(2000, 1, 1), date(2199, 12, 31)


def read_day(said: str | None) -> date | None:
    """Of what was typed as YYYY-MM-DD; nothing is None. Invalid("day")."""
    if not said:
        return None
    try:
        day = date.fromisoformat(said)
    except ValueError:
        raise Invalid("day") from None
    if not is_of_a_shop(day):
        raise Invalid("day")
    return day


def is_of_a_shop(day: date) -> bool:
    return _FIRST <= day <= _LAST


def beginning(day: date | None, timezone: str) -> datetime | None:
    """Its midnight there."""
    return datetime.combine(day, time(), ZoneInfo(timezone)) if day else None


def ending(day: date | None, timezone: str) -> datetime | None:
    """The midnight after it: the day itself counts."""
    return beginning(day + timedelta(days=1), timezone) if day else None


def between(
    first: str | None, last: str | None, timezone: str
) -> tuple[datetime | None, datetime | None]:
    """From the midnight that begins the first to the one that ends the last. Invalid: "day", and
    "days" that are the wrong way round."""
    begin, end = read_day(first), read_day(last)
    if begin and end and end < begin:
        raise Invalid("days")
    return beginning(begin, timezone), ending(end, timezone)
