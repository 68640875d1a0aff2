"""How often somebody may ask: a token bucket per name, in memory, for floods and guessing.

Money and rights are counted in the database; this only keeps noise away (T03, T08).
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from data.kernel.errors import TooOften

_REMEMBERED = 10_000  # names; the longest unseen one is forgotten first


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime


class Rate:
    """`burst` at once, refilled over `per` seconds."""

    def __init__(self, burst: int, *, per: float) -> None:
        self._burst = burst
        self._refill = burst / per
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, name: str, *, now: datetime) -> None:
        """Raises TooOften when nothing is left."""
        bucket = self._bucket(name, now)
        if bucket.left < 1:
            raise TooOften(name)
        bucket.left -= 1

    def check(self, name: str, *, now: datetime) -> None:
        """Raises TooOften without taking anything."""
        if self._bucket(name, now).left < 1:
            raise TooOften(name)

    def _bucket(self, name: str, now: datetime) -> _Bucket:
        bucket = self._buckets.pop(name, None) or _Bucket(self._burst, now)
        passed = max(0.0, (now - bucket.at).total_seconds())
        bucket.left = min(self._burst, bucket.left + passed * self._refill)
        bucket.at = now
        self._buckets[name] = bucket
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        return bucket
