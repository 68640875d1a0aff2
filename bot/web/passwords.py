"""Passwords of staff: argon2id at the library's defaults, two at once, none that all know.

64 MiB, t=3, p=4 takes 255 ms here; OWASP's floor is 19 MiB, t=2, p=1.
"""

import unicodedata
from functools import cache, cached_property
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from data.kernel.errors import Invalid
from data.kernel.tokens import new_token

SHORTEST, LONGEST = 12, 128
_COMMON = Path(__file__).with_name("common_passwords.txt")
_AT_ONCE = 2  # each takes 64 MiB


class Passwords:
    """The one hasher of a process; also `data.merchants.staff.Hasher`."""

    def __init__(self, hasher: PasswordHasher | None = None, *, processes: int = 1) -> None:
        self._hasher = hasher or PasswordHasher()
        self._slots = BoundedSemaphore(max(1, _AT_ONCE // processes))

    @cached_property
    def _nobody(self) -> str:
        """Unknown users are compared with this, so that they take as long as known ones (T50).

        Made at the first look, whoever it is for: who only stores a password need not wait for it.
        """
        return self._hasher.hash(new_token())

    def hash(self, password: str) -> str:
        """What to store; Invalid for a password that is short, endless or common."""
        plain = _normal(password)
        if not SHORTEST <= len(plain) <= LONGEST or plain.lower() in _common():
            raise Invalid("password")
        with self._slots:
            return self._hasher.hash(plain)

    def verify(self, stored: str | None, password: str) -> bool:
        """Is it the password? Takes the same time where there is nobody to compare with."""
        plain = _normal(password)[:LONGEST]
        with self._slots:
            nobody = self._nobody
            try:
                return self._hasher.verify(stored or nobody, plain) and stored is not None
            except (VerificationError, InvalidHashError):
                return False

    def is_outdated(self, stored: str) -> bool:
        """Hashed at another cost than today's."""
        return self._hasher.check_needs_rehash(stored)

    def renew(self, password: str) -> str:
        """Hash again at today's cost what was accepted long ago, whatever today's rules say."""
        with self._slots:
            return self._hasher.hash(_normal(password))


def _normal(password: str) -> str:
    """The same characters from every keyboard (NFKC, as RFC 8265 asks of OpaqueString's kin)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON.read_text(encoding="utf-8").split())
