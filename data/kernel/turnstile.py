"""One writer at a time: SQLite lets one in, and whoever waits goes on as soon as it is free.

Left to SQLite, a writer that meets another one sleeps and looks again, ever longer. Threads wait
for a lock of ours, processes look every half millisecond at the kernel's lock on a file beside
the database; the kernel drops it when a process dies. Nobody waits longer than SQLite would: then
SQLite decides, as it does where the file cannot be opened.
"""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock

_LOOK_AGAIN = 0.0005  # a turn holds it for 2 to 4 ms


class Turnstile:
    """`database` is the file; a database in memory has none, and no other process sees it.

    SQLite's own lock still decides: where the file cannot be opened its busy timeout is enough.
    """

    def __init__(self, database: str | None, *, patience: float = 30.0) -> None:
        """`patience` in seconds: SQLite's own busy timeout."""
        self._patience = patience
        self._threads = Lock()
        self._database = Path(database) if database and database != ":memory:" else None
        self._file: int | None = None

    def __enter__(self) -> None:
        self._threads.acquire()
        with suppress(OSError):
            if self._file is None and self._database:
                self._file = _opened(self._database)
            if self._file is not None:
                self._wait(self._file)

    def __exit__(self, *_exception: object) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    def _wait(self, file: int) -> None:
        """A process that stands still in its turn must not hold everybody up for ever."""
        until = time.monotonic() + self._patience
        while time.monotonic() < until:
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            time.sleep(_LOOK_AGAIN)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _opened(database: Path) -> int:
    """Whose the database is, theirs is the lock: a command of root's must not shut them out."""
    file = database.with_name(f"{database.name}-turn")
    owner = database.stat()
    opened = os.open(file, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, owner.st_mode & 0o660)
    with suppress(PermissionError):
        os.fchown(opened, owner.st_uid, owner.st_gid)
    return opened
