"""Lengths of time as stories and the demo write them: `7 days`, `PT30M`."""

from datetime import datetime, timedelta

from pydantic import TypeAdapter


def later(now: datetime, words: str) -> datetime:
    """`7 days`, `90 minutes`, `PT30M`: how a story and the demo turn the clock."""
    return now + duration(words)


_ISO = TypeAdapter(timedelta)
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}


def duration(words: str) -> timedelta:
    """Raises ValueError for anything that is no length of time."""
    if words.startswith("P"):
        return _ISO.validate_python(words)
    count, _, unit = words.strip().partition(" ")
    seconds = _UNITS.get(unit.strip().rstrip("s"))
    if seconds is None:
        raise ValueError(words)
    return timedelta(seconds=float(count) * seconds)
