"""A bell that rings after every commit: whoever waits for what was written looks at once."""

import asyncio
from collections.abc import Iterator, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class _Listener:
    loop: asyncio.AbstractEventLoop
    tables: Set[str]
    rung: asyncio.Event = field(default_factory=asyncio.Event)

    def waits_for(self, written: Set[str]) -> bool:
        return not self.tables or not self.tables.isdisjoint(written)


class Bell:
    """Rung from any thread; heard by tasks of any event loop."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()

    def ring(self, written: Set[str]) -> None:
        """`written`: the tables in which there is something new."""
        for listener in tuple(self._listeners):
            if listener.waits_for(written) and not listener.loop.is_closed():
                listener.loop.call_soon_threadsafe(listener.rung.set)

    @contextmanager
    def listening(self, *tables: str) -> Iterator[asyncio.Event]:
        """An event that is set when one of these tables was written, or any if none is named;
        clear it before you look."""
        listener = _Listener(asyncio.get_running_loop(), frozenset(tables))
        self._listeners.add(listener)
        try:
            yield listener.rung
        finally:
            self._listeners.discard(listener)


async def heard(event: asyncio.Event, within: float) -> None:
    """Wait for the bell, but no longer than so many seconds."""
    # Not `wait_for`: up to Python 3.11 it swallows a cancellation that comes while the event is
    # set, and a worker that was told to stop went on for ever.
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            await event.wait()
