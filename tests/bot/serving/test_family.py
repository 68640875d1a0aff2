"""A parent and its children: real processes that do nothing but live."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import pytest

from tests.house.source import ROOT

_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A family from outside; `born` waits for the next child to say its place and number."""

    process: "subprocess.Popen[bytes]"

    def born(self, patience: float = _PATIENCE) -> tuple[int, int] | None:
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], patience)[0]:
            return None
        place, number = self.process.stdout.readline().split()
        return int(place), int(number)

    def two(self) -> dict[int, int]:
        children = dict(filter(None, (self.born(), self.born())))
        assert children.keys() == {0, 1}
        return children


@contextmanager
def family(life: str) -> Iterator[Seen]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bot.serving.small_family", life],
        cwd=ROOT,
        bufsize=0,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield Seen(process)
        finally:
            process.kill()


def all_gone(numbers: Iterable[int]) -> bool:
    until = time.monotonic() + _PATIENCE
    while any(map(is_alive, numbers)) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(map(is_alive, numbers))


def is_alive(number: int) -> bool:
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_child_that_is_killed_is_begun_again_in_its_place() -> None:
    with family("sleep") as seen:
        children = seen.two()
        os.kill(children[0], signal.SIGKILL)
        again = seen.born()
        assert again is not None
        assert again[0] == 0
        assert again[1] != children[0]
        assert is_alive(children[1])


def test_children_who_die_at_birth_are_begun_once_a_second() -> None:
    with family("die_at_birth") as seen:
        seen.two()
        until, births = time.monotonic() + 1.5, 0
        while (left := until - time.monotonic()) > 0:
            births += seen.born(left) is not None
    assert 1 <= births <= 4


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_leaves_nobody_behind(sign: int) -> None:
    with family("sleep") as seen:
        children = seen.two()
        seen.process.send_signal(sign)
        assert seen.process.wait(_PATIENCE) == 0
        assert all_gone(children.values())


def test_who_does_not_end_when_asked_is_made_to_and_the_exit_code_says_so() -> None:
    with family("will_not_end") as seen:
        children = seen.two()
        seen.process.terminate()
        assert seen.process.wait(_PATIENCE) == 1
        assert all_gone(children.values())


@pytest.mark.parametrize("life", ["sleep", "will_not_end"])
def test_no_child_outlives_a_parent_that_was_killed(life: str) -> None:
    with family(life) as seen:
        children = seen.two()
        seen.process.kill()
        assert all_gone(children.values())
