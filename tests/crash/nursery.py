"""Lets one process after the other live, each forked from one that imported the shop before.

Line in: what the next one is to do. Lines out: its number, and once it has ended, how. To import
the shop anew for each life, and to make its statements anew, would take most of these tests' time.
"""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

import pytest

from tests.house.source import ROOT


def _born() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", __name__],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@dataclass(slots=True)
class Nursery:
    """The side that orders; one life at a time."""

    _process: "subprocess.Popen[str]" = field(default_factory=_born)
    _alive: int = 0

    def let_live(
        self, seam: str, nth: int, options: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        assert not self._alive
        orders = _open(self._process.stdin)
        orders.write(json.dumps([seam, nth, options, environment]) + "\n")
        orders.flush()
        self._alive = int(_open(self._process.stdout).readline())

    def has_ended(self) -> bool:
        return bool(select.select([_open(self._process.stdout)], [], [], 0)[0])

    def exit_code(self, patience: float) -> int:
        """How it ended; within this many seconds it must have."""
        answers = _open(self._process.stdout)
        assert select.select([answers], [], [], patience)[0], "it lives"
        self._alive = 0
        return int(answers.readline())

    def kill(self) -> None:
        if self._alive:
            if not self.has_ended():
                os.kill(self._alive, signal.SIGKILL)
            self.exit_code(10)

    def close(self) -> None:
        self.kill()
        self._process.communicate(timeout=60)  # a busy machine: it has much to forget


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


def _open(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def main() -> None:
    # Whoever only orders need not import the shop.
    from tests.crash.child import live  # noqa: PLC0415
    from tests.crash.experience import gather  # noqa: PLC0415

    gather()
    for line in sys.stdin:
        seam, nth, options, environment = json.loads(line)
        number = os.fork()
        if number == 0:
            live(seam, nth, options, environment)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        _, status = os.waitpid(number, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
