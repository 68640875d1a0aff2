"""Pages that a secret link opens: how often one caller may look, and guess wrong (T08)."""

from datetime import datetime

from fastapi import Request

from bot.web.callers import address_of
from bot.web.rates import Rate

_MISSES_A_MINUTE = 20  # guesses that hit nothing


class Guesses:
    """One for each kind of page, made before processes part; both raise TooOften."""

    def __init__(self, looks_a_minute: int) -> None:
        self._looks = Rate(looks_a_minute, per=60)
        self._misses = Rate(_MISSES_A_MINUTE, per=60)

    def look(self, request: Request, *, now: datetime) -> None:
        """Whoever has guessed wrong too often sees nothing at all."""
        caller = address_of(request)
        self._misses.check(caller, now=now)
        self._looks.take(caller, now=now)

    def missed(self, request: Request, *, now: datetime) -> None:
        self._misses.take(address_of(request), now=now)
