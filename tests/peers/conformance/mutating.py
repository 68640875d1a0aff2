"""Messages that look like a channel's own and are not quite: recorded ones with something changed.

Every choice is a `Random`'s. Given one of Hypothesis's own, an example shrinks; given a plain one
with a drawn seed, a hundred inputs cost what one did (drawing was nine tenths of the time).
"""

import json
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any

Json = Any
_WORDS = [
    *(
        "",
        " ",
        "\0",
        "\ud83d",
        "]]>",
        "<b>&",
        "x" * 5000,
        "团子",
        "🎂" * 300,
        "\u202eשלום",
        "１",
        "1",
    ),
    *("/SetSlots(price=1)", "/tap:x", "/start x", "4111 1111 1111 1111", "EAN_13,6901939621608"),
    *(
        "help",
        "gift for my mum, under 300",
        "{0.__class__}",
        "' OR 1=1 --",
        "a\r\nb: c",
        "-1",
        "９" * 50,
    ),
    *(
        "]]><Event>subscribe</Event><![CDATA[",
        "&a;",
        "&#0;",
        "<a><b/></a>",
        "event",
        "text",
        "private",
    ),
]
_NUMBERS = [0, 1, -1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**400, 1.5, 1e308, -0.0]
_OTHERS: list[Json] = [None, True, False, [], {}, [[]], [None], {"id": 1}, {"": ""}, ["x"] * 50]
_HEADS = [
    '<?xml version="1.0" encoding="utf-16"?>',
    '<?xml version="1.0" encoding="no-such"?>',
    '<!DOCTYPE x [<!ENTITY a "b">]>',
    '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    *("\ufeff", "\x00", "<!-- -->"),
]


def leaf(chance: Random) -> Json:
    pool: Sequence[Json] = chance.choice((_WORDS, _WORDS, _NUMBERS, _OTHERS, ()))
    return deepcopy(chance.choice(pool)) if pool else words(chance)  # it may be changed in its turn


def words(chance: Random) -> str:
    if chance.random() < 0.5:
        return chance.choice(_WORDS)
    marks = [
        chr(chance.choice((chance.randrange(32, 127), chance.randrange(0xD800))))
        for _ in range(chance.randrange(9))
    ]
    return "".join(marks)


# — JSON —


def places(value: Json) -> list[tuple[Json, Any]]:
    """Every container in it with each of its keys."""
    found: list[tuple[Json, Any]] = []
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        found.append((value, key))
        found += places(value[key])
    return found


def mutated(value: Json, chance: Random, *, names: Sequence[str]) -> Json:
    """One to four changes, to a copy; `names` are fields that the channel knows."""
    changed = json.loads(json.dumps(value))
    for _ in range(chance.randrange(1, 5)):
        found = places(changed)
        if found:
            _change(*chance.choice(found), chance, names)
    return changed


def _change(inside: Json, key: Any, chance: Random, names: Sequence[str]) -> None:
    old = inside[key]
    match chance.randrange(8):
        case 0 | 1 | 2:
            inside[key] = leaf(chance)
        case 3:
            del inside[key]
        case 4:
            inside[key] = [old] * chance.randrange(1, 4)
        case 5 if isinstance(inside, dict):
            inside[chance.choice(names)] = inside.pop(key)
        case 6 if isinstance(inside, dict):
            inside[chance.choice(names)] = leaf(chance)
        case _:
            for _ in range(chance.randrange(1, 40)):
                old = {key: old} if isinstance(inside, dict) else [old]
            inside[key] = old


def names_in(values: Sequence[Json]) -> list[str]:
    return sorted({key for value in values for _, key in places(value) if isinstance(key, str)})


# — XML —


def mutated_xml(xml: str, chance: Random, *, names: Sequence[str]) -> str:
    for _ in range(chance.randrange(1, 6)):
        xml = chance.choice(_XML)(xml, chance, chance.choice(names))
    return xml


def _each(tag: str, xml: str, change: Callable[[str], str]) -> str:
    """Every element of this name."""
    name = re.escape(tag)
    return re.sub(f"<{name}>.*?</{name}>", lambda old: change(old.group()), xml, flags=re.DOTALL)


def _filled(xml: str, chance: Random, tag: str) -> str:
    inside = f"<{tag}><![CDATA[{_plain(chance)}]]></{tag}>"
    return _each(tag, xml, lambda _: inside)


def _bare(xml: str, chance: Random, tag: str) -> str:
    inside = f"<{tag}>{_plain(chance)}</{tag}>"
    return _each(tag, xml, lambda _: inside)


def _dropped(xml: str, _chance: Random, tag: str) -> str:
    return _each(tag, xml, lambda _: "")


def _doubled(xml: str, chance: Random, tag: str) -> str:
    times = chance.randrange(2, 5)
    return _each(tag, xml, lambda old: old * times)


def _nested(xml: str, chance: Random, tag: str) -> str:
    depth = chance.randrange(1, 40)
    return _each(tag, xml, lambda old: f"<{tag}>" * depth + old + f"</{tag}>" * depth)


def _renamed(xml: str, chance: Random, tag: str) -> str:
    other = chance.choice(["xml", "MSGID", "MsgID", "Event", "a:b", "团子", ""])
    return xml.replace(f"<{tag}>", f"<{other}>").replace(f"</{tag}>", f"</{other}>")


def _added(xml: str, chance: Random, tag: str) -> str:
    return xml.replace("</xml>", f"<{tag}><![CDATA[{_plain(chance)}]]></{tag}></xml>")


def _torn(xml: str, chance: Random, _tag: str) -> str:
    place = chance.randrange(len(xml) + 1)
    return xml[:place] + chance.choice(("", _plain(chance) + xml[place:]))


def _headed(xml: str, chance: Random, _tag: str) -> str:
    return chance.choice(_HEADS) + xml


def _plain(chance: Random) -> str:
    return words(chance).encode("utf-8", "replace").decode()


_XML = (_filled, _filled, _bare, _dropped, _doubled, _nested, _renamed, _added, _torn, _headed)


# — bytes —


def to_bytes(body: Json, chance: Random) -> bytes:
    """With numbers that are none any more where they are read."""
    told = json.dumps(body, ensure_ascii=chance.random() < 0.5).replace("1e+308", "1e999")
    return torn(told.encode("utf-8", "replace"), chance)


def torn(content: bytes, chance: Random) -> bytes:
    """Now and then what was to be a document is none."""
    place = chance.randrange(len(content) + 1)
    match chance.randrange(24):
        case 0:
            return content[:place]
        case 1:
            return (
                content[:place]
                + chance.choice((b"\xff", b"\0", b"NaN", b"[" * 2000, b"\\ud800"))
                + content[place:]
            )
        case 2:
            return chance.choice((b"", b"null", b"[]", b"{", b"1e999", b'"\\ud800"', b"\xff\xfe{}"))
    return content
