"""Time is asked of a Clock, never of the machine: tests, demos and reminders can turn it."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time as an aware UTC datetime."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own time: the only place that asks for it."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  # this is the Clock everyone else must ask


class TurnableClock:
    """Starts where it is told, stands still or runs, and can be turned; for tests and the demo."""

    def __init__(self, start: datetime, *, running: Clock | None = None) -> None:
        if start.tzinfo is None:
            raise ValueError("clock_start_naive")
        self._running = running
        self._origin = running.now() if running else start
        self._start = start.astimezone(UTC)

    def now(self) -> datetime:
        elapsed = self._running.now() - self._origin if self._running else timedelta(0)
        return self._start + elapsed

    def advance(self, by: timedelta) -> datetime:
        """Turn the clock forward; it never runs backwards, for no deadline may come undone."""
        if by < timedelta(0):
            raise ValueError("clock_backwards")
        self._start += by
        return self.now()

    def turn_to(self, moment: datetime) -> datetime:
        return self.advance(moment - self.now())
