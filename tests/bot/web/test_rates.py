"""Limits that hold however many processes ask."""

import os
from datetime import timedelta

import pytest

from bot.web.rates import Rate
from data.kernel.errors import TooOften
from tests.builders import NOW


def taken(rate: Rate, name: str, tries: int) -> int:
    return sum(rate.admits(name, now=NOW) for _ in range(tries))


def taken_elsewhere(rate: Rate, name: str, tries: int) -> int:
    """In a process of its own, parted from this one after the limit was made."""
    number = os.fork()
    if number == 0:
        os._exit(taken(rate, name, tries))
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def test_several_processes_share_one_limit() -> None:
    """T03: with N processes a flood is not N times as welcome."""
    rate = Rate(30, per=60)
    assert taken_elsewhere(rate, "ann", 20) == 20
    assert taken(rate, "ann", 20) == 10
    assert taken_elsewhere(rate, "ann", 20) == 0
    assert taken_elsewhere(rate, "wei", 20) == 20


def test_who_waits_may_ask_again_as_often_as_was_refilled() -> None:
    rate = Rate(30, per=60)
    assert taken(rate, "ann", 40) == 30
    with pytest.raises(TooOften):
        rate.check("ann", now=NOW)
    later = NOW + timedelta(seconds=4)
    assert [rate.admits("ann", now=later) for _ in range(3)] == [True, True, False]


def test_looking_takes_nothing() -> None:
    rate = Rate(1, per=60)
    for _ in range(3):
        rate.check("ann", now=NOW)
    rate.take("ann", now=NOW)
    with pytest.raises(TooOften):
        rate.take("ann", now=NOW)


def test_of_very_many_names_the_longest_unseen_are_forgotten() -> None:
    rate = Rate(1, per=1e9)
    rate.take("first", now=NOW)
    for number in range(40_000):
        rate.take(f"name {number}", now=NOW + timedelta(seconds=1))
    rate.take("first", now=NOW)
    with pytest.raises(TooOften):
        rate.take("name 39999", now=NOW)
