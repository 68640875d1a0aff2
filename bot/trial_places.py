"""Who may act stories now: one trial of a shop at a time, a few of all shops together.

Made before processes part, the places are common to them: each is a byte of a nameless file, which
the kernel sets free when the process dies that has locked it.
"""

import fcntl
import os
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from threading import Lock

from bot.web.rates import nameless_file
from data.kernel.errors import TooOften

_LOOK_EACH = 0.1  # seconds; who waits is a person who publishes
_FIRST_SHOP = 1 << 16  # the bytes before are places, those from here on shops


class TrialPlaces:
    """`most` at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._ours: set[int] = set()  # the kernel tells processes apart, not threads
        self._threads = Lock()
        self._file = nameless_file()
        weakref.finalize(self, os.close, self._file)

    @contextmanager
    def place(self, shop: str, *, patience: float) -> Iterator[None]:
        """TooOften where none was free for so many seconds."""
        until = time.monotonic() + patience
        while (taken := self._try(shop)) is None:
            if time.monotonic() >= until:
                raise TooOften("stories")
            time.sleep(_LOOK_EACH)
        try:
            yield
        finally:
            self._leave(taken)

    def _try(self, shop: str) -> tuple[int, ...] | None:
        name = int.from_bytes(blake2b(shop.encode(), digest_size=6).digest())
        theirs = _FIRST_SHOP + name
        with self._threads:
            if not self._lock(theirs):
                return None
            free = next(filter(self._lock, range(self._most)), None)
            if free is not None:
                return theirs, free
            self._unlock(theirs)
        return None

    def _leave(self, taken: tuple[int, ...]) -> None:
        with self._threads:
            for byte in taken:
                self._unlock(byte)

    def _lock(self, byte: int) -> bool:
        if byte in self._ours:
            return False
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except OSError:  # another process has it
            return False
        self._ours.add(byte)
        return True

    def _unlock(self, byte: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)
        self._ours.discard(byte)
