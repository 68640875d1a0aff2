"""What must not be: 不要香水 · nothing with nuts · not red · not mum, dad.

The word of refusal and what it refuses become one value; it reaches to the end of its clause.
What no list knows stays free text.
"""

import re
from functools import cache

from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.values.reading import Reading, Value

_CLAUSE_END = re.compile(
    r"[,.;!?。,;!?…\n]|但|可是|然后|(?<![a-z])(?:but|though|however|please)(?![a-z])"
)
_JOINS = re.compile(r"\s*(?:[、/和或与跟及,]|或者|以及|or|and|nor)\s*")
_FILLER = re.compile(r"(?:(?:for|any|a|an|the|my|of|给|送|买|是|用|对|我|任何|有)(?![a-z])\s*)*")
_REFUSABLE = frozenset(
    {"interest", "content", "relation", "attribute", "occasion", "money", "date", "product"}
)
_LONGEST_HAN, _LONGEST_WORDS = 8, 3
_FREE_TEXT = re.compile(r"[a-z][a-z'-]*(?:\s+[a-z][a-z'-]*)*|[\u3400-\u9fff]+")
_TRAILING = re.compile(r"(?:的|了|吧|哦|啊|呢|哈|啦|喔|之类|那种|东西|这类|类)+$")


def read_exclusions(reading: Reading) -> None:
    """After all other values: a refused value loses its place to the exclusion around it."""
    before, after = _cues()
    for cue in before.finditer(reading.text):
        _refuse_behind(reading, cue.start(), cue.end())
    for cue in after.finditer(reading.text):
        _refuse_before(reading, cue)


def _refuse_behind(reading: Reading, start: int, place: int) -> None:
    inside = _begun_inside(reading, start, place)
    if inside:
        _exclude(reading, inside, start)
        return
    if not reading.free(start, place):
        return
    end = _clause_end(reading.text, place)
    refused = _value_at(reading, place, end)  # 我妈 begins with a word that is skipped elsewhere
    place = _skip(reading.text, place)
    refused = refused or _value_at(reading, place, end)
    if refused is None:
        _refuse_words(reading, start, place, end)
        return
    while refused:
        _exclude(reading, refused, start)
        join = _JOINS.match(reading.text, refused.end, end)
        start = place = join.end() if join else end
        refused = _value_at(reading, place, end) if join else None


def _begun_inside(reading: Reading, start: int, place: int) -> Value | None:
    """不喝 and 喝酒 share a letter: the value begins within the refusal."""
    return next(
        (
            value
            for value in reading.values
            if value.kind in _REFUSABLE and start < value.start < place < value.end
        ),
        None,
    )


def _refuse_before(reading: Reading, cue: re.Match[str]) -> None:
    """坚果过敏, perfume is out: the value stands right before the cue."""
    if not reading.free(cue.start(), cue.end()):
        return
    for value in reading.values:
        gap = reading.text[value.end : cue.start()]
        if value.kind in _REFUSABLE and value.end <= cue.start() and not gap.strip(" 的就都也"):
            _exclude(reading, value, value.start, cue.end())
            return


def _exclude(reading: Reading, value: Value, start: int, end: int = 0) -> None:
    text = reading.text[value.start : value.end]
    if value.kind == "money" and None in (value.fields["min"], value.fields["max"]):
        # "nothing above 50" is a bound of its own, the other way round.
        flipped = {**value.fields, "min": value.fields["max"], "max": value.fields["min"]}
        reading.drop(value)
        reading.take("money", min(start, value.start), max(end, value.end), flipped)
        return
    refused = {"kind": value.kind, "text": text, **value.fields}
    reading.drop(value)
    reading.take("exclusion", min(start, value.start), max(end, value.end), {"of": refused})


def _refuse_words(reading: Reading, start: int, place: int, end: int) -> None:
    words = _FREE_TEXT.match(reading.text, place, end)
    if words is None or not reading.free(place, words.end()):
        return
    text = _TRAILING.sub("", words[0]).strip()
    if not text or _too_long(text) or _not_a_thing(text):
        return
    stop = place + len(text)
    reading.take("exclusion", start, stop, {"of": {"kind": "text", "text": text, "value": text}})


def _too_long(text: str) -> bool:
    if text.isascii():
        return len(text.split()) > _LONGEST_WORDS
    return len(text) > _LONGEST_HAN


def _not_a_thing(text: str) -> bool:
    return bool(_empty_words().match(text))


def _value_at(reading: Reading, place: int, end: int) -> Value | None:
    """The value right here; in Chinese and English a word or two may stand in between."""
    near = (
        value
        for value in reading.values
        if value.kind in _REFUSABLE and place <= value.start and value.end <= end
    )
    value = min(near, key=lambda value: value.start, default=None)
    return value if value and _is_near(reading.text[place : value.start]) else None


def _is_near(gap: str) -> bool:
    if not gap.strip():
        return True
    return (gap.isascii() and len(gap.split()) <= 1) or (len(gap) <= 2 and not gap.isascii())  # noqa: PLR2004


def _skip(text: str, place: int) -> int:
    spaces = re.compile(r"\s*").match(text, place)
    place = spaces.end() if spaces else place
    filler = _FILLER.match(text, place)
    return filler.end() if filler else place


def _clause_end(text: str, place: int) -> int:
    end = _CLAUSE_END.search(text, place)
    return end.start() if end else len(text)


@cache
def _cues() -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = lexicon()
    before = words.pattern("exclusions.before")
    after = words.pattern("exclusions.after")
    # 有没有 and "is it not" ask; 要不要 offers.
    return re.compile(rf"(?<![有要是吃喝]){before}(?!是)"), re.compile(rf"(?<![要])\s?{after}")


@cache
def _empty_words() -> re.Pattern[str]:
    forms = lexicon().of("exclusions.not_a_thing")
    ordered = sorted(forms, key=len, reverse=True)
    return re.compile(
        "(?:"
        + "|".join(re.escape(f) + (r"(?![a-z])" if f[-1].isascii() else "") for f in ordered)
        + ")"
    )
