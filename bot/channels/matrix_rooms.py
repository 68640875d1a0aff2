"""What we know of our account's rooms: what they are called, how many are in them, who writes to
us alone there. Told by the homeserver, at the start and with every sync; kept in memory only.

A room is somebody's private chat while it is meant for the two of us (they said so when they
invited us, or we opened it) and nobody else is in it or invited. Everything else is a group.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
# For whom a room is: in the creation of those that we opened, and in our own data of others.
MARK = "chat.tuanzi.for"
DIRECT = "m.direct"  # our account data, where somebody used the account with a client
_TWO = 2


@dataclass(slots=True)
class Room:
    """`partner`: whom it is meant for. `chosen`: when they began to write to us there."""

    id: str
    name: str = ""
    alias: str = ""
    joined: int = 0
    invited: int = 0
    inside: bool = True
    encrypted: bool = False
    replaced: bool = False
    partner: str = ""
    chosen: int = 0

    @property
    def together(self) -> int:
        return self.joined + self.invited

    @property
    def is_open(self) -> bool:
        """We are in, they are in or invited, and what we write there can be read."""
        return self.inside and self.together == _TWO and not (self.encrypted or self.replaced)


@dataclass(slots=True)
class Rooms:
    """`us` is our user id."""

    us: str
    _rooms: dict[str, Room] = field(default_factory=dict)

    def learn(self, answer: Json) -> None:
        """From a sync: state, summaries, and our own notes."""
        for room_id, part in parts_of(answer, "join"):
            self._learn_room(room_id, part, inside=True)
        for room_id, part in parts_of(answer, "leave"):
            self._learn_room(room_id, part, inside=False)
        for event in events_of(answer, "account_data"):
            if event.get("type") == DIRECT:
                self._learn_direct(content_of(event))

    def title(self, room_id: str) -> str:
        room = self._rooms.get(room_id)
        return room.name or room.alias if room else ""

    def partner(self, room_id: str) -> str | None:
        """Who is alone with us there, or was until they went."""
        room = self._rooms.get(room_id)
        if room is None or room.together > _TWO:
            return None
        return room.partner or None

    def direct_room(self, user: str) -> str | None:
        """Where we write to them: where they began to write to us last."""
        theirs = [room for room in self._rooms.values() if room.partner == user and room.is_open]
        return max(theirs, key=lambda room: room.chosen).id if theirs else None

    def counted(self) -> Counter[str]:
        """Those we are in: `private` chats, `group`s, and those that are `encrypted`."""
        inside = [room for room in self._rooms.values() if room.inside and not room.replaced]
        return Counter(
            "encrypted" if room.encrypted else "private" if self.partner(room.id) else "group"
            for room in inside
        )

    def begins_in(self, room_id: str, user: str) -> bool:
        """They write where we have not been writing to them, and could."""
        room = self._rooms.get(room_id)
        return room is not None and room.is_open and self.direct_room(user) != room_id

    def opened(self, room_id: str, user: str) -> None:
        """We opened it, and they are invited."""
        room = self._rooms.setdefault(room_id, Room(room_id))
        if room.together < _TWO:  # no sync has told of it yet
            room.joined, room.invited = 1, 1
        room.partner = user

    def choose(self, room_id: str, user: str, at: int) -> Json:
        """From now on we write to them there; the note that remembers it."""
        room = self._rooms.setdefault(room_id, Room(room_id))
        room.partner, room.chosen = user, at
        return {"user": user, "at": at}

    def forget(self, room_id: str) -> None:
        """They left: whoever comes in now is somebody else."""
        room = self._rooms.get(room_id)
        if room is not None:
            room.partner = ""

    def _learn_direct(self, content: Json) -> None:
        for user, rooms in content.items():
            for room_id in rooms if isinstance(rooms, list) else ():
                room = self._rooms.get(room_id) if isinstance(room_id, str) else None
                if room is not None and not room.partner:
                    room.partner = user

    def _learn_room(self, room_id: str, part: Json, *, inside: bool) -> None:
        room = self._rooms.setdefault(room_id, Room(room_id))
        room.inside = inside
        for event in (*events_of(part, "state"), *events_of(part, "timeline")):
            if event.get("state_key") == "":
                self._learn_state(room, event)
        for event in events_of(part, "account_data"):
            if event.get("type") == MARK:
                room.partner = _text(content_of(event), "user")
                room.chosen = _count(content_of(event), "at", 0)
        summary = part.get("summary")
        if isinstance(summary, dict):
            room.joined = _count(summary, "m.joined_member_count", room.joined)
            room.invited = _count(summary, "m.invited_member_count", room.invited)

    def _learn_state(self, room: Room, event: Json) -> None:
        content = content_of(event)
        match event.get("type"):
            case "m.room.name":
                room.name = _text(content, "name")
            case "m.room.canonical_alias":
                room.alias = _text(content, "alias")
            case "m.room.encryption":
                room.encrypted = True  # it can never be taken back
            case "m.room.tombstone":
                room.replaced = bool(_text(content, "replacement_room"))
            case "m.room.create" if event.get("sender") == self.us:
                room.partner = _text(content, MARK)


def parts_of(answer: Json, membership: str) -> Iterable[tuple[str, Json]]:
    """The rooms of a sync that we are in (`join`), were taken out of, or are invited to."""
    rooms = answer.get("rooms")
    found = rooms.get(membership) if isinstance(rooms, dict) else None
    for room_id, part in found.items() if isinstance(found, dict) else ():
        if isinstance(part, dict):
            yield room_id, part


def events_of(part: Json, name: str) -> list[Json]:
    """The events of one section; whatever is no event is left out."""
    section = part.get(name)
    events = section.get("events") if isinstance(section, dict) else None
    return (
        [event for event in events if isinstance(event, dict)] if isinstance(events, list) else []
    )


def membership_of(event: Json, user: str) -> str | None:
    """What this event makes of them, or None: it is about something else."""
    if event.get("type") != "m.room.member" or event.get("state_key") != user:
        return None
    return _text(content_of(event), "membership")


def was_inside(event: Json) -> bool:
    """Of a membership: what it was before."""
    beside = event.get("unsigned")
    before = beside.get("prev_content") if isinstance(beside, dict) else None
    return isinstance(before, dict) and before.get("membership") == "join"


def content_of(event: Json) -> Json:
    content = event.get("content")
    return content if isinstance(content, dict) else {}


def _count(summary: Json, name: str, before: int) -> int:
    told = summary.get(name)
    return told if isinstance(told, int) else before


def _text(content: Json, name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""
