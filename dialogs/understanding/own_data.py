"""Wishes about oneself that name something: "link my telegram", "绑定 ACDE-3479", "解绑微信".

A closed grammar: one of a few beginnings, then a messenger's name, a code, or nothing. A code alone
is heard as well; it never is a word, for there are figures in it.
"""

import re
from functools import cache

from dialogs.understanding.context import Context
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.message import Message, tidy
from dialogs.understanding.outcome import Entity

_LINK, _TYPE, _UNLINK = "link_me", "type_link", "unlink_me"
# As codes are made (data/personal/codes.py), and anything that may be a mistyped one.
_OF = "[acdefghjkmnpqrtuwxy34679]{4}"
_CODE = re.compile(rf"(?=.*[34679])(?=.*[a-z]){_OF}-?{_OF}")
_LIKE_A_CODE = re.compile(r"[a-z0-9]{3,5}[- ]?[a-z0-9]{3,5}")

Wish = tuple[str, tuple[Entity, ...]]


def own_data(message: Message, context: Context) -> Wish | None:
    """The intent and what it names; None: it is about something else."""
    wishes = (_read(said, message, context) for said in message.readings)
    return next(filter(None, wishes), None)


def _read(said: str, message: Message, context: Context) -> Wish | None:
    asked = context.asked is not None and context.asked.slot == "link_code"
    if _CODE.fullmatch(said) or (asked and _LIKE_A_CODE.fullmatch(said)):
        return _TYPE, (_entity("link_code", said, message),)
    for intent in (_LINK, _UNLINK):
        if said in lexicon().of(f"own_data.{intent}"):
            return intent, ()
    return _named(_LINK, said, message) or _named(_UNLINK, said, message)


def _named(intent: str, said: str, message: Message) -> Wish | None:
    begins = _beginning(intent.removesuffix("_me")).match(said)
    rest = tidy(said[begins.end() :].strip()) if begins else ""
    if not rest:
        return None
    channel = _channels().get(rest)
    if channel is not None:
        return intent, (_entity("channel", channel, message),)
    if intent == _LINK and _LIKE_A_CODE.fullmatch(rest) and any(map(str.isdigit, rest)):
        return _TYPE, (_entity("link_code", rest, message),)
    return None


def _entity(kind: str, value: str, message: Message) -> Entity:
    text = message.original
    return Entity(kind, 0, len(text), text, {"value": value})


@cache
def _beginning(verb: str) -> re.Pattern[str]:
    return re.compile(lexicon().pattern(f"own_data.{verb}_before"))


@cache
def _channels() -> dict[str, str]:
    lists = lexicon().section("channels").items()
    return {form: channel for channel, forms in lists for form in forms}
