"""Ages, ordinals and quantities: 六岁 · in her sixties · 第二个 · the last one · 两打 · 3 boxes."""

import re
from functools import cache
from typing import Any

from dialogs.understanding.lexicon import any_of, lexicon
from dialogs.understanding.values.dates import nth
from dialogs.understanding.values.numbers import SMALL_NUMBER, read_number, read_whole
from dialogs.understanding.values.reading import Reading

_OLDEST = 120
_MOST = 100_000
_FIRST, _LAST = 1, -1
_TENS = "twenties thirties forties fifties sixties seventies eighties nineties".split()  # noqa: SIM905
_DECADES = {word: 10 * i for i, word in enumerate(_TENS, start=2)}
_EN_NTH = (
    r"(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)"
)
# 前面那个路口 leads somewhere, 前面那个问题 was asked before.
_NO_PLACE = r"(?!问题|路|街|门|楼|站|店|月|字)"
_CALLED = r"(?:one|option|gift|item|product|choice|card|picture|reminder)"


def read_ages(reading: Reading) -> None:
    for pattern in _ages():
        for match in pattern.finditer(reading.text):
            fields = _age(match)
            if fields:
                reading.take("age", match.start(), match.end(), fields)


def _age(match: re.Match[str]) -> dict[str, Any] | None:
    groups = match.groupdict()
    speaker = {"speaker": True} if groups.get("self") else {}
    if groups.get("band"):
        return {"min": 13, "max": 19}
    if groups.get("decade"):
        low = _DECADES.get(groups["decade"]) or int(re.sub(r"\D", "", groups["decade"]))
        return {"min": low, "max": low + 9}
    if groups.get("tens"):
        low = 10 if groups["tens"] == "十" else (read_whole(groups["tens"]) or 0)
        return {"min": max(low, 11), "max": low + 9} if low else None
    span = read_number(groups["age"]) if groups.get("age") else None
    if groups.get("nth"):
        value = nth(groups["nth"])
        return {"min": value, "max": value} if value else None
    if span is None or span.high > _OLDEST:
        return None
    return {"min": int(span.low), "max": int(span.high), **speaker}


def bare_number(text: str) -> int | None:
    """The whole message is a number."""
    match = re.fullmatch(rf"\s*({SMALL_NUMBER})\s*[.。!!]?\s*", text)
    return read_whole(match[1]) if match else None


def read_ordinals(reading: Reading) -> None:
    for pattern in _ordinals():
        for match in pattern.finditer(reading.text):
            value = _ordinal(match)
            if value:
                reading.take("ordinal", match.start(), match.end(), {"value": value})


def _ordinal(match: re.Match[str]) -> int | None:
    for place, name in ((_FIRST, "first"), (_LAST, "last")):
        if match.groupdict().get(name):
            return place
    if match.groupdict().get("from_end"):
        number = read_whole(match["from_end"])
        return -number if number else None
    return nth(match["nth"])


def read_quantities(reading: Reading) -> None:
    for pattern in _quantities():
        for match in pattern.finditer(reading.text):
            fields = _quantity(match)
            if fields:
                reading.take("quantity", match.start(), match.end(), fields)


def _quantity(match: re.Match[str]) -> dict[str, Any] | None:
    groups = match.groupdict()
    word = groups.get("count")
    count = 1 if word in (None, "a", "an", "") else 0.5 if word == "半" else read_whole(word or "")
    if count is None:
        span = read_number(word or "")  # 两三个: the larger, nobody minds one to spare
        count = int(span.high) if span else None
    if groups.get("group"):
        count = (count or 0) * _group_sizes()[groups["group"]]
    if not count or count > _MOST:
        return None
    unit = groups.get("unit")
    return {"value": int(count), **({"unit": unit} if unit else {})}


@cache
def _group_sizes() -> dict[str, int]:
    return {form: int(n) for n, forms in lexicon().section("groups").items() for form in forms}


@cache
def _ages() -> tuple[re.Pattern[str], ...]:
    words = lexicon()
    myself = words.pattern("ages.self")
    band = words.pattern("ages.band_child")
    number = SMALL_NUMBER
    return tuple(
        re.compile(pattern)
        for pattern in (
            r"(?P<self>我(?:今年|现在|才|只有|刚|刚满|都|已经|还|是|年纪|马上|快)*)?(?P<tens>[一二三四五六七八九]?十)(?:几|多|来)岁",
            r"(?P<tens>\d0)(?:几|多|来)岁",
            rf"(?P<self>我(?:今年|现在|才|只有|刚|刚满|还|是|虚岁)*)?(?<![\d.])(?P<age>{number})(?:周岁|岁)(?:半|了)?",
            r"(?P<age>[一二三四五六七八九]?十[一二三四五六七八九]?|\d{2})(?:岁)?(?=大寿|寿辰|寿宴|生日)",
            rf"(?P<self>{myself})\s+(?:only\s+|just\s+)?(?P<age>{number})(?=\s*(?:$|[.,!?。,!?]|and\b|so\b|but\b|can\b|years?\b))",
            rf"(?P<age>{number})\s?-?\s?years?[\s-]?(?:old|of age)(?![a-z])",
            rf"(?P<age>{number})\s?-?\s?(?:yo|y/o|y\.o\.?|yrs? old)(?![a-z])",
            rf"(?<![a-z])(?:aged?|age of|turned)\s+(?P<age>{number})(?![\d%])",
            # "Turns" itself says that it is a birthday.
            rf"(?:(?<=\bturning )|(?<=\bturns ))(?P<age>{number})(?![\d%])",
            rf"(?<![a-z])in\s+(?:her|his|their|my|the)\s+(?:early\s+|mid\s?-?|late\s+)?(?P<decade>{'|'.join(_DECADES)}|\d0'?s)(?![a-z])",
            r"(?P<nth>\d{1,3}(?:st|nd|rd|th))(?=\s+(?:birthday|bday|b-day))",
            rf"(?P<band>{band}|青少年)",
        )
    )


@cache
def _ordinals() -> tuple[re.Pattern[str], ...]:
    named = lexicon().pattern("measures")
    number = SMALL_NUMBER
    return tuple(
        re.compile(pattern)
        for pattern in (
            rf"倒数第(?P<from_end>{number})(?:{named}|家|样)?",
            rf"(?P<last>最后(?:那|这)?(?:一|1)?(?:个|款|件|张|样|种|套|{named}))",
            rf"最?(?:(?P<first>前[面边头])|(?P<last>后[面边头]))的?[那这](?:一|1)?(?:个|款|样|种|套|{named}){_NO_PLACE}",
            r"(?<!以)(?:(?P<first>前者)|(?P<last>后者))",
            rf"第(?P<nth>{number})(?!次|天|周|年|季|时间|一次)(?:{named}|种|样|号)?",
            rf"(?<![a-z0-9])(?:the\s+)?(?P<last>last)\s+{_CALLED}(?![a-z])",
            r"(?<![a-z])the\s+(?P<last>last)(?=\s*(?:$|[.,!?]|please))",
            rf"(?<![a-z0-9])(?:the\s+)?(?:(?P<first>former)|(?P<last>latter))\s+{_CALLED}(?![a-z])",
            r"(?<![a-z])the\s+(?:(?P<first>former)|(?P<last>latter))(?=\s*(?:$|[.,!?]|please|then|is\b|looks|sounds|of\sth))",
            rf"(?<![a-z0-9])(?:the\s+)?(?P<nth>{_EN_NTH})\s+{_CALLED}(?![a-z])",
            rf"(?<![a-z0-9])the\s+(?P<nth>{_EN_NTH})(?=\s*(?:$|[.,!?]|please|of th))",
            rf"(?<![a-z0-9])(?:number|no\.|option|choice|item)\s?#?(?P<nth>{number})(?![\d.])",
            r"(?<![a-z0-9&])#\s?(?P<nth>\d{1,2})(?!\d)",
            r"(?<![a-z0-9])(?P<nth>\d{1,2})号(?:款|的?那个)",
        )
    )


@cache
def _quantities() -> tuple[re.Pattern[str], ...]:
    words = lexicon()
    measure = words.pattern("measures")
    groups = words.section("groups")
    forms = [form for some in groups.values() for form in some]
    dozen = any_of(form for form in forms if form.isascii())
    pair = any_of(form for form in forms if not form.isascii())  # 打 alone is a verb, 对 a yes
    number = SMALL_NUMBER
    return tuple(
        re.compile(pattern)
        for pattern in (
            rf"(?<![a-z0-9])(?P<count>an?|{number})?\s?(?P<group>{dozen})(?:\s+of)?",
            rf"(?<![a-z0-9第])(?P<count>半|{number})\s?(?P<group>{pair})(?![一-鿿]折)",
            rf"(?<![\d.第十百千a-z])(?P<count>{number})\s?(?P<unit>{measure})(?!以内|钟)",
            r"(?<![a-z0-9])x\s?(?P<count>\d{1,3})(?![\d.a-z])",
            r"(?<![\d.a-z])(?P<count>\d{1,3})\s?x(?![a-z0-9])",
            rf"(?<![a-z])(?:buy|order|take|want|need|get|quantity|qty|have)\s+(?:me\s+)?(?P<count>{number})(?=\s*(?:$|[.,!?a-z]))(?!\s*(?:st|nd|rd|th|minutes?|hours?|days?|weeks?|months?|years?|dollars?)\b)",
            rf"(?<![a-z])make\s+(?:it|that)\s+(?!\d\d)(?P<count>{number})(?=\s*(?:$|[.,!?]|please))",
            rf"数量[是::]?\s?(?P<count>{number})",
        )
    )
