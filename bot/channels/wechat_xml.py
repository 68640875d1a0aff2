"""WeChat's XML, in and out. What comes in is never trusted: no entities, no document types, no
deep nests; what goes out cannot be broken open by anybody's name or words (T24)."""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bot.channels.adapter import Unreadable

# A leaf is a text, what has children is such a mapping; a name that comes twice is a list.
Fields = dict[str, Any]
_ROOT = "xml"
_DEEPEST = 8  # ArticleUrlResult/ResultList/item/ArticleUrl is the deepest we know
# XML 1.0, section 2.2: what no document may hold, however it is escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse(xml: bytes | str) -> Fields:
    """The fields of one document; Unreadable whatever is wrong with it."""
    try:
        root: Element = fromstring(xml, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Unreadable(type(error).__name__) from error
    fields = _value(root, _DEEPEST)
    if root.tag != _ROOT or not isinstance(fields, dict):
        raise Unreadable("xml")
    return fields


def _value(element: Element, deepest: int) -> Fields | str:
    if not len(element):
        return (element.text or "").strip()
    if not deepest:
        raise Unreadable("depth")
    fields: Fields = {}
    for child in element:
        value, before = _value(child, deepest - 1), fields.get(child.tag)
        if before is None:
            fields[child.tag] = value
        else:
            fields[child.tag] = [*before, value] if isinstance(before, list) else [before, value]
    return fields


def text_of(fields: Fields, *path: str) -> str:
    """The leaf at this path, or nothing where there is something else."""
    found: Any = fields
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def list_of(fields: Fields, *path: str) -> list[Fields]:
    """The mappings at this path: WeChat writes one as itself, several side by side."""
    found: Any = fields
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    entries = found if isinstance(found, list) else [found]
    return [one for one in entries if isinstance(one, dict)]


def write(fields: Mapping[str, object]) -> str:
    """A document of these fields, in their order: numbers as they are, texts as CDATA."""
    return f"<xml>{_written(fields)}</xml>"


def _written(fields: Mapping[str, object]) -> str:
    return "".join(f"<{name}>{_inside(value)}</{name}>" for name, value in fields.items())


def _inside(value: object) -> str:
    if isinstance(value, Mapping):
        return _written(value)
    return str(value) if isinstance(value, int) else cdata(str(value))


def cdata(text: str) -> str:
    """`]]>` would end it, and what follows would be markup: it is cut in two."""
    sound = _FORBIDDEN.sub("", text).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{sound}]]>"
