"""Listens to one Matrix account: what is new since the kept position goes into the inbox. The
position moves only past what is stored, so whoever dies here loses nothing; what is told again is
known by its event.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from bot.channels.matrix_rooms import (
    DIRECT,
    MARK,
    Rooms,
    content_of,
    events_of,
    membership_of,
    parts_of,
    was_inside,
)
from bot.delivery.matrix_guests import Guest, moment_of
from bot.delivery.matrix_inbox import MatrixInbox
from data.kernel.errors import TooOften
from data.kernel.storable import storable
from data.kernel.tokens import new_token
from integrations.matrix import Homeserver, Page
from integrations.matrix_answers import (
    Away,
    Forbidden,
    HomeserverError,
    Refused,
    TooFast,
    TooLarge,
    UnknownToken,
    string,
)

log = logging.getLogger(__name__)
Json = dict[str, Any]
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_AT_ONCE = 50  # events of a room in one answer; the rest is fetched behind it
_ITS_OWN = "M_"  # what a homeserver calls its errors; whatever else says no stands before it
_PAGES = 20  # of a gap. A thousand messages further back nobody waits for an answer.
_SAID = ("m.room.message", "m.room.encrypted", "m.sticker", "m.reaction", "m.room.redaction")
_ABOUT = ("m.room.member", "m.room.tombstone")
_STATE = (*_ABOUT, "m.room.create", "m.room.name", "m.room.canonical_alias", "m.room.encryption")
# Members only of whom something is told, and each time: who forgot them would have no names.
_EVENTS = {
    "types": [*_SAID, *_STATE],
    "lazy_load_members": True,
    "include_redundant_members": True,
}


def wanted(most: int) -> Json:
    """The filter of a sync: nothing that we do not read."""
    nothing: Json = {"types": []}
    return {
        "presence": nothing,
        "account_data": {"types": [DIRECT]},
        "room": {
            "state": {**_EVENTS, "types": [*_STATE]},
            "timeline": {**_EVENTS, "limit": most},
            "account_data": {"types": [MARK]},
            "ephemeral": nothing,
        },
    }


async def directory(server: Homeserver) -> Json:
    """All rooms. Synapse answers the same question for two minutes as it did before, which is
    how long a restart may last: no two questions are the same."""
    unheard_of = {"types": [], "not_senders": [f"@{new_token().lower()}:nobody.invalid"]}
    return await server.sync(None, {**wanted(1), "presence": unheard_of}, wait=False)


@dataclass(slots=True)
class Listening:
    server: Homeserver
    rooms: Rooms
    inbox: MatrixInbox
    guest: Guest
    position: str | None = None
    _most: int = _AT_ONCE
    _pause: float = _FIRST_PAUSE

    async def look_around(self) -> None:
        """Where we are already and who invited us; what was said before we came is not ours."""
        answer = await self._directory()
        self.guest.accept(answer)
        self.position = await asyncio.to_thread(self.inbox.position)
        if self.position is None:
            await self._move(answer)

    async def run(self) -> None:
        """Until cancelled, or UnknownToken. Before all else it looks around."""
        while True:
            try:
                await self.step()
                self._pause = _FIRST_PAUSE
                continue
            except UnknownToken:
                raise
            except TooLarge:
                self._most = max(self._most // 2, 1)
            except TooFast as error:
                self._pause = error.seconds
            except HomeserverError as error:
                log.warning("matrix: %s %s", type(error).__name__, error)
            except Exception:
                log.exception("matrix")
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    async def step(self) -> None:
        """One answer of the homeserver, whole."""
        if self.position is None:
            await self.look_around()
            return
        try:
            answer = await self.server.sync(self.position, wanted(self._most))
        except Refused as error:  # it knows this position no more: its database is another one
            if not error.code.startswith(_ITS_OWN):
                raise
            log.error("matrix: begun anew: %s", error)
            await self._begin_anew()
            return
        self.rooms.learn(answer)
        self.guest.accept(answer)
        waiting = [*parts_of(answer, "join"), *parts_of(answer, "leave")]
        while waiting:  # a room whose lane is full holds up no other
            waiting = [one for one in waiting if not await self._take_room(*one)]
            if waiting:
                await asyncio.sleep(_FIRST_PAUSE)
        self._most = _AT_ONCE
        await self._move(answer)

    async def _begin_anew(self) -> None:
        await self._move(await self._directory())

    async def _directory(self) -> Json:
        answer = await directory(self.server)
        self.rooms.learn(answer)
        return answer

    async def _move(self, answer: Json) -> None:
        """Away: an answer that does not say where it ends, in words that can be kept, is asked for
        once more; what it brought is known by then."""
        there = string(answer, "next_batch")
        if there != storable(there):
            raise Away("next_batch")
        if there != self.position:
            await asyncio.to_thread(self.inbox.move, there)
            self.position = there

    async def _take_room(self, room: str, part: Json) -> bool:
        """False: it has more than can be answered; what is stored already stays stored."""
        events, names = await self._news(room, part)
        try:
            for event in events:
                await self._take(room, event, names)
        except TooOften:
            return False
        return True

    async def _take(self, room: str, event: Json, names: dict[str, str]) -> None:
        if not self._concerns_us(event):
            return
        partner, sender = self.rooms.partner(room), event.get("sender")
        if partner is not None and self._ends(event, partner):
            elsewhere = self.rooms.direct_room(partner)
            if elsewhere in (None, room):
                await self._store(room, event, names)
            await self.guest.forget(room)
            return
        await self._store(room, event, names)
        if event.get("type") == "m.room.tombstone":
            self.guest.follow(room, event)
        elif partner is not None and partner == sender and self.rooms.begins_in(room, partner):
            await self.guest.prefer(room, partner, moment_of(event))

    async def _store(self, room: str, event: Json, names: dict[str, str]) -> None:
        called = names.get(str(event.get("sender")), "")
        await asyncio.to_thread(self.inbox.store, room, event, called)

    def _concerns_us(self, event: Json) -> bool:
        """What others say; and who comes and goes, we among them. A state that is none is a lie."""
        if event.get("type") in _ABOUT:
            return "state_key" in event
        return event.get("type") in _SAID and event.get("sender") != self.rooms.us

    def _ends(self, event: Json, partner: str) -> bool:
        """A private chat, by one of the two going."""
        both = (membership_of(event, partner), membership_of(event, self.rooms.us))
        return bool({"leave", "ban"} & set(both))

    # — what happened while we were there —

    async def _news(self, room: str, part: Json) -> tuple[list[Json], dict[str, str]]:
        """Oldest first, and what people are called."""
        events, state = events_of(part, "timeline"), events_of(part, "state")
        section = part.get("timeline")
        section = section if isinstance(section, dict) else {}
        before = section.get("prev_batch")
        if section.get("limited") is True and isinstance(before, str):
            await self._fill_gap(room, before, events, state)
        return _while_inside(events, self.rooms.us), _names([*state, *events])

    async def _fill_gap(
        self, room: str, before: str, events: list[Json], state: list[Json]
    ) -> None:
        """Put in front what no longer fitted into the answer, back to the last one or to our own
        coming."""
        for _ in range(_PAGES):
            if any(_enters(event, self.rooms.us) for event in events):
                return
            try:
                page = await self._page(room, before)
            except (Forbidden, Refused) as error:  # nor will it be shown later
                log.warning("matrix: gap not shown: %s", error)
                return
            events[:0] = [event for event in reversed(page.events) if isinstance(event, dict)]
            state += [event for event in page.state if isinstance(event, dict)]
            if page.further is None:
                return
            before = page.further
        log.warning("matrix: gap too long")

    async def _page(self, room: str, before: str) -> Page:
        return await self.server.earlier(
            room, before=before, until=self.position, wanted=_EVENTS, most=self._most
        )


def _enters(event: Json, us: str) -> bool:
    return membership_of(event, us) == "join" and not was_inside(event)


def _while_inside(events: list[Json], us: str) -> list[Json]:
    """Without what was said when we were not in the room, which its history may show."""
    ours = [event for event in events if membership_of(event, us) is not None]
    inside, heard = not (ours and _enters(ours[0], us)), []
    for event in events:
        membership = membership_of(event, us)
        if inside or membership == "join":
            heard.append(event)
        if membership is not None:
            inside = membership == "join"
    return heard


def _names(events: list[Json]) -> dict[str, str]:
    return {
        str(event.get("state_key")): name
        for event in events
        if event.get("type") == "m.room.member"
        and isinstance(name := content_of(event).get("displayname"), str)
    }
