"""One message or event of WeCom ▸ the neutral event: what customer service gives when asked, in
JSON, and what happens in customer groups, in the sealed XML of the call itself.

Nothing is believed to be there or to have its type; what nobody has written down yet is stored and
harmless. A customer is called by the company's name for them, `external_userid`.
"""

import json
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from bot.channels.adapter import Unreadable
from bot.channels.wechat_events import NOWHERE, XML
from bot.channels.wechat_xml import Fields, parse, text_of
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Sender
from data.kernel.storable import storable
from data.merchants import ChannelAccount

Json = dict[str, Any]
SAID = "kf"  # where a stored update holds its message
FROM_CUSTOMER, FROM_SYSTEM = 3, 4  # `origin` (vendor's page of kf/sync_msg); 5: by their staff
BELL, GROUP = "kf_msg_or_event", "change_external_chat"  # names of calls
COMES, GOES = "add_member", "del_member"  # UpdateDetail of a group's
_LONGEST = 160  # InboxRow.event_id
_LONGEST_ID = 128  # Chat.external_id, ChannelIdentity.external_id
_MEMBERS_MOST = 500  # of a customer group (vendor's page of customer groups)
_LAST_MOMENT = 9_999_999_999  # in the year 2286; later ones no calendar takes for long
_START = "/start"  # as Telegram says that somebody has opened a chat with us
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # a link of ours (data/kernel/tokens.py)
_REFUSED_BY_CUSTOMER = 10  # fail_type of msg_send_fail (vendor's page of kf/sync_msg)


def read_stored(raw: Json, _account: ChannelAccount) -> InboundEvent | None:
    """None: known, and nothing to answer."""
    if SAID in raw:
        return read_said(raw[SAID])
    return read_call(parse(str(raw.get(XML, ""))))


# — customer service —


def read_said(said: Any) -> InboundEvent | None:
    if not isinstance(said, dict) or not word_of(said, "msgtype"):
        raise Unreadable("msgtype")
    kind = word_of(said, "msgtype")
    if kind == "event":
        return _happened(said)
    if said.get("origin") != FROM_CUSTOMER:
        return None  # their staff wrote it, in WeCom itself
    read = _MESSAGES.get(kind)
    return read(said) if read else _event(said, EventKind.UNKNOWN)


def word_of(said: Json, *path: str) -> str:
    """The text at this path, or nothing where there is something else."""
    found: Any = said
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def customer_of(said: Json) -> str | None:
    """Who it is about; an event says so inside."""
    told = word_of(said, "external_userid") or word_of(said, "event", "external_userid")
    return storable(told)[:_LONGEST_ID] or None


def desk_of(said: Json) -> str:
    return word_of(said, "open_kfid") or word_of(said, "event", "open_kfid")


def name_of(said: Json) -> str:
    """Its number; what has none is known by what it says."""
    number = word_of(said, "msgid")
    if 0 < len(number) <= _LONGEST and number == storable(number):
        return number
    whole = json.dumps(said, sort_keys=True, default=str)
    return f"said:{sha256(whole.encode()).hexdigest()}"


def moment_of(said: Json) -> int | None:
    """Seconds since 1970, where it says any that there are."""
    told = said.get("send_time")
    return told if type(told) is int and 0 <= told <= _LAST_MOMENT else None


def is_from_customer(said: Json) -> bool:
    """Their own message: it lets us say something for a while."""
    return said.get("origin") == FROM_CUSTOMER and word_of(said, "msgtype") != "event"


def greeting_of(said: Json) -> str:
    """The word by which whoever came in may be greeted, once."""
    return word_of(said, "event", "welcome_code") if _event_name(said) == _ENTERS else ""


def _event(said: Json, kind: EventKind, **more: Any) -> InboundEvent:
    who = customer_of(said)
    return InboundEvent(
        event_id=name_of(said),
        kind=kind,
        chat=ChatRef(who or NOWHERE),
        sender=Sender(who or ""),
        addressed=kind is not EventKind.UNKNOWN,
        **more,
    )


def _text(said: Json) -> InboundEvent | None:
    """A press of a menu comes as the text that stood there, and tells its token."""
    text, token = storable(word_of(said, "text", "content")), word_of(said, "text", "menu_id")
    if token:
        number = name_of(said)
        return _event(said, EventKind.ACTION, token=token, text=text, message_id=number)
    return _words(said, text)


def _words(said: Json, text: str) -> InboundEvent | None:
    if not text.strip():
        return _media(said)
    # Where choices are no buttons they stand with their numbers, as on WeChat.
    return _event(said, EventKind.MESSAGE, text=text, message_id=name_of(said), numbered=True)


def _media(said: Json) -> InboundEvent | None:
    return _event(said, EventKind.MEDIA, message_id=name_of(said))


def _place(said: Json) -> InboundEvent | None:
    """An address in words is worth more to a shop than where that is."""
    where = said.get("location")
    where = where if isinstance(where, dict) else {}
    return _words(said, storable(word_of(where, "address") or word_of(where, "name")))


_MESSAGES: dict[str, Callable[[Json], InboundEvent | None]] = {
    "text": _text,
    "location": _place,
    **dict.fromkeys(("image", "voice", "video", "file", "link", "miniprogram"), _media),
    **dict.fromkeys(("business_card", "msgmenu", "channels", "channels_shop_product"), _media),
    **dict.fromkeys(("channels_shop_order", "merged_msg", "meeting", "schedule", "note"), _media),
}
_ENTERS, _FAILS = "enter_session", "msg_send_fail"
# Of what staff do in WeCom, and of what was taken back.
_SILENT = frozenset(
    {
        *("session_status_change", "servicer_status_change", "user_recall_msg"),
        *("servicer_recall_msg", "reject_customer_msg_switch_change"),
    }
)


def _event_name(said: Json) -> str:
    return word_of(said, "event", "event_type")


def _happened(said: Json) -> InboundEvent | None:
    name = _event_name(said)
    if name == _ENTERS:
        return _enters(said)
    if name == _FAILS:
        why = said["event"].get("fail_type")
        return _event(said, EventKind.BOT_REMOVED) if why == _REFUSED_BY_CUSTOMER else None
    return None if name in _SILENT else _event(said, EventKind.UNKNOWN)


def _enters(said: Json) -> InboundEvent | None:
    """By a link of ours they go on with what that is for. Else they are greeted where WeCom lets
    us; whoever opens the talk again need not be."""
    brought = word_of(said, "event", "scene_param")
    if _TOKEN.fullmatch(brought):
        return _event(said, EventKind.MESSAGE, start=brought)
    return _event(said, EventKind.MESSAGE, text=_START) if greeting_of(said) else None


# — customer groups: who comes and goes is known, nothing can be said there —

_CHANGES = frozenset({"create", "update", "dismiss"})


def read_call(fields: Fields) -> InboundEvent | None:
    """None: of a group, and noted when it came."""
    group = group_of(fields)
    if group and text_of(fields, "Event") == GROUP and text_of(fields, "ChangeType") in _CHANGES:
        return None
    return InboundEvent(
        event_id=call_name(fields),
        kind=EventKind.UNKNOWN,
        chat=ChatRef(group or NOWHERE, kind="group"),
        sender=Sender(""),
        addressed=False,
    )


def group_of(fields: Fields) -> str | None:
    return storable(text_of(fields, "ChatId"))[:_LONGEST_ID] or None


def members_of(fields: Fields) -> list[str]:
    """Who came or went, where it says so: a list of items, or one string with commas."""
    told = fields.get("MemChangeList")
    items: Any = told.get("Item") if isinstance(told, dict) else told
    items = items.split(",") if isinstance(items, str) else items
    items = items if isinstance(items, list) else []
    named = [storable(one.strip())[:_LONGEST_ID] for one in items if isinstance(one, str)]
    return list(dict.fromkeys(filter(None, named)))[:_MEMBERS_MOST]


def call_name(fields: Fields) -> str:
    """What a repeat has too: these events have no number."""
    told = [text_of(fields, name) for name in ("Event", "ChatId", "ChangeType", "CreateTime")]
    told += [text_of(fields, name) for name in ("UpdateDetail", "LastMemVer", "CurMemVer")]
    told += members_of(fields)
    return f"call:{sha256(chr(0).join(told).encode()).hexdigest()}"
