"""A python-telegram-bot with its rate limiter, in an environment of its own: what
ptb/requirements.lock pins, 20 MB (see kept.py). Ours has the library without the limiter.

The lock is made anew with (in tests/peers/ptb):
    uv pip compile --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
        --no-emit-index-url requirements.in -o requirements.lock
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.kept import cache, hash_of, install, once, surroundings

VERSION = "22.8"
_FILES = Path(__file__).parent / "ptb"
_LOCK = _FILES / "requirements.lock"
_ECHO = _FILES / "echo.py"


def python() -> Path:
    """The Python of its environment, which is made if it is not there."""
    kept = once(cache() / f"ptb-{VERSION}-{hash_of([_LOCK])}", _install)
    return kept / "bin" / "python"


@contextmanager
def running_echo(*options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The bot in a process of its own; `options` are those of ptb/echo.py."""
    process = subprocess.Popen([python(), _ECHO, *options], env=surroundings())
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _install(folder: Path) -> None:
    install(folder, _LOCK, python=sys.executable)
