"""Codes that are worth something: "use code SPRING10", "我有优惠码 ABCD", what is on a gift card.

A closed grammar: one of a few beginnings and a code, or nothing. A gift card's code alone is heard
as well: four groups of four, with letters among them, and figures unless hyphens join the groups.
"""

import re
from functools import cache

from dialogs.understanding.context import Context
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.message import Message, tidy
from dialogs.understanding.outcome import Entity

USE, BALANCE = "use_code", "gift_card_balance"
_KIND = "voucher_code"
_GROUPS = r"[0-9a-z]{4}(?:[- ]?[0-9a-z]{4}){3}"
_JOINED = r"[0-9a-z]{4}(?:-[0-9a-z]{4}){3}"
_CARD = re.compile(rf"(?=.*[a-z])(?:(?=.*[0-9]){_GROUPS}|{_JOINED})")
_CODE = re.compile(rf"{_GROUPS}|[0-9a-z]+(?:-[0-9a-z]+)*")
_SHORTEST, _LONGEST = 3, 45  # as coupons have them, with some hyphens

Wish = tuple[str, tuple[Entity, ...]]


def voucher(message: Message, context: Context) -> Wish | None:
    """The intent and the code, if one was said; None: it is about something else."""
    wishes = (_read(said, message, context) for said in message.readings)
    return next(filter(None, wishes), None)


def _read(said: str, message: Message, context: Context) -> Wish | None:
    asked = context.asked is not None and context.asked.slot == _KIND
    if _CARD.fullmatch(said) or (asked and _is_code(said)):
        intent = BALANCE if context.active_flow == context.triggers.get(BALANCE) else USE
        return intent, (_entity(said, message),)
    return _named(BALANCE, said, message) or _named(USE, said, message)


def names_voucher(entities: tuple[Entity, ...]) -> bool:
    """Whoever reads it can spend it."""
    return any(entity.kind == _KIND for entity in entities)


def _named(intent: str, said: str, message: Message) -> Wish | None:
    """ "i have a coupon" alone is asked which; beside it a word must look like a code."""
    if said in lexicon().of(f"vouchers.{intent}"):
        return intent, ()
    for strength in ("before", "perhaps_before"):
        begins = _beginning(f"vouchers.{intent}_{strength}").match(said)
        rest = tidy(said[begins.end() :].strip(" :")) if begins else ""
        if _is_code(rest) and (strength == "before" or _looks_like_one(rest, message)):
            return intent, (_entity(rest, message),)
    return None


def _is_code(said: str) -> bool:
    return _SHORTEST <= len(said) <= _LONGEST and _CODE.fullmatch(said) is not None


def _looks_like_one(said: str, message: Message) -> bool:
    return any(map(str.isdigit, said)) or said.upper() in message.original


def _entity(value: str, message: Message) -> Entity:
    text = message.original
    return Entity(_KIND, 0, len(text), text, {"value": value})


@cache
def _beginning(name: str) -> re.Pattern[str]:
    return re.compile(lexicon().pattern(name))
