"""How often somebody may ask: a token bucket per name, for floods and guessing.

The buckets lie in memory that forked processes share: a limit is the same however many serve.
Money and rights are counted in the database; this only keeps noise away (T03, T08).
"""

import fcntl
import os
import secrets
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from mmap import mmap
from struct import Struct
from threading import Lock

from data.kernel.errors import TooOften

# 10,000 names; of eight that fall into one shelf the longest unseen one is forgotten first.
_SHELVES, _PLACES = 1_250, 8
_BUCKET = Struct("=Qdd")  # whose, what is left, when it was last looked at


class Rate:
    """`burst` at once, refilled over `per` seconds. Made before processes part, it is common."""

    def __init__(self, burst: int, *, per: float) -> None:
        self._burst = burst
        self._refill = burst / per
        self._buckets = mmap(-1, _SHELVES * _PLACES * _BUCKET.size)
        self._salt = secrets.token_bytes(16)  # nobody can choose whom to fall together with
        self._threads = Lock()
        self._file = nameless_file()
        weakref.finalize(self, os.close, self._file)

    def take(self, name: str, *, now: datetime) -> None:
        """Raises TooOften when nothing is left."""
        if not self.admits(name, now=now):
            raise TooOften(name)

    def check(self, name: str, *, now: datetime) -> None:
        """Raises TooOften without taking anything."""
        if not self._look(name, now.timestamp(), taking=0):
            raise TooOften(name)

    def admits(self, name: str, *, now: datetime) -> bool:
        """Takes one if there is one."""
        return self._look(name, now.timestamp(), taking=1)

    def _look(self, name: str, now: float, *, taking: int) -> bool:
        whose = int.from_bytes(blake2b(name.encode(), digest_size=8, key=self._salt).digest()) or 1
        with self._alone():
            place, left, at = self._find(whose, now)
            left = min(self._burst, left + max(0.0, now - at) * self._refill)
            enough = left >= 1
            _BUCKET.pack_into(self._buckets, place, whose, left - taking * enough, now)
        return enough

    def _find(self, whose: int, now: float) -> tuple[int, float, float]:
        """Their bucket, or a full one in place of an empty or of the longest unseen one."""
        size = _BUCKET.size
        shelf = whose % _SHELVES * _PLACES * size
        oldest, seen = shelf, float("inf")
        for place in range(shelf, shelf + _PLACES * size, size):
            owner, left, at = _BUCKET.unpack_from(self._buckets, place)
            if owner == whose:
                return place, left, at
            if (at if owner else float("-inf")) < seen:
                oldest, seen = place, at if owner else float("-inf")
        return oldest, float(self._burst), now

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Among threads and processes; who dies in here lets the others in."""
        with self._threads:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)


def nameless_file() -> int:
    """Open, and gone from its folder: only to be locked."""
    file, name = tempfile.mkstemp()
    os.unlink(name)  # noqa: PTH108  # a path object for one call
    return file
