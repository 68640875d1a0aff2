"""What someone looks for, without the words around it: "do you have red mugs?" gives red mugs."""

import re
from functools import cache

from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.message import Message, tidy
from dialogs.understanding.outcome import Entity

# What may stand before the thing itself.
_OPENINGS = ("search_before", "group_buy_start", "group_buy_start_before")
_LONGEST = 80


def wanted_of(message: Message) -> str | None:
    """In the person's own letters; None when nothing is left."""
    before, after, articles = _frames()
    text = message.short
    for _ in range(3):
        shorter = tidy(articles.sub("", after.sub("", before.sub("", text)))) if text else ""
        if shorter == text:
            break
        text = shorter
    return _as_written(message, text) if text and len(text) <= _LONGEST else None


def asks_for_goods(message: Message, intent: str | None, entities: tuple[Entity, ...]) -> bool:
    """ "Do you have watches?" is no hobby of anybody, even while gifts are talked about."""
    named = any(entity.kind == "interest" for entity in entities)
    of_somebody = any(entity.kind in ("relation", "exclusion") for entity in entities)
    asks = bool(_asking().match(message.short))
    return intent == "product_search" and named and asks and not of_somebody


def is_for_somebody(message: Message, entities: tuple[Entity, ...]) -> bool:
    """ "Is there anything for a 5 year old boy?" names a person and no thing."""
    kinds = {entity.kind for entity in entities if not entity.fields.get("speaker")}
    named = bool(kinds & {"age", "relation"}) and not kinds & {"interest", "attribute"}
    return named and bool(_anything().search(message.short))


def _as_written(message: Message, text: str) -> str:
    place = message.folded.text.find(text)
    if place < 0:
        return text
    start, end = message.folded.span(place, place + len(text))
    return message.original[start:end]


@cache
def _asking() -> re.Pattern[str]:
    words = lexicon()
    return re.compile(rf"(?:{words.pattern('fillers')}[\s,,]*)*{words.pattern('asks_for_goods')}")


@cache
def _anything() -> re.Pattern[str]:
    return re.compile(lexicon().pattern("anything_for"))


@cache
def _frames() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    words = lexicon()
    return (
        re.compile(rf"^(?:{words.pattern('fillers')}[\s,,]*)?{words.pattern(*_OPENINGS)}\s*"),
        re.compile(rf"\s*{words.pattern('search_after')}$"),
        re.compile(rf"^{words.pattern('search_articles')}\s*"),
    )
