"""What a button carries: `/SetSlots(a=1, b="x y")`, `/StartFlow(name)`, `/Act(name, team=tm_x)`,
`/cancel`, `/back`, `/skip`, `/repeat`, `/restart`, `/human`.

Tiny and strict: anything else is no payload. Who may send one is decided in the chain (T07).
"""

import re
from functools import lru_cache
from typing import Any

from dialogs.engine.commands import (
    Act,
    CancelFlow,
    Command,
    GoBack,
    HumanHandoff,
    RepeatLast,
    Restart,
    SetSlot,
    SkipQuestion,
    StartFlow,
)

_LONGEST = 1000  # ours are below 200; Telegram itself carries 64 bytes
_REMEMBERED = 10_000  # a turn looks at each button that was shown last
_CALL = re.compile(r"/(SetSlots|StartFlow|Act)\((.*)\)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PAIR = re.compile(
    r"""\s*(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*
        (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s,"()]+))\s*(?:,|$)""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,6})?")
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}
_PLAIN: dict[str, Command] = {
    "/cancel": CancelFlow(),
    "/back": GoBack(),
    "/skip": SkipQuestion(),
    "/repeat": RepeatLast(),
    "/restart": Restart(),
    "/human": HumanHandoff(),
}


def looks_like_payload(text: str) -> bool:
    """A typed payload that nobody offered is plain text: it must not even be guessed at (T07)."""
    return _CALL.match(text.strip()) is not None


@lru_cache(_REMEMBERED)
def parse_payload(payload: str) -> tuple[Command, ...] | None:
    """The commands of a payload, or None when it is not one."""
    if payload in _PLAIN:
        return (_PLAIN[payload],)
    call = _CALL.fullmatch(payload) if len(payload) <= _LONGEST else None
    if call is None:
        return None
    verb, inside = call.groups()
    if verb == "SetSlots":
        values = _pairs(inside)
        return tuple(SetSlot(slot, value) for slot, value in values.items()) if values else None
    name, _, rest = inside.partition(",")
    return _named(verb, name.strip(), rest)


def _named(verb: str, name: str, rest: str) -> tuple[Command, ...] | None:
    values = _pairs(rest) if rest.strip() else {}
    if not _NAME.fullmatch(name) or values is None:
        return None
    if verb == "Act":
        return (Act(name, values),)
    return (StartFlow(name), *(SetSlot(slot, value) for slot, value in values.items()))


def _pairs(inside: str) -> dict[str, Any] | None:
    values: dict[str, Any] = {}
    place = 0
    while place < len(inside):
        pair = _PAIR.match(inside, place)
        if pair is None or pair["key"] in values:
            return None
        values[pair["key"]] = _value(pair["quoted"], pair["bare"])
        place = pair.end()
    return None if inside.rstrip().endswith(",") else values


def _value(quoted: str | None, bare: str | None) -> Any:
    if quoted is not None:
        return re.sub(r"\\(.)", r"\1", quoted)
    word = bare or ""
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    if _NUMBER.fullmatch(word):
        return float(word) if "." in word else int(word)
    return word
