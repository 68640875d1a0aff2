"""What WeChat and WeCom have alike on the bench: calls under one seal, what is wrong with them, and
how words look there."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.channels.wechat_seal import Keys
from data.delivery.inbound import InboundEvent
from tests.bot.delivery.wechat import SignedCall

Sign = Callable[..., SignedCall]  # of a document; `keys` and `sealed` may be other ones
SOUND, OFF = (-299, 0, 299), (-301, 301, 86_400, -(10**9))  # seconds between their clock and ours
_TAG = re.compile("<(?=[A-Za-z/!])")


def forged_calls(sound: str, sign: Sign, *, ours: Keys, theirs: Keys) -> list[SignedCall]:
    call = sign(sound)
    changes = [
        {"signature": "0" * 40},
        {"signature": "团子"},
        {"msg_signature": "0" * 40},
        {"msg_signature": ""},
        {"nonce": "another"},
    ]
    stamps = ["0", "１７９００００００", "-1", "9" * 400, ""]
    queries = [*changes, *({"timestamp": stamp} for stamp in stamps)]
    other_app = replace(ours, app_id="wx_other").seal(sound)
    return [
        *(SignedCall({**call.query, **changed}, call.body) for changed in queries),
        SignedCall({}, call.body),
        sign(sound, keys=theirs),
        sign("", sealed=other_app),
        SignedCall(call.query, sound.encode()),  # unsealed
    ]


def junk_calls(sign: Sign) -> list[SignedCall]:
    entities = '<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">'
    documents = ["", "hi", "<xml></xml>", "<xml/>", "\x00", "<xml><MsgType>text</xml>"]
    documents += [f"<!DOCTYPE x [{entities}]><xml><Content>&b;</Content></xml>"]
    documents += ["<xml>" + "<a>" * 3000 + "</a>" * 3000 + "</xml>"]
    bare = [SignedCall(sign("").query, xml.encode()) for xml in documents]
    return [*map(sign, documents), *bare]


def without_tags(text: str) -> str:
    """There a tag would be a link: its bracket is another one."""
    return _TAG.sub("＜", text)


def plainly(event: InboundEvent | None, *names: str) -> dict[str, Any] | None:
    """As the recordings have it: its kind, and of these what is there."""
    if event is None:
        return None
    told = {name: getattr(event, name) for name in names}
    return {"kind": event.kind.value, **{name: value for name, value in told.items() if value}}
