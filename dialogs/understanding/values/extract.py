"""All rules over one text, in the order that keeps them from stealing from each other."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from dialogs.understanding.folding import Folded
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.outcome import Entity
from dialogs.understanding.values import days_en, days_zh
from dialogs.understanding.values.calendar import next_festival
from dialogs.understanding.values.counts import read_ages, read_ordinals, read_quantities
from dialogs.understanding.values.dates import read_dates
from dialogs.understanding.values.exclusions import read_exclusions
from dialogs.understanding.values.money import read_money
from dialogs.understanding.values.names import read_names
from dialogs.understanding.values.reading import Reading, Setting
from dialogs.understanding.values.times import read_times

# What a person writes before an order is short; the rest of a pasted page is not read.
READ_AT_MOST = 600
_KINDS = {
    "relations": "relation", "occasions": "occasion", "interests": "interest",
    "contents": "content",
}  # fmt: skip
_ATTRIBUTES = {"colours": "colour", "sizes": "size"}
_PHONE = re.compile(r"(?<![\d.a-z])(?:\+\d{1,3}[\s-]?)?(?:\d[\s-]?){7,14}\d(?![\d.])")
_EMAIL = re.compile(r"(?<![\w.])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}")
_DATE_LIKE = re.compile(r"[12]\d{3}-\d{1,2}-\d{1,2}")
# An order is called by its number: 订单 1001, order no. 1001, #1001. Four digits at least: "order
# 100 of them" counts.
_ORDER = re.compile(
    r"(?:(?:订单|单号|(?<![a-z])orders?)\s*(?:编?号码?|number|no\.?)?\s*[是::#]{0,2}\s*|#\s?)"
    r"(?P<number>\d{4,8})(?![\d.]|\s*(?:[元块个件份]|pcs|pieces|of\b))"
)
# "22 Baker St" is a place, and nobody there bakes.
_STREET = re.compile(
    r"(?<![a-z0-9])\d{1,5}[a-z]?\s+(?:[a-z.]+\s+){1,3}"
    r"(?:street|st|road|rd|avenue|ave|lane|ln|drive|close|court|square|boulevard|blvd)(?![a-z])"
)
ProductHits = Sequence[tuple[str, str]]


def extract(
    folded: Folded,
    setting: Setting,
    products: Callable[[str], ProductHits] | None = None,
) -> tuple[Entity, ...]:
    """The values of a message, in its order, with offsets in the original text."""
    reading = Reading(folded.text[:READ_AT_MOST], setting)
    _read_contacts(reading)
    for read in (_read_products(products), read_money, _read_festivals, read_dates, _read_days):
        read(reading)
    for read in (read_times, read_ages, read_ordinals, _read_words, read_quantities):
        read(reading)
    read_names(reading, folded)
    read_exclusions(reading)
    in_order = sorted(reading.values, key=lambda value: value.start)
    return tuple(_entity(folded, v.kind, v.start, v.end, v.fields) for v in in_order)


def _entity(folded: Folded, kind: str, start: int, end: int, fields: dict[str, Any]) -> Entity:
    begin, stop = folded.span(start, end)
    return Entity(kind, begin, stop, folded.original[begin:stop], fields)


def _read_contacts(reading: Reading) -> None:
    for match in _EMAIL.finditer(reading.text):
        reading.take("email", match.start(), match.end(), {"value": match[0]})
    for match in _PHONE.finditer(reading.text):
        if not _DATE_LIKE.match(match[0]):
            digits = re.sub(r"[\s-]", "", match[0])
            reading.take("phone", match.start(), match.end(), {"value": digits})
    for match in _STREET.finditer(reading.text):
        reading.take("street", match.start(), match.end(), {"value": match[0]})
    for match in _ORDER.finditer(reading.text):
        number = {"value": match["number"]}
        reading.take("order_number", match.start(), match.end(), number)


def _read_products(products: Callable[[str], ProductHits] | None) -> Callable[[Reading], None]:
    def read(reading: Reading) -> None:
        for product, alias in products(reading.text) if products else ():
            start = reading.text.find(alias.lower())
            if start >= 0:
                reading.take("product", start, start + len(alias), {"id": product})

    return read


def _read_festivals(reading: Reading) -> None:
    """A festival is a date that knows its name; it fills occasions too."""
    setting = reading.setting
    for hit in lexicon().finder.find(reading.text):
        if hit.list == "festivals":
            day = next_festival(hit.name, setting.today, setting.locale)
            fields = {"date": day.isoformat(), "festival": hit.name} if day else {}
            if fields:
                reading.take("date", hit.start, hit.end, fields)


def _read_days(reading: Reading) -> None:
    for pattern, rule in (*days_zh.rules(), *days_en.rules()):
        for match in pattern.finditer(reading.text):
            fields = rule(match, reading.setting.today)
            if fields:
                reading.take("date", match.start(), match.end(), fields)


def _read_words(reading: Reading) -> None:
    cursed = {start for match in _curses().finditer(reading.text) for start in range(*match.span())}
    for hit in lexicon().finder.find(reading.text):
        if hit.start in cursed:
            continue
        if hit.list in _KINDS:
            reading.take(_KINDS[hit.list], hit.start, hit.end, {"value": hit.name})
        elif hit.list in _ATTRIBUTES:
            fields = {"name": _ATTRIBUTES[hit.list], "value": hit.name}
            reading.take("attribute", hit.start, hit.end, fields)


@cache
def _curses() -> re.Pattern[str]:
    """妈的 at the end of a clause is no mother; 妈的生日 is hers."""
    return re.compile(lexicon().pattern("curses") + r"(?=\s*(?:$|[,.!?…~,。!?]))")
