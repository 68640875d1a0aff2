"""Values in words: money, dates, durations, and the names of relations, occasions and states.

The words stand in dialogs/language/<locale>/names.yml; formats come from Babel (CLDR).
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_currency, get_currency_name
from ruamel.yaml import YAML

from data.kernel.locales import Locale
from data.kernel.money import Money

_LANGUAGE = Path(__file__).parent / "language"
_CLDR = {Locale.ZH_HANS: "zh_Hans_CN", Locale.ZH_HANT: "zh_Hant_TW", Locale.EN: "en_US"}
_REMEMBERED = 10_000  # prices: a turn with cards words a dozen
_HOUR = 3600
_MINUTE = 60


_SECTIONS = {
    "relation": ("relations",),
    "occasion": ("occasions", "festivals"),
    "interest": ("interests",),
    "colour": ("colours",),
}


@cache
def _lexicon(locale: Locale) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = YAML(typ="safe").load(
        (_LANGUAGE / locale / "values.yml").read_text(encoding="utf-8")
    )
    return loaded


@cache
def words(locale: Locale) -> Mapping[str, Mapping[str, str]]:
    """`{kind: {code: word}}` of one language."""
    loaded: Mapping[str, Mapping[str, str]] = YAML(typ="safe").load(
        (_LANGUAGE / locale / "names.yml").read_text(encoding="utf-8")
    )
    return loaded


def word(kind: str, code: str, locale: Locale) -> str:
    """The name of a code, or the code itself where people coin their own (an interest)."""
    return words(locale).get(kind, {}).get(code) or _first_form(kind, code, locale)


def _first_form(kind: str, code: str, locale: Locale) -> str:
    """What we understand first is also what we say: the lexicon's first word."""
    for section in _SECTIONS.get(kind, ()):
        forms: str = _lexicon(locale).get(section, {}).get(code, "")
        if forms:
            return forms.split(",", maxsplit=1)[0].strip()
    return code.replace("_", " ")


class Unwordable(Exception):
    """A value that is nothing of the kind it was to be worded as."""


def in_words(value: Any, locale: Locale, kind: str | None = None) -> str:
    """Any slot value as a person of this language would write it; else Unwordable."""
    if value is None:
        return ""
    if isinstance(value, list | tuple | set | frozenset):
        return format_list([in_words(item, locale, kind) for item in value], locale=_CLDR[locale])
    if kind in _FORMATS:
        return _formatted(value, locale, kind)
    if isinstance(value, Money):
        return money(value, locale)
    if isinstance(value, date | datetime):
        return day(value, locale)
    return word(kind, str(value), locale) if kind else str(value)


def _formatted(value: Any, locale: Locale, kind: str) -> str:
    try:
        return _FORMATS[kind](value, locale)
    except Exception as error:  # Babel's and ours: each stumbles in its own way
        raise Unwordable(kind) from error


@lru_cache(_REMEMBERED)
def money(value: Money, locale: Locale) -> str:
    """¥128 rather than ¥128.00: whole amounts are said whole."""
    text: str = format_currency(
        value.amount, value.currency, locale=_CLDR[locale], currency_digits=True
    )
    whole = value.amount == value.amount.to_integral_value()
    return text.rsplit(".", 1)[0] if whole and "." in text else text


def day(value: date | datetime | str, locale: Locale) -> str:
    """The long date of the language, with its weekday."""
    moment = date.fromisoformat(value) if isinstance(value, str) else value
    return format_date(moment, format="full", locale=_CLDR[locale])


def month_day(month: int, day_of_month: int, locale: Locale) -> str:
    """A day of every year: May 3, 5月3日."""
    some_year = date(2000, month, day_of_month)  # a leap year: it has every day
    text: str = format_skeleton("MMMMd", some_year, locale=_CLDR[locale])
    return text


def time_left(value: timedelta, locale: Locale) -> str:
    """The two largest units that are not zero: 1 day 3 hours, 25 minutes."""
    seconds = max(0, int(value.total_seconds()))
    counts = {
        "day": seconds // 86400,
        "hour": seconds % 86400 // _HOUR,
        "minute": seconds % _HOUR // _MINUTE,
    }
    units = words(locale)["time"]
    parts = [
        units[unit if count == 1 else f"{unit}s"].replace("#", str(count))
        for unit, count in counts.items()
        if count
    ]
    return units["join"].join(parts[:2]) or units["moment"]


def _budget(value: Mapping[str, Any], locale: Locale) -> str:
    """`{min, max, currency}` as a bound: up to 300, 200 to 300."""
    shapes = words(locale)["budget"]
    low, high = (_amount(value, end, locale) for end in ("min", "max"))
    shape = "between" if low and high else "up_to" if high else "at_least"
    return shapes[shape].replace("#1", low or high).replace("#2", high)


def _amount(value: Mapping[str, Any], end: str, locale: Locale) -> str:
    if value.get(end) is None:
        return ""
    return money(Money.of(str(value[end]), value["currency"]), locale)


def _currency(code: str, locale: Locale) -> str:
    name: str = get_currency_name(code, count=2, locale=_CLDR[locale])  # pounds, not pound
    return name


def _start(text: str, _locale: Locale) -> str:
    """At the beginning of a sentence."""
    return text[:1].upper() + text[1:]


_FORMATS: dict[str, Callable[[Any, Locale], str]] = {
    "money": money,
    "currency": _currency,
    "start": _start,
    "date": day,
    "time_left": time_left,
    "budget": _budget,
}
