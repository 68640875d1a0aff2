"""One message or event of WeChat ▸ the neutral event, and what it lets us say afterwards.

Fields are read as strings wherever they are: WeChat writes MsgId and MsgID, one entry as itself and
two as a list, and sends kinds that nobody has written down yet. Those are stored and harmless.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from bot.channels.adapter import Unreadable
from bot.channels.wechat_xml import Fields, list_of, parse, text_of
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Sender
from data.kernel.storable import storable
from data.merchants import ChannelAccount

XML = "xml"  # where a stored update holds its text
MESSAGE, TOUCH = "message", "touch"  # windows: they wrote; they pressed, followed or scanned
NOWHERE = "-"  # what names nobody has a lane of its own
_LONGEST = 160  # InboxRow.event_id
_LONGEST_ID = 128  # Chat.external_id, ChannelIdentity.external_id
_SCENE = "qrscene_"
_START = "/start"  # as Telegram says that somebody has opened a chat with us
# A link of ours (data/kernel/tokens.py): a shop's own codes are numbers and words.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_BAR_CODE = re.compile(r"[A-Z]+_(?:8|12|13|14|A|E),(\d{6,14})", re.IGNORECASE)
_EAN_13 = 13  # digits; shorter codes are the same numbers with zeros in front


@dataclass(frozen=True, slots=True)
class Grant:
    """They accepted (or took back) one message of this template."""

    template: str
    accepted: bool

    @property
    def source(self) -> str:
        return grant_of(self.template)


def grant_of(template: str) -> str:
    """The name of its allowance."""
    return f"template:{template}"[:80]


def read_message(raw: dict[str, Any], _account: ChannelAccount) -> InboundEvent | None:
    """None: known, and nothing to answer."""
    return read_fields(parse(str(raw.get(XML, ""))))


def read_fields(fields: Fields) -> InboundEvent | None:
    kind = text_of(fields, "MsgType").lower()
    who = sender_of(fields)
    if not kind:
        raise Unreadable("MsgType")
    if who is None or "AgentID" in fields:  # WeCom's events come later, some name nobody
        return _event(fields, EventKind.UNKNOWN)
    if kind == "event":
        return _happened(fields)
    read = _MESSAGES.get(kind)
    return read(fields) if read else _event(fields, EventKind.UNKNOWN)


def sender_of(fields: Fields) -> str | None:
    """Who it is from, as far as that can be anybody."""
    return text_of(fields, "FromUserName")[:_LONGEST_ID] or None


def event_id_of(fields: Fields) -> str:
    """What a repeat has too: the message's number; an event has none, but a moment."""
    number = text_of(fields, "MsgId")
    if number:
        return _short(number)
    moment = [text_of(fields, name) for name in ("FromUserName", "CreateTime", "Event", "MsgID")]
    if not any(moment):
        raise Unreadable("nameless")
    return _short(":".join(filter(None, moment)))


def window_of(fields: Fields) -> str | None:
    """What they did lets us speak for a while."""
    kind = text_of(fields, "MsgType").lower()
    if kind in _MESSAGES:
        return MESSAGE
    return TOUCH if kind == "event" and _name(fields) in _TOUCHES else None


def grants_of(fields: Fields) -> list[Grant]:
    """What was agreed to in a subscribe pop-up, or changed in WeChat's own settings."""
    name = _name(fields)
    if name not in _AGREEMENTS:
        return []
    entries = list_of(fields, _AGREEMENTS[name], "List")
    return [
        Grant(template, accepted=text_of(entry, "SubscribeStatusString") == "accept")
        for entry in entries
        if (template := text_of(entry, "TemplateId"))
    ]


def _name(fields: Fields) -> str:
    return text_of(fields, "Event").lower()


def _event(fields: Fields, kind: EventKind, **said: Any) -> InboundEvent:
    who = sender_of(fields)
    return InboundEvent(
        event_id=event_id_of(fields),
        kind=kind,
        chat=ChatRef(who or NOWHERE),
        sender=Sender(who or ""),
        addressed=kind is not EventKind.UNKNOWN,
        **said,
    )


# — messages —


def _text(fields: Fields) -> InboundEvent | None:
    return _said(fields, text_of(fields, "Content"))


def _media(fields: Fields) -> InboundEvent | None:
    return _event(fields, EventKind.MEDIA, message_id=text_of(fields, "MsgId") or None)


def _voice(fields: Fields) -> InboundEvent | None:
    """WeChat wrote down what was said, for accounts that have that switched on."""
    return _said(fields, text_of(fields, "Recognition"))


def _place(fields: Fields) -> InboundEvent | None:
    """An address in words is worth more to a shop than where that is."""
    return _said(fields, text_of(fields, "Label"))


def _said(fields: Fields, text: str) -> InboundEvent | None:
    if not text:
        return _media(fields)
    number = text_of(fields, "MsgId") or None
    # There are no buttons here: choices stand with their numbers.
    return _event(fields, EventKind.MESSAGE, text=storable(text), message_id=number, numbered=True)


_MESSAGES: dict[str, Callable[[Fields], InboundEvent | None]] = {
    "text": _text,
    "image": _media,
    "voice": _voice,
    "video": _media,
    "shortvideo": _media,
    "location": _place,
    "link": _media,
}


# — events —


def _happened(fields: Fields) -> InboundEvent | None:
    name = _name(fields)
    if name in _SILENT:
        return None
    read = _EVENTS.get(name)
    return read(fields) if read else _event(fields, EventKind.UNKNOWN)


def _follows(fields: Fields) -> InboundEvent | None:
    return _opens(fields, text_of(fields, "EventKey").removeprefix(_SCENE))


def _scans(fields: Fields) -> InboundEvent | None:
    return _opens(fields, text_of(fields, "EventKey"))


def _opens(fields: Fields, scene: str) -> InboundEvent | None:
    """By a link of ours they go on with what that is for; another scene is a door like any."""
    if _TOKEN.fullmatch(scene):
        return _event(fields, EventKind.MESSAGE, start=scene)
    return _event(fields, EventKind.MESSAGE, text=_START)


def _leaves(fields: Fields) -> InboundEvent | None:
    return _event(fields, EventKind.BOT_REMOVED)


def _presses(fields: Fields) -> InboundEvent | None:
    """A menu entry says its key, as if that was typed: it can do no more than a person (T07)."""
    key = storable(text_of(fields, "EventKey"))
    return _event(fields, EventKind.MESSAGE, text=key) if key else None


def _reads_code(fields: Fields) -> InboundEvent | None:
    """The phone shows that it waits for us. A bar code's number finds its product."""
    result = storable(text_of(fields, "ScanCodeInfo", "ScanResult"))
    code = _BAR_CODE.fullmatch(result)
    text = code.group(1).zfill(_EAN_13) if code else result
    return _event(fields, EventKind.MESSAGE, text=text) if text else None


_EVENTS: dict[str, Callable[[Fields], InboundEvent | None]] = {
    "subscribe": _follows,
    "unsubscribe": _leaves,
    "scan": _scans,
    "click": _presses,
    "scancode_waitmsg": _reads_code,
}
_TOUCHES = frozenset({"subscribe", "scan", "click", "scancode_push", "scancode_waitmsg"})
_AGREEMENTS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
}
# What they chose comes as a message of its own, was opened by the phone, or is for staff to know.
_SILENT = frozenset(
    {
        *("view", "view_miniprogram", "location", "scancode_push"),
        *("pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select"),
        *("templatesendjobfinish", "masssendjobfinish", "subscribe_msg_sent_event"),
        *_AGREEMENTS,
        *("kf_create_session", "kf_close_session", "kf_switch_session"),
        *("qualification_verify_success", "qualification_verify_fail", "naming_verify_success"),
        *("naming_verify_fail", "annual_renew", "verify_expired"),
    }
)


def _short(name: str) -> str:
    """Names are WeChat's own and short; a longer one is kept by its fingerprint."""
    name = storable(name)
    return name if len(name) <= _LONGEST else sha256(name.encode()).hexdigest()
