"""Where a Matrix account goes: into rooms that it is invited to, and after rooms that move."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from bot.channels.matrix_rooms import MARK, Rooms, content_of, events_of, membership_of, parts_of
from integrations.matrix import Homeserver
from integrations.matrix_answers import Forbidden, HomeserverError, Refused, TooFast

log = logging.getLogger(__name__)
Json = dict[str, Any]
_TRIES, _PAUSE_SECONDS = 5, 1.0


@dataclass(frozen=True, slots=True)
class Guest:
    """We on our way into rooms: another server may take minutes to let us in, and nobody waits."""

    server: Homeserver
    rooms: Rooms
    _ways: set[asyncio.Task[None]] = field(default_factory=set)

    def accept(self, answer: Json) -> None:
        """All invitations of a sync."""
        for room, part in parts_of(answer, "invite"):
            for event in events_of(part, "invite_state"):
                if membership_of(event, self.rooms.us) == "invite":
                    host = _name(event.get("sender"))
                    direct = content_of(event).get("is_direct") is True
                    self._go(self._enter(room, host, alone=direct, at=moment_of(event)))

    def follow(self, room: str, tombstone: Json) -> None:
        """Into the room that takes this one's place; a private chat stays one."""
        after = _name(content_of(tombstone).get("replacement_room"))
        if not after.startswith("!"):
            return
        partner = self.rooms.partner(room)
        host = partner or _name(tombstone.get("sender"))
        self._go(self._enter(after, host, alone=partner is not None, at=moment_of(tombstone)))

    def stop(self) -> None:
        for way in self._ways:
            way.cancel()

    async def prefer(self, room: str, partner: str, at: int) -> None:
        """From now on we write to them there, after a restart too."""
        await self._note(room, self.rooms.choose(room, partner, at))

    async def forget(self, room: str) -> None:
        self.rooms.forget(room)
        await self._note(room, {})

    async def _note(self, room: str, content: Json) -> None:
        try:
            await self.server.note(self.rooms.us, room, MARK, content)
        except HomeserverError as error:  # at worst a restart asks them into another room
            log.warning("matrix: %s %s", type(error).__name__, error)

    async def _enter(self, room: str, host: str, *, alone: bool, at: int) -> None:
        """That it is for the two of us is told by the invitation only, so it is noted first."""
        if alone and host:
            await self.prefer(room, host, at)
        via = [host.partition(":")[2]] if ":" in host else []
        for attempt in range(_TRIES):
            try:
                await self.server.join(room, via=via)
                return
            except TooFast as error:
                await asyncio.sleep(error.seconds)
            except (Forbidden, Refused) as error:
                log.warning("matrix: not let in: %s", error)
                return
            except HomeserverError as error:
                log.warning("matrix: %s %s", type(error).__name__, error)
                await asyncio.sleep(_PAUSE_SECONDS * 2**attempt)

    def _go(self, way: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(way)
        self._ways.add(task)
        task.add_done_callback(self._ways.discard)


def moment_of(event: Json) -> int:
    """In milliseconds, as its homeserver says."""
    told = event.get("origin_server_ts")
    return told if isinstance(told, int) else 1


def _name(value: object) -> str:
    return value if isinstance(value, str) else ""
