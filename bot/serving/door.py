"""Who lets a caller in, when several processes wait at one socket: the one with the fewest.

Left to the kernel, a handful of connections that stay open may lie six to two, and whoever calls
the busier process waits. So each process notes how many it has where all can read it, and who has
more than another stands back for a moment.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from mmap import mmap
from socket import socket
from struct import calcsize
from typing import Any

import uvicorn

from bot.serving.closing import ClosingServer

log = logging.getLogger(__name__)
# Enough for another to wake and accept, also one that is busy: the interpreter gives its main
# thread a turn every 5 ms. If none does in so many moments, who stood back will.
_MOMENT, _MOMENTS = 0.002, 5
_OUT_OF_FILES = 1.0  # as asyncio itself: the callers wait in the socket's queue meanwhile


class Guests:
    """How many connections each place holds; made before the processes part, so all see it."""

    def __init__(self, size: int) -> None:
        self._counts = memoryview(mmap(-1, size * calcsize("I"))).cast("I")

    def note(self, place: int, count: int) -> None:
        self._counts[place] = count

    def somebody_has_fewer(self, place: int) -> bool:
        return self._counts[place] > min(self._counts.tolist())


class Counted(set[Any]):
    """Uvicorn's set of open connections, which tells how many there are as they come and go."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        super().__init__()
        self._tell = tell
        tell(0)  # whoever was in this place before has gone

    def add(self, connection: Any) -> None:
        super().add(connection)
        self._tell(len(self))

    def discard(self, connection: Any) -> None:
        super().discard(connection)
        self._tell(len(self))

    def remove(self, connection: Any) -> None:
        super().remove(connection)
        self._tell(len(self))


class Doorkeeper(ClosingServer):
    """A server that lets its callers in itself; uvicorn serves them."""

    def __init__(
        self,
        config: uvicorn.Config,
        door: socket,
        guests: Guests,
        place: int,
        *,
        leave: Callable[[], None],
    ) -> None:
        super().__init__(config, leave=leave)
        self._door = door
        self._guests = guests
        self._place = place
        self._entering: set[asyncio.Task[object]] = set()
        self.server_state.connections = Counted(partial(guests.note, place))

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets=[])
        self._door.setblocking(False)
        self._listen()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        asyncio.get_running_loop().remove_reader(self._door)
        self._door.close()
        await super().shutdown(sockets=[])

    def _listen(self) -> None:
        asyncio.get_running_loop().add_reader(self._door, self._somebody_comes)

    def _somebody_comes(self, moments: int = _MOMENTS) -> None:
        if self.should_exit:  # the others let them in
            asyncio.get_running_loop().remove_reader(self._door)
        elif moments and self._guests.somebody_has_fewer(self._place):
            self._stand_back(_MOMENT, moments - 1)
        else:
            self._let_in()

    def _stand_back(self, seconds: float, moments: int) -> None:
        """Nobody is left outside because another process is slow."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._door)
        loop.call_later(seconds, self._return, moments)

    def _return(self, moments: int) -> None:
        if not self.should_exit:
            self._listen()
            self._somebody_comes(moments)

    def _let_in(self) -> None:
        try:
            caller, _ = self._door.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another process was first, or the caller has gone
        except OSError:
            log.exception("accept")
            self._stand_back(_OUT_OF_FILES, 0)
            return
        caller.setblocking(False)
        entering = asyncio.get_running_loop().create_task(self._serve_one(caller))
        self._entering.add(entering)
        entering.add_done_callback(self._entering.discard)
        held = len(self.server_state.connections) + len(self._entering)
        self._guests.note(self._place, held)

    async def _serve_one(self, caller: socket) -> None:
        protocol: Any = self.config.http_protocol_class
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: protocol(  # as uvicorn's own startup makes them
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            ),
            caller,
        )
