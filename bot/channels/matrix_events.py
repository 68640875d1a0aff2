"""One stored Matrix event ▸ the neutral event. What is wrongly shaped where it matters is
Unreadable and harms nobody else; what is odd elsewhere is left out.

What the event itself does not tell stands beside it (`envelope`): the room, the writer's name, and
whether it answers something of ours.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.channels.adapter import Unreadable
from bot.channels.addressing import is_addressed, without_mention
from bot.channels.liking import is_for
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Reaction, Sender
from data.kernel.storable import storable
from data.merchants import ChannelAccount

THREAD = "/"  # a thread is a chat of its own: `!room:server/$root`
NAME = "name"  # in ChannelAccount.settings: our display name
_LONGEST_ID = 128  # of our columns; the specification allows 255 bytes, nobody uses them
_SPOKEN = frozenset({"m.text", "m.emote"})
_SHOWN = frozenset({"m.image", "m.file", "m.audio", "m.video", "m.location"})
_FALLBACK = re.compile(r"(?:>[^\n]*\n)+\n?")  # what older clients quote above an answer
_PILL = re.compile(r"""href=["'](?:https://matrix\.to/#/|matrix:u/)([^"'?]{1,400})""")
_END = r"(?![A-Za-z0-9_])"  # Han script puts no space after a name
_BREAK = r"[\s:：,，、!！?？]*"

Id = Annotated[str, Field(min_length=2, max_length=_LONGEST_ID)]


class Place(BaseModel):
    """`partner`: who is alone with us there."""

    id: Id
    title: str = ""
    partner: str | None = None


class Event(BaseModel):
    """As the homeserver tells it; what else stands in it is kept, and not read."""

    model_config = ConfigDict(extra="ignore", strict=True)

    type: str
    event_id: Id
    sender: Id
    content: dict[str, Any]
    state_key: str | None = None
    unsigned: Any = None
    redacts: Any = None


class Envelope(BaseModel):
    """What we store. `called`: the writer's display name; `to_us`: it answers something of ours."""

    room: Place
    called: str = ""
    to_us: bool = False
    event: Event


def read_event(raw: dict[str, Any], account: ChannelAccount) -> InboundEvent | None:
    """None: known, and nothing to answer."""
    try:
        told = Envelope.model_validate(raw)
    except (ValidationError, RecursionError) as error:
        raise Unreadable("event") from error
    if not told.event.sender.startswith("@") or not told.room.id.startswith("!"):
        raise Unreadable("id")
    return _event(told, account)


def _event(told: Envelope, account: ChannelAccount) -> InboundEvent | None:
    event, us = told.event, account.external_id
    if event.state_key is not None:
        return _state(told, us)
    if event.sender == us:
        return None
    match event.type:
        case "m.room.message":
            return _message(told, account)
        case "m.sticker":
            return _said(told, EventKind.MEDIA)
        case "m.reaction" | "m.room.redaction" as kind:
            return _reacted(told) if kind == "m.reaction" else _withdrawn(told)
    return None


def _state(told: Envelope, us: str) -> InboundEvent | None:
    if told.event.type == "m.room.member":
        return _moved(told, us)
    ends = told.event.type == "m.room.tombstone" and told.event.state_key == ""
    return _migrated(told) if ends else None


def _moved(told: Envelope, us: str) -> InboundEvent | None:
    """Somebody came or went. In a private chat they open it or close it by that."""
    event = told.event
    who, now, before = event.state_key or "", event.content.get("membership"), _before(event)
    here = now == "join"
    if now not in ("join", "leave", "ban") or before == now or len(who) > _LONGEST_ID:
        return None
    if not here and before == "invite" and told.room.partner != who:
        return None  # they never were here
    if who in (us, told.room.partner):
        kind = EventKind.BOT_ADDED if here else EventKind.BOT_REMOVED
    else:
        kind = EventKind.JOINED if here else EventKind.LEFT
    name = _text(event.content, "displayname")
    return InboundEvent(event.event_id, kind, _chat(told), Sender(who, storable(name)))


def _before(event: Event) -> object:
    beside = event.unsigned if isinstance(event.unsigned, dict) else {}
    previous = beside.get("prev_content")
    return previous.get("membership") if isinstance(previous, dict) else None


def _migrated(told: Envelope) -> InboundEvent | None:
    """Only who may end a room can say so: it is state. A private chat is called by its person."""
    after = _text(told.event.content, "replacement_room")
    if told.room.partner or not after.startswith("!") or len(after) > _LONGEST_ID:
        return None
    chat = ChatRef(told.room.id, "group", storable(told.room.title))
    return InboundEvent(
        told.event.event_id,
        EventKind.MIGRATED,
        chat,
        Sender(""),
        addressed=False,
        migrated_to=after,
    )


def _message(told: Envelope, account: ChannelAccount) -> InboundEvent | None:
    content = told.event.content
    if _relation(content).get("rel_type") == "m.replace":
        # What was changed afterwards is not said again: it was answered, perhaps bought.
        return _said(told, EventKind.EDITED, addressed=False)
    kind = _text(content, "msgtype")
    if kind in _SHOWN:
        return _spoken(told, _caption(content), account)
    if kind in _SPOKEN:
        text = _text(content, "body")
        return _spoken(told, _FALLBACK.sub("", text, 1) if _answered(content) else text, account)
    return None  # m.notice: another bot's words; m.key.verification…: none at all


def _reacted(told: Envelope) -> InboundEvent | None:
    """A reaction that was taken back before we heard of it has no content any more."""
    about, mark = _relation(told.event.content), told.event.event_id
    likes = about.get("rel_type") == "m.annotation" and is_for(_text(about, "key"))
    to = _text(about, "event_id")
    if not likes or not 0 < len(to) <= _LONGEST_ID:
        return None
    return _vote(told, Reaction(storable(to), likes=True, mark=mark))


def _withdrawn(told: Envelope) -> InboundEvent | None:
    """Until version 11 of rooms its target stands beside the content."""
    target = _text(told.event.content, "redacts") or told.event.redacts
    if not isinstance(target, str) or not 0 < len(target) <= _LONGEST_ID:
        return None
    return _vote(told, Reaction("", likes=False, told=1, mark=storable(target)))


def _vote(told: Envelope, reaction: Reaction) -> InboundEvent:
    return replace(_said(told, EventKind.REACTION, addressed=False), reaction=reaction)


def _spoken(told: Envelope, text: str, account: ChannelAccount) -> InboundEvent:
    text, private = storable(text).strip(), _is_private(told)
    mentioned, rest = _without_our_name(told.event.content, text, account)
    words = text if private else without_mention(rest)
    return _said(
        told,
        EventKind.MESSAGE if words or mentioned else EventKind.MEDIA,
        words,
        addressed=private or told.to_us or mentioned or is_addressed(text),
    )


def _said(
    told: Envelope, kind: EventKind, text: str = "", *, addressed: bool | None = None
) -> InboundEvent:
    event = told.event
    return InboundEvent(
        event_id=event.event_id,
        kind=kind,
        chat=_chat(told),
        sender=Sender(event.sender, storable(told.called)),
        text=text,
        message_id=event.event_id,
        addressed=_is_private(told) or told.to_us if addressed is None else addressed,
        numbered=True,
    )


def _is_private(told: Envelope) -> bool:
    partner = told.room.partner
    return partner is not None and partner in (told.event.sender, told.event.state_key)


def _chat(told: Envelope) -> ChatRef:
    if told.room.partner is not None and (_is_private(told) or told.event.type == "m.room.member"):
        return ChatRef(told.room.partner, "private")
    root = _text(_relation(told.event.content), "event_id")
    threaded = _relation(told.event.content).get("rel_type") == "m.thread"
    place = told.room.id + THREAD + root if threaded and root.startswith("$") else told.room.id
    fits = len(place) <= _LONGEST_ID
    return ChatRef(place if fits else told.room.id, "group", storable(told.room.title))


def answered_event(content: dict[str, Any]) -> str:
    """The event that this one is an answer to; nothing where it is only the thread's last one,
    named for clients that know no threads."""
    relation = _relation(content)
    if relation.get("is_falling_back") is True:
        return ""
    return _answered(content)


def _answered(content: dict[str, Any]) -> str:
    to = _relation(content).get("m.in_reply_to")
    return _text(to, "event_id") if isinstance(to, dict) else ""


def _caption(content: dict[str, Any]) -> str:
    """Since v1.10 a picture may carry words; before, its body was the file's name."""
    name, body = _text(content, "filename"), _text(content, "body")
    return body if name and name != body else ""


def _relation(content: dict[str, Any]) -> dict[str, Any]:
    relation = content.get("m.relates_to")
    return relation if isinstance(relation, dict) else {}


def _text(content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""


# — are we meant? —


def _without_our_name(
    content: dict[str, Any], text: str, account: ChannelAccount
) -> tuple[bool, str]:
    """Whether we are mentioned, and the rest of what was said."""
    us, name = account.external_id, str(account.settings.get(NAME, ""))
    pointed = us in _mentioned(content) or us in _pills(content)
    at_front, anywhere = _patterns(us, name)
    for pattern in (at_front, anywhere):
        rest, found = pattern.subn(" ", text, count=1)
        if found:
            return True, rest.strip()
    if pointed and name:
        text = re.sub(re.escape(name) + _BREAK, " ", text, count=1)
    return pointed, text.strip()


@lru_cache(maxsize=64)
def _patterns(us: str, name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Our name in front of what is said, or @ourname anywhere."""
    local = us.partition(":")[0].removeprefix("@")
    names = "|".join(map(re.escape, sorted(filter(None, {name, local}), key=len, reverse=True)))
    full = re.escape(us.removeprefix("@"))
    front = rf"^\s*@?(?:{full}|(?:{names}){_END}){_BREAK}"
    anywhere = rf"(?<!\S)@(?:{full}|(?:{names}){_END}){_BREAK}"
    return re.compile(front, re.IGNORECASE), re.compile(anywhere, re.IGNORECASE)


def _mentioned(content: dict[str, Any]) -> list[Any]:
    told = content.get("m.mentions")
    users = told.get("user_ids") if isinstance(told, dict) else None
    return users if isinstance(users, list) else []


def _pills(content: dict[str, Any]) -> Iterator[str]:
    """Links to people, as clients draw names; in a quotation they are not said to anybody."""
    html = _text(content, "formatted_body").rpartition("</mx-reply>")[2]
    for found in _PILL.finditer(html):
        address = unquote(found[1])
        yield address if address.startswith("@") else f"@{address}"
