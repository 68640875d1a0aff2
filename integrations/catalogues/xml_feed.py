"""Items of an RSS 2.0 or Atom feed with Google's `g:` namespace, read as a stream.

Entities and DTDs are refused before they grow. Where the file breaks off, the items before the
break are kept and the break is reported.
"""

import io
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from data.catalogue.rows import RowError
from data.kernel.errors import Invalid
from integrations.catalogues.encoding import without_declaration
from integrations.catalogues.limits import Limits
from integrations.catalogues.tsv import column

_ITEMS = {"item", "entry"}
_GOOGLE = "base.google.com/ns"
# Atom's names for what RSS and Google call otherwise.
_SAME = {"summary": "description", "content": "description"}

# Of these the first one counts; others (more images, highlights, tags) are a list.
_SINGLE = {"id", "title", "description", "link", "image_link", "price", "sale_price"}

Cells = Mapping[str, str]


def xml_rows(text: str, limits: Limits) -> Iterator[tuple[int, Cells | RowError]]:
    """(place of the item from 1, its cells); the last one is the error of a broken file."""
    number = 0
    try:
        for item in _items(without_declaration(text), limits):
            number += 1
            limits.check_rows(number)
            yield number, _cells(item)
    except DefusedXmlException as error:
        raise Invalid("feed_entities") from error
    except ParseError as error:
        line, place = error.position
        values = {"line": line, "column": place}
        yield number + 1, RowError(number + 1, "", "import_broken_xml", values)


def _items(text: str, limits: Limits) -> Iterator[Element]:
    """Each item as it closes; what is behind us is dropped, so memory stays flat."""
    source = io.BytesIO(text.encode())
    stack: list[Element] = []
    inside = elements = 0
    for event, element in iterparse(source, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            stack.append(element)
            elements += 1
            inside += _is_item(element)
            if len(stack) > limits.depth or (inside and elements > limits.elements):
                raise Invalid("feed_depth")
            elements = elements if inside else 0
            continue
        stack.pop()
        if _is_item(element):
            inside -= 1
            if not inside:
                yield element
        if not inside and stack:
            stack[-1].remove(element)


def _is_item(element: Element) -> bool:
    return _local(element.tag) in _ITEMS


def _cells(item: Element) -> Cells:
    """Google's own elements win over plain RSS or Atom ones of the same name."""
    plain: dict[str, str] = {}
    google: dict[str, str] = {}
    for child in item:
        value = _value(child)
        name = column(_local(child.tag))
        if value:
            into = google if _GOOGLE in child.tag else plain
            name = _SAME.get(name, name) if into is plain else name
            if name not in into:
                into[name] = value
            elif name not in _SINGLE:
                into[name] += f",{value}"
    return {**plain, **google}


def _value(element: Element) -> str:
    """Its text, or `name:text` of its parts (shipping); of an Atom link the address."""
    if len(element):
        return ",".join(f"{_local(part.tag)}:{(part.text or '').strip()}" for part in element)
    return (element.text or "").strip() or element.get("href", "").strip()


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
