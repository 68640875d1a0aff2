"""Writers of several processes take turns."""

import os
import signal
import time
from pathlib import Path

from data.kernel.turnstile import Turnstile


def held_elsewhere(file: Path, seconds: float) -> int:
    """A process that has its turn for so long; gives its number once it has."""
    said, says = os.pipe()
    number = os.fork()
    if number == 0:
        with Turnstile(str(file)):
            os.write(says, b".")
            time.sleep(seconds)
        os._exit(0)
    os.read(said, 1)
    os.close(said)
    os.close(says)
    return number


def waited(file: Path) -> float:
    begun = time.perf_counter()
    turnstile = Turnstile(str(file))
    with turnstile:
        seconds = time.perf_counter() - begun
    turnstile.close()
    return seconds


def test_another_process_waits_until_the_turn_is_over(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    file.touch()
    number = held_elsewhere(file, 0.3)
    assert 0.2 < waited(file) < 3
    os.waitpid(number, 0)


def test_a_process_that_is_killed_in_its_turn_holds_nobody_up(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    file.touch()
    number = held_elsewhere(file, 60)
    os.kill(number, signal.SIGKILL)
    os.waitpid(number, 0)
    assert waited(file) < 3


def test_the_lock_is_readable_for_whom_the_database_is(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    file.touch(mode=0o600)
    waited(file)
    lock = (tmp_path / "shop.db-turn").stat()
    assert (lock.st_mode & 0o777, lock.st_uid) == (0o600, file.stat().st_uid)


def test_without_a_file_threads_still_take_turns(tmp_path: Path) -> None:
    for nowhere in (None, ":memory:", str(tmp_path / "missing" / "shop.db")):
        with Turnstile(nowhere):
            pass
