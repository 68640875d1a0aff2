"""Days named outright: 1990-03-08 · 12月5号 · 农历八月十五 · May 20th · 5/20 · 中秋 · 8th day of
the third lunar month.

Without a year it is the next such day. A lunar day also keeps `lunar`, for it comes back on
another day each year; a month and day in words that may be either calendar sets `ask`.
"""

import re
from datetime import date
from functools import cache

from data.kernel.locales import Locale
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.values.calendar import lunar, next_lunar, next_solar, solar
from dialogs.understanding.values.day_sums import Fields, RawRule, Rule, compiled
from dialogs.understanding.values.numbers import read_whole, read_year
from dialogs.understanding.values.reading import Reading

_MONTHS_OF_OLD = {"正": 1, "冬": 11, "腊": 12}
_YEAR = r"(?P<year>[12]\d{3}|[一二][零〇一二三四五六七八九]{3})"
_HAN_MONTH = r"\d{1,2}|正|冬|腊|十[一二]?|[一二三四五六七八九]"
_HAN_DAY = (
    r"\d{1,2}|[初廿卅][一二三四五六七八九十]?|[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九]"
)
_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
]  # a column of quoted words is harder to read
_NTH = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{'|'.join(reversed(_ORDINALS))})(?![a-z])"
_EN_DAY = rf"(?:{_NTH}|\d{{1,2}}(?![\d:]|\s?(?:am|pm)(?![a-z])))"
_CUE_REACH = 24  # letters between a date and the word "lunar" that belongs to it
_HAN, _LATIN = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[a-z]")
_CLAUSE = re.compile(r"[,.;!?。,;!?、]")


def read_dates(reading: Reading) -> None:
    for pattern, rule in _rules():
        for match in pattern.finditer(reading.text):
            fields = rule(match, reading.setting.today)
            if fields and rule is _numeric and _is_english(reading):
                fields |= _other_way_round(match, fields)
            if fields:
                reading.take("date", match.start(), match.end(), fields)


def day_fields(
    month: int, day: int, year: int | None, today: date, *, moon: bool = False, leap: bool = False
) -> Fields | None:
    """The fields of a month and a day in either calendar, or None where there is no such day."""
    if moon:
        found = (
            lunar(year, month, day, leap=leap) if year else next_lunar(month, day, today, leap=leap)
        )
        fields: Fields = {"lunar": {"month": month, "day": day, "leap": leap}}
    else:
        found = solar(year, month, day) if year else next_solar(month, day, today)
        fields = {"solar": {"month": month, "day": day}}
    if found is None:
        return None
    return {"date": found.isoformat(), **fields, **({"year": year} if year else {})}


def nth(token: str) -> int | None:
    """15, 15th, fifteenth."""
    if token in _ORDINALS:
        return _ORDINALS.index(token) + 1
    return read_whole(re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", token))


def _iso(match: re.Match[str], today: date) -> Fields | None:
    year, month, day = (int(match[name]) for name in ("year", "month", "day"))
    return day_fields(month, day, year, today, moon=_said_lunar(match))


def _han(match: re.Match[str], today: date) -> Fields | None:
    month_word, day_word = match["month"], match["day"]
    month, day = _han_month(month_word), _han_day(day_word)
    if month is None or day is None:
        return None
    year = read_year(match["year"]) if match["year"] else None
    spoken = day_word[0] in "初廿卅" or month_word in _MONTHS_OF_OLD
    leap = bool(match["leap"])
    moon = spoken or leap or _said_lunar(match)
    fields = day_fields(month, day, year, today, moon=moon, leap=leap)
    if fields and not moon and _either(match):
        fields |= {"lunar": {"month": month, "day": day, "leap": False}, "ask": "calendar"}
    return fields


def _either(match: re.Match[str]) -> bool:
    """八月十五: no 号, no digit, no word for a calendar."""
    words = match["month"] + match["day"]
    plain = not match["mark"] and not any(letter.isdigit() and letter.isascii() for letter in words)
    return plain and not _said(match, "solar") and not match["year"]


def _old_new_year(match: re.Match[str], today: date) -> Fields | None:
    day = _han_day(match["day"])
    return day_fields(1, day, None, today, moon=True) if day else None


def _month_name(match: re.Match[str], today: date) -> Fields | None:
    day = nth(match["day"])
    month = month_number(match["month"])
    year = int(match["year"]) if match["year"] else None
    if day is None or month is None:
        return None
    return day_fields(month, day, year, today, moon=_said_lunar(match))


def _lunar_words(match: re.Match[str], today: date) -> Fields | None:
    day, month = nth(match["day"]), nth(match["month"])
    return day_fields(month, day, None, today, moon=True) if day and month else None


def _numeric(match: re.Match[str], today: date) -> Fields | None:
    """5/20 and 5.20 are month and day; a first number above twelve can only be the day."""
    month, day = int(match["first"]), int(match["second"])
    if month > 12 >= day:  # noqa: PLR2004
        month, day = day, month
    moon = _said_lunar(match)
    if not (moon or match["mark"] == "/" or _said(match, "cue")):
        return None
    year = int(match["year"]) if match["year"] else None
    return day_fields(month, day, year, today, moon=moon)


def _is_english(reading: Reading) -> bool:
    """By the words around the numbers; by the person where there are none."""
    if _HAN.search(reading.text):
        return False
    return bool(_LATIN.search(reading.text)) or reading.setting.locale is Locale.EN


def _other_way_round(match: re.Match[str], fields: Fields) -> Fields:
    """In English 12/3 is 3 December to some and 12 March to others."""
    first, second = int(match["first"]), int(match["second"])
    torn = first != second and max(first, second) <= 12 and "solar" in fields  # noqa: PLR2004
    return {"or": {"month": second, "day": first}} if torn else {}


def _han_month(word: str) -> int | None:
    return _MONTHS_OF_OLD.get(word) or read_whole(word)


def _han_day(word: str) -> int | None:
    if word[0] == "初":
        return read_whole(word[1:]) if len(word) > 1 else None
    if word[0] in "廿卅":
        tens = 20 if word[0] == "廿" else 30
        return tens + (read_whole(word[1:]) or 0 if len(word) > 1 else 0)
    return read_whole(word)


def month_number(word: str) -> int | None:
    return _month_names().get(word.rstrip("."))


@cache
def _month_names() -> dict[str, int]:
    months = lexicon().section("months")
    return {form: int(number) for number, forms in months.items() for form in forms}


def month_pattern() -> str:
    return rf"(?:{lexicon().pattern(*(f'months.{n}' for n in range(1, 13)))}\.?)"


def _said_lunar(match: re.Match[str]) -> bool:
    return _said(match, "lunar")


def _said(match: re.Match[str], word: str) -> bool:
    """Whether a calendar word stands in the same clause, close by."""
    text = match.string
    before = _CLAUSE.split(text[max(0, match.start() - _CUE_REACH) : match.start()])[-1]
    after = _CLAUSE.split(text[match.end() : match.end() + _CUE_REACH])[0]
    return bool(_calendar_words()[word].search(f"{before}{match[0]}{after}"))


@cache
def _calendar_words() -> dict[str, re.Pattern[str]]:
    words = lexicon()
    return {
        name: re.compile(words.pattern(f"calendar.{name}")) for name in ("lunar", "solar", "cue")
    }


@cache
def _rules() -> tuple[Rule, ...]:
    """From the most telling form to the least."""
    return compiled((*_written_rules(), *_han_rules(), *_english_rules(), _numeric_rule()))


def _written_rules() -> tuple[RawRule, ...]:
    mark = r"\s?[-/.]\s?"
    day = rf"(?P<month>\d{{1,2}}){mark}(?P<day>\d{{1,2}})(?!\d)"
    return ((rf"(?<!\d)(?P<year>[12]\d{{3}}){mark}{day}", _iso),)


def _han_rules() -> tuple[RawRule, ...]:
    either = f"(?:{lexicon().pattern('calendar.lunar')}|{lexicon().pattern('calendar.solar')})"
    return (
        (
            rf"(?:{_YEAR}年?的?)?{either}?(?:的|是|:)?(?P<leap>闰)?(?P<month>{_HAN_MONTH})月(?:份)?的?"
            rf"(?P<day>{_HAN_DAY})(?P<mark>[日号])?(?![个天块元])",
            _han,
        ),
        (r"(?:大年|过年|新年|年)(?P<day>初[一二三四五六七八九十])", _old_new_year),
    )


def _english_rules() -> tuple[RawRule, ...]:
    moon = lexicon().pattern("calendar.lunar")
    month = month_pattern()
    year = r"(?:,?\s+(?:of\s+)?(?P<year>[12]\d{3})(?!\d))?"
    return (
        (
            rf"(?P<day>{_NTH})(?:\s+day)?\s+of\s+(?:the\s+)?(?:{moon}\s+)?(?P<month>{_NTH})\s+"
            rf"(?:{moon}\s+)?month(?:\s+(?:in|of|on)\s+the\s+{moon})?",
            _lunar_words,
        ),
        (
            rf"(?P<month>{_NTH})\s+(?:{moon}\s+)month,?\s+(?:the\s+)?(?:day\s+)?(?P<day>{_EN_DAY})",
            _lunar_words,
        ),
        (rf"(?P<month>{month})\s+(?:the\s+)?(?P<day>{_EN_DAY}){year}", _month_name),
        (rf"(?P<day>{_EN_DAY})\s*(?:of\s+)?(?P<month>{month}){year}", _month_name),
    )


def _numeric_rule() -> RawRule:
    pair = r"(?<![\d./$¥£€-])(?P<first>\d{1,2})(?P<mark>[/.-])(?P<second>\d{1,2})"
    behind = r"(?:(?P=mark)(?P<year>[12]\d{3}))?(?![\d/%]|\.\d|\s?[kw元块](?![a-z]))"
    return pair + behind, _numeric
