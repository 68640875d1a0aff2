"""Passwords: long enough, not everybody's, and as slow for nobody as for somebody (T50)."""

import time

import pytest
from argon2 import PasswordHasher

from bot.web.passwords import Passwords
from data.kernel.errors import Invalid
from tests.bot.builders import PASSWORD, QUICK


class Counting(PasswordHasher):
    """How many hashes it has made."""

    made = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.made += 1
        return super().hash(password, salt=salt)


@pytest.mark.parametrize(
    "weak", ["", "short", "elevenchars", "x" * 129, "password1234", "1q2w3e4r5t6y", "Qwertyuiop123"]
)
def test_a_weak_password_is_refused(weak: str) -> None:
    """T50: 12 to 128 characters, and none of a list that every guesser has."""
    with pytest.raises(Invalid):
        QUICK.hash(weak)


def test_the_same_password_typed_on_another_keyboard_is_the_same() -> None:
    stored = QUICK.hash("ｆｕｌｌ　ｗｉｄｔｈ　团子")
    assert QUICK.verify(stored, "full width 团子")


def test_a_hash_tells_nothing_and_is_never_twice_the_same() -> None:
    first, second = QUICK.hash(PASSWORD), QUICK.hash(PASSWORD)
    assert first != second
    assert PASSWORD not in first
    assert first.startswith("$argon2id$")


def test_nobody_takes_as_long_as_somebody() -> None:
    """T50: with the real cost; an unknown name must not answer faster."""
    real = Passwords()
    stored = real.hash(PASSWORD)

    def took(known: str | None) -> float:
        began = time.process_time()
        assert not real.verify(known, "not the password")
        return time.process_time() - began

    somebody = min(took(stored) for _ in range(3))
    nobody = min(took(None) for _ in range(3))
    assert 0.5 < nobody / somebody < 2


def test_the_first_look_takes_as_long_for_somebody_as_for_nobody() -> None:
    """T50: what the unknown are compared with is made at the first look, whoever it is for."""
    stored = QUICK.hash(PASSWORD)
    made: list[int] = []
    for known in (stored, None):
        hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
        passwords = Passwords(hasher)
        assert hasher.made == 0
        passwords.verify(known, "not the password")
        made.append(hasher.made)
    assert made == [1, 1]


def test_even_the_password_of_nobody_opens_nothing() -> None:
    assert not any(QUICK.verify(None, guess) for guess in ("", PASSWORD, "x" * 200))


def test_a_hash_of_another_cost_is_renewed() -> None:
    cheap = QUICK.hash(PASSWORD)
    real = Passwords()
    assert real.is_outdated(cheap)
    assert not real.is_outdated(real.renew(PASSWORD))
