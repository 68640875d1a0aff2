"""A parent and its children: forked, begun anew when they die, ended together.

The parent answers nobody and opens no database. Each child has a place, 0 and up, and a child
that dies leaves its place to the next: who had the work gets it back.

    parent    SIGTERM, SIGINT ▸ every child is asked to end ▸ after GRACE it is made to
    child     SIGTERM, SIGINT ▸ what is open is answered; the parent dies ▸ the same
"""

import logging
import os
import signal
import time
from collections.abc import Callable
from threading import Thread
from types import FrameType
from typing import NoReturn

from data.kernel.database import BUSY_TIMEOUT_MS

log = logging.getLogger(__name__)
# Who dies at birth is begun once a second and not a thousand times; who lived is begun at once.
PAUSE = 1.0
# No request waits longer than its transaction waits for the database.
GRACE = BUSY_TIMEOUT_MS / 1000
_HEARD = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
_LAST_LOOKS = 0.05


class Family:
    """`life` is what a child does in its place; `on_leaving` is what the parent does first when
    it is asked to end."""

    def __init__(
        self,
        size: int,
        life: Callable[[int], None],
        *,
        on_leaving: Callable[[], None],
        grace: float = GRACE,
    ) -> None:
        self._life = life
        self._grace = grace
        self._on_leaving = on_leaving
        self._born = dict.fromkeys(range(size), -PAUSE)
        self._children: dict[int, int] = {}  # process number ▸ place
        # Nothing is ever written: children read its end when the parent is no more.
        self._parent_lives, self._held = os.pipe()

    def live(self) -> int:
        """Until a signal says stop; 0 if every child then ended by itself."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
        asked = None
        while asked in (None, signal.SIGCHLD):
            self._bury()
            self._beget()
            heard = signal.sigtimedwait(_HEARD, PAUSE)
            asked = signal.Signals(heard.si_signo) if heard else None
        return self._end()

    def _beget(self) -> None:
        """Whoever is missing, unless they were born a moment ago."""
        for place in self._born.keys() - self._children.values():
            if time.monotonic() - self._born[place] >= PAUSE:
                self._born[place] = time.monotonic()
                number = os.fork()
                if number == 0:
                    self._be_child(place)
                self._children[number] = place

    def _bury(self) -> None:
        for number in list(self._children):
            gone, status = os.waitpid(number, os.WNOHANG)
            if gone:
                code = os.waitstatus_to_exitcode(status)
                log.error("process %s ended: %s", self._children.pop(number), code)

    def _end(self) -> int:
        self._on_leaving()
        for number in self._children:
            os.kill(number, signal.SIGTERM)
        until = time.monotonic() + self._grace
        while self._children and time.monotonic() < until:
            signal.sigtimedwait({signal.SIGCHLD}, _LAST_LOOKS)
            self._see_off(os.WNOHANG)
        stubborn = list(self._children)
        for number in stubborn:
            os.kill(number, signal.SIGKILL)
        self._see_off(0)
        return 1 if stubborn else 0

    def _see_off(self, how: int) -> None:
        gone = [number for number in self._children if os.waitpid(number, how)[0]]
        for number in gone:
            del self._children[number]

    def _be_child(self, place: int) -> NoReturn:
        """Never returns into what the parent was doing when it forked."""
        code = 1
        try:
            os.close(self._held)
            signal.signal(signal.SIGTERM, _leave)
            signal.signal(signal.SIGINT, _leave)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
            Thread(target=_end_with, args=(self._parent_lives, self._grace), daemon=True).start()
            self._life(place)
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 0
        except BaseException:
            log.exception("process %s", place)
        finally:
            os._exit(code)


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Before the server listens for signals itself, and once more when it has ended."""
    raise SystemExit(0)


def _end_with(parent_lives: int, grace: float) -> None:
    os.read(parent_lives, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace)
    os._exit(1)
