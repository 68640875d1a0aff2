"""Matrix: drafts out through our own client, its errors in the courier's words.

The name of a part is its event; sent again under the same key, a homeserver gives the same event.
A private chat is called by its person, and its room is opened where there is none.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic

from bot.channels import matrix_content
from bot.channels.adapter import (
    Parcel,
    Rejected,
    Throttled,
    Undeliverable,
    Unreachable,
)
from bot.channels.matrix_content import Json, placed, room_of
from bot.channels.matrix_rooms import MARK, Rooms
from bot.channels.messages import Capabilities, Draft, Unit
from bot.channels.pacing import Pace, Speed, Speeds
from bot.channels.render import render
from bot.pictures import KINDS
from integrations.matrix import File, Homeserver
from integrations.matrix_answers import Forbidden, HomeserverError, Refused, TooFast

# An event has 64 KiB. An edit holds a text twice, quotes and line ends count double: with this many
# bytes it fits as plain words whatever is in it, and as HTML whatever is usual (matrix_content.py).
CAPABILITIES = Capabilities(max_text=12_000, unit=Unit.BYTES, rewards_inviting=True)
# How much one may send is each homeserver's own setting (Synapse: 10 at once, then one in five
# seconds, and an administrator may lift that): it says when it is too much.
SPEEDS = Speeds(overall=Speed(20, 1), chat=Speed(10, 5), group=Speed(20, 20))
# What is said of a room that is not there (any more), where it is not M_FORBIDDEN.
_CLOSED = frozenset({"M_NOT_FOUND", "M_USER_SUSPENDED"})

FindPicture = Callable[[str], Path | None]


class Matrix:
    """One account; `rooms` is what its door learns while it listens."""

    def __init__(
        self,
        server: Homeserver,
        rooms: Rooms,
        find_picture: FindPicture,
        speeds: Speeds = SPEEDS,
        *,
        time: Callable[[], float] = monotonic,
    ) -> None:
        self._server = server
        self._rooms = rooms
        self._find_picture = find_picture
        self._speeds = speeds
        self._time = time
        self._pace = Pace(time)
        self._silent_until = 0.0
        self._uploaded: dict[str, Json] = {}  # address ▸ what is sent of it

    def can(self, kind: str) -> Capabilities:
        return CAPABILITIES

    async def deliver(self, parcel: Parcel) -> tuple[str, ...]:
        shown = list(parcel.shown)
        drafts = [
            *filter(None, map(self._sendable, render(parcel.segments, self.can(parcel.kind))))
        ]
        for place, draft in enumerate(drafts[len(shown) :], len(shown)):
            old = parcel.edit_of[place] if place < len(parcel.edit_of) else None
            try:
                self._take_turn(parcel)
                shown.append(await self._show(parcel, draft, place, old))
                if len(shown) < len(drafts):
                    await parcel.arrived(tuple(shown))
            except (Undeliverable, HomeserverError) as error:
                problem = self._in_our_words(error)
                problem.shown = tuple(shown)
                raise problem from None
        return tuple(shown)

    def _take_turn(self, parcel: Parcel) -> None:
        """The homeserver counts all that an account sends: told to wait, all chats wait."""
        wait = self._silent_until - self._time()
        if wait > 0:
            raise Throttled(wait)
        self._pace.take(self._speeds.of(room_of(parcel.chat)[0], parcel.kind))

    def _sendable(self, draft: Draft) -> Draft | None:
        """Without its picture if there is no such file; nothing if that was all."""
        if draft.image is None or self._find_picture(draft.image):
            return draft
        return replace(draft, image=None) if draft.text else None

    async def _show(self, parcel: Parcel, draft: Draft, place: int, old: str | None) -> str:
        room, once = await self._room(parcel), f"{parcel.key}:{place}"
        if draft.image is not None:
            content = await self._picture(draft.image)
        else:
            content = matrix_content.words(draft)
        if old is None:
            return await self._server.send(room, placed(content, parcel), once=once)
        await self._server.edit(room, old, content, once=once)
        return old

    async def _room(self, parcel: Parcel) -> str:
        if parcel.kind != "private":
            return room_of(parcel.chat)[0]
        user = parcel.chat
        known = self._rooms.direct_room(user)
        if known is None:
            known = await self._server.open_direct_room(user, mark=MARK)
            self._rooms.opened(known, user)
        return known

    async def _picture(self, image: str) -> Json:
        """Uploaded once, then by the homeserver's own address."""
        if image not in self._uploaded:
            file = self._find_picture(image)
            if file is None:
                raise Undeliverable("picture")  # it was there a moment ago
            content, kind = await asyncio.to_thread(file.read_bytes), KINDS[file.suffix]
            address = await self._server.upload(File(file.name, kind, content))
            self._uploaded[image] = matrix_content.picture(address, file.name, kind, len(content))
        return self._uploaded[image]

    def _in_our_words(self, error: Exception) -> Undeliverable:
        match error:
            case Undeliverable():
                return error
            case TooFast(seconds=seconds):
                self._silent_until = self._time() + seconds
                return Throttled(seconds)
            case Forbidden():
                return Unreachable(str(error))
            case Refused(code=code):
                return Unreachable(code) if code in _CLOSED else Rejected(code)
        return Undeliverable(f"{type(error).__name__} {error}")
