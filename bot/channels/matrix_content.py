"""What a message of ours looks like on Matrix: pure, from a draft to an event's content."""

import json
import re
from typing import Any

from bot.channels.adapter import Parcel
from bot.channels.matrix_events import THREAD
from bot.channels.messages import Draft

Json = dict[str, Any]
# Of an event, 65,536 bytes with its signatures (the specification's "size limits"). An edit holds
# the words twice, and each time as body and as HTML.
_ROOM = 60_000
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # six bytes each in JSON, and nothing to see


def words(draft: Draft) -> Json:
    """Plain, and as HTML where something is bold. It mentions nobody by accident."""
    text = _INVISIBLE.sub("", draft.text)
    plain: Json = {"msgtype": "m.text", "body": text, "m.mentions": {}}
    if not draft.bold:
        return plain
    html = _INVISIBLE.sub("", draft.html).replace("\n", "<br>")
    rich = {**plain, "format": "org.matrix.custom.html", "formatted_body": html}
    return rich if 2 * _size(rich) <= _ROOM else plain


def picture(address: str, name: str, kind: str, size: int) -> Json:
    about = {"mimetype": kind, "size": size}
    return {"msgtype": "m.image", "body": name, "url": address, "info": about, "m.mentions": {}}


def room_of(chat: str) -> tuple[str, str]:
    """The room, and the thread in it or nothing."""
    room, found, root = chat.partition(f"{THREAD}$")
    return room, f"${root}" if found else ""


def placed(content: Json, parcel: Parcel) -> Json:
    """In its thread, and as an answer to what it answers."""
    _, root = room_of(parcel.chat)
    answers = parcel.reply_to if parcel.reply_to and parcel.reply_to.startswith("$") else ""
    relation: Json = {}
    if root:
        relation = {
            "rel_type": "m.thread",
            "event_id": root,
            "is_falling_back": not answers,
            "m.in_reply_to": {"event_id": answers or root},
        }
    elif answers:
        relation = {"m.in_reply_to": {"event_id": answers}}
    return {**content, "m.relates_to": relation} if relation else content


def _size(content: Json) -> int:
    return len(json.dumps(content, ensure_ascii=False).encode())
