"""Amounts and their bounds: 三百以内 · 两三百 · under $50 · 100到200元 · at least twenty quid.

A bare number is money only where something says so: a currency, a bound, the word budget.
Amounts are decimal strings; the currency is None where only the shop knows it.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any

from dialogs.understanding.lexicon import Lexicon, any_of, lexicon
from dialogs.understanding.values.numbers import NUMBER, Span, read_number
from dialogs.understanding.values.reading import Reading, Value

_SYMBOLS = {
    "nt$": "TWD", "hk$": "HKD", "us$": "USD", "a$": "AUD", "au$": "AUD", "s$": "SGD", "c$": "CAD",
    "ca$": "CAD", "rmb": "CNY", "cny": "CNY", "usd": "USD", "twd": "TWD", "ntd": "TWD",
    "hkd": "HKD", "gbp": "GBP", "eur": "EUR", "jpy": "JPY", "nt": "TWD", "hk": "HKD",
    "$": "dollar", "£": "GBP", "€": "EUR", "¥": "yuan",
}  # fmt: skip
_SIGN_BEHIND = r"(?<=\d)[$£€¥](?!\d)"  # 40€
_DOLLARS = frozenset({"USD", "TWD", "HKD", "SGD", "AUD", "CAD", "NZD"})
_LEADS = ("at_most_before", "at_least_before", "approx_before", "range_before", "budget")
_TAILS = ("at_most_after", "at_least_after", "approx_after", "range_after")
_SMALLEST_BARE = 10  # "at least two" counts things; "at least 20" may be money
_SPACES = re.compile(r"\s+")
_SHARED_UNITS = {
    "百": 100, "千": 1000, "万": 10_000, "k": 1000, "hundred": 100, "thousand": 1000,
}  # fmt: skip
_JOINT = re.compile(r"[\s,,、]*(?:but|and|且|但|又|而且)?\s*")


@dataclass(frozen=True, slots=True)
class BoundWords:
    """Finds which bounds are named, the longest words first: 不低于 is not 低于."""

    pattern: re.Pattern[str]
    kinds: dict[str, str]

    def named(self, text: str) -> set[str]:
        return {self.kinds[_SPACES.sub(" ", word)] for word in self.pattern.findall(text)}


@dataclass(frozen=True, slots=True)
class Grammar:
    amount: re.Pattern[str]
    leads: BoundWords
    tails: BoundWords
    units: dict[str, re.Pattern[str]]
    counted: re.Pattern[str]
    """What shows that a bare number counts something else: 两个, 6 years."""


def read_money(reading: Reading) -> None:
    grammar = _grammar()
    for match in grammar.amount.finditer(reading.text):
        fields = _fields(match, grammar, reading)
        if fields:
            reading.take("money", match.start(), match.end(), fields)
    _join_bounds(reading)


def bare_money(text: str, currency: str) -> dict[str, Any] | None:
    """`300`, 三百 or "about 200" as the answer to a question about money."""
    match = _bare_amount().fullmatch(text)
    low = read_number(match["n1"]) if match else None
    if match is None or low is None:
        return None
    high = read_number(match["n2"]) if match["n2"] else low
    low = _share_unit(low, match["n2"]) if match["n2"] else low
    approx = bool(match["before"] or match["after"])
    return _money(low.low, (high or low).high, None, approx=approx)


def _fields(match: re.Match[str], grammar: Grammar, reading: Reading) -> dict[str, Any] | None:
    first = _amount(match["n1"], match["tenth1"])
    second = _amount(match["n2"], match["tenth2"]) if match["n2"] else None
    lead, tail = match["lead"] or "", match["tail"] or ""
    marks = grammar.leads.named(lead) | grammar.tails.named(tail)
    if first and second:
        first = _share_unit(first, match["n2"])
    if first is None or not _is_money(match, marks, first, grammar):
        return None
    low, high = _bounds(first, second, marks)
    approx = any(mark.startswith("approx") for mark in marks) or bool(match["fuzzy1"])
    return _money(low, high, _currency(match, grammar, reading.setting.currency), approx=approx)


def _bounds(
    first: Span, second: Span | None, marks: set[str]
) -> tuple[Decimal | None, Decimal | None]:
    low, high = first.low, (second or first).high
    if second or not first.exact:
        return low, high
    if {"at_most_before", "at_most_after"} & marks:
        return None, high
    if {"at_least_before", "at_least_after"} & marks:
        return low, None
    return low, high


def _share_unit(first: Span, second: str) -> Span:
    """3到5百, 2-3k, "three or four hundred": the unit stands once, behind the second number."""
    shared = first.high < _SMALLEST_BARE
    units = (times for unit, times in _SHARED_UNITS.items() if shared and second.endswith(unit))
    times = next(units, 1)
    return Span(first.low * times, first.high * times)


def _is_money(match: re.Match[str], marks: set[str], first: Span, grammar: Grammar) -> bool:
    if match["p1"] or match["u1"] or match["u2"] or match["p2"]:
        return True
    if grammar.counted.match(match.string, match.end("n2") if match["n2"] else match.end("n1")):
        return False
    if grammar.counted.match(match.string, match.end()) or first.high < _SMALLEST_BARE:
        return False
    if marks - {"approx_before", "approx_after", "range_before"}:
        return True
    return _sounds_like_money(match, marks)


_ROUND_FROM = 50  # below that it is as likely an age, an hour or a count


def _sounds_like_money(match: re.Match[str], marks: set[str]) -> bool:
    """两三百, 1.5k, 2k左右, 100到200: said of prices more than of anything else."""
    number = match["n1"]
    thousands = number[-1] in "kw" and ("." in number or bool(marks))
    spoken = bool(marks) and any(unit in number for unit in "百千万")
    between = bool(match["n2"]) and "range_before" in marks
    spoken_range = match["n2"] is None and "百" in number and not read_number(number).exact  # type: ignore[union-attr]  # it was read once already
    plain_range = bool(match["n2"]) and len(re.sub(r"\D", "", match["n2"])) >= 3  # noqa: PLR2004
    spoken_pair = bool(match["n2"]) and any(unit in match["n2"] for unit in "百千万")
    if thousands or spoken or between or spoken_range or plain_range or spoken_pair:
        return True
    return bool(marks) and _is_round_at_the_end(match)


def _is_round_at_the_end(match: re.Match[str]) -> bool:
    """ "For mum's birthday, around 200": a round number that ends the clause, and no year."""
    number, after = match["n1"], match.string[match.end() :].lstrip()
    round_one = number.isdecimal() and int(number) >= _ROUND_FROM and int(number) % 10 == 0
    return round_one and not 1900 <= int(number) <= 2100 and after[:1] in ("", ",", ".", "!", "?")  # noqa: PLR2004


def _amount(number: str, tenth: str | None) -> Span | None:
    span = read_number(number)
    if span is None or not tenth:
        return span
    more = read_number(tenth)
    return Span(span.low + more.low / 10, span.high + more.low / 10) if more else span


def _currency(match: re.Match[str], grammar: Grammar, shop: str) -> str | None:
    said = [(match[name] or "").strip() for name in ("p1", "p2", "u1", "u2")]
    found = None
    for word in filter(None, said):
        by_name = (code for code, form in grammar.units.items() if form.fullmatch(word))
        found = _SYMBOLS.get(word) or next(by_name, found)
    if found == "dollar":
        return shop if shop in _DOLLARS else "USD"
    if found == "yuan":  # one sign for two currencies
        return shop if shop in ("CNY", "JPY") else "CNY"
    return None if found == "shop" else found


def _money(
    low: Decimal | None, high: Decimal | None, currency: str | None, *, approx: bool
) -> dict[str, Any]:
    return {"min": _plain(low), "max": _plain(high), "currency": currency, "approx": approx}


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount.normalize(), "f")


def _join_bounds(reading: Reading) -> None:
    """ "more than 20 but under 50": two half-open amounts side by side are one."""
    amounts = sorted((v for v in reading.values if v.kind == "money"), key=lambda v: v.start)
    for one, other in pairwise(amounts):
        if _complementary(one, other) and _JOINT.fullmatch(reading.text[one.end : other.start]):
            low, high = (one, other) if one.fields["min"] else (other, one)
            joined = {**one.fields, "min": low.fields["min"], "max": high.fields["max"]}
            joined["currency"] = one.fields["currency"] or other.fields["currency"]
            reading.drop(one)
            reading.drop(other)
            reading.take("money", one.start, other.end, joined)
            return


def _complementary(one: Value, other: Value) -> bool:
    sides = [(v.fields["min"] is None, v.fields["max"] is None) for v in (one, other)]
    return sorted(sides) == [(False, True), (True, False)]


@cache
def _bare_amount() -> re.Pattern[str]:
    before = lexicon().pattern("bounds.approx_before")
    after = lexicon().pattern("bounds.approx_after")
    return re.compile(
        rf"\s*(?P<before>{before}\s*)?(?P<n1>{NUMBER})\s*(?:(?:-|~|到|至|或|to|or)\s*(?P<n2>{NUMBER}))?"
        rf"\s*(?P<after>{after})?\s*[.。!!]?\s*"
    )


@cache
def _grammar() -> Grammar:
    words = lexicon()
    units = words.section("currencies")
    return Grammar(
        amount=_amount_pattern(words),
        leads=_bound_words(words, _LEADS),
        tails=_bound_words(words, _TAILS, plus="at_least_after"),
        units={code: re.compile(words.pattern(f"currencies.{code}")) for code in units},
        counted=re.compile(
            rf"\s*(?:{words.pattern('measures')}|[天日号月年岁周点分秒%个第时米里步倍页度字]|公里|星期|小时|分钟"
            r"|-?(?:days?|weeks?|months?|years?|hours?|hrs?|minutes?|mins?|yo|st|nd|rd|th|am|pm"
            r"|cm|mm|kg|g|ml|inch(?:es)?|km|miles?|percent)(?![a-z])|[-/.:]\d)"
        ),
    )


def _bound_words(words: Lexicon, names: tuple[str, ...], plus: str | None = None) -> BoundWords:
    kinds = {form: name for name in names for form in words.of(f"bounds.{name}")}
    if plus:
        kinds["+"] = plus
    return BoundWords(re.compile(any_of(tuple(kinds))), kinds)


def _amount_pattern(words: Lexicon) -> re.Pattern[str]:
    symbols = "|".join(sorted((re.escape(s) for s in _SYMBOLS), key=len, reverse=True))
    named = words.pattern(*(f"currencies.{code}" for code in _named_currencies(words)))
    symbol = rf"{symbols}|{named}"
    units = [words.pattern(f"currencies.{code}") for code in words.section("currencies")]
    unit = "|".join([*units, _SIGN_BEHIND])
    lead = words.pattern(*(f"bounds.{name}" for name in _LEADS))
    copula = words.pattern("bounds.copula")
    tail = words.pattern(*(f"bounds.{name}" for name in _TAILS))
    between = rf"(?:-|~|{words.pattern('bounds.range_between')})"
    first, second = (_one_amount(i, symbol, unit) for i in (1, 2))
    return re.compile(
        rf"(?P<lead>(?:{lead}[\s::]{{0,2}}(?:{copula}[\s::]{{0,2}}){{0,2}}){{0,3}})"
        rf"{first}(?:\s?{between}\s?{second})?"
        rf"(?P<tail>(?:[\s,,]?(?:{tail}|\+(?!\d))){{0,2}})"
    )


def _named_currencies(words: Lexicon) -> list[str]:
    """人民币600: a currency by name may stand in front; 元 and 块 never do."""
    return [code for code in words.section("currencies") if code not in ("shop", "dollar")]


def _one_amount(i: int, symbol: str, unit: str) -> str:
    """块 and 元 may be followed by tenths: 九块九."""
    return (
        rf"(?P<p{i}>(?:(?<![a-z])(?:{symbol}))\s?)?(?P<n{i}>{NUMBER})"
        rf"(?P<fuzzy{i}>多|来|几|余|好几|-?ish(?![a-z])|\s?odd(?![a-z]))?\s?(?:(?P<u{i}>{unit})"
        rf"(?P<tenth{i}>(?<=[块元])[\d一二三四五六七八九](?![\d十百千万个元块]))?)?"
    )
