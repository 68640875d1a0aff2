"""Numbers as people write and say them: 1,500 · 1.5k · 一千五 · 两三百 · a hundred and fifty.

Some are ranges: 两三百 is 200 to 300, 十五六 is 15 to 16.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_DIGITS = {letter: i for i, letter in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "俩": 2, "仨": 3, "廿": 20, "卅": 30,
}  # fmt: skip
_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]  # a column of quoted words is harder to read
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_EN = {word: i for i, word in enumerate(_SMALL)} | {
    word: 10 * i for i, word in enumerate(_TENS, start=2)
}
_EN_TIMES = {"hundred": 100, "thousand": 1000, "grand": 1000, "million": 1_000_000}
_BASE = 10
_SUFFIXES = {"k": 1000, "w": 10_000} | _UNITS

_EN_ONE = "|".join(sorted(_EN, key=len, reverse=True))
_EN_MANY = "|".join(_EN_TIMES)
_DIGIT_FORM = (
    r"(?<![\d.])\d{1,12}(?:,\d{3})*(?:\.\d{1,6})?(?:\s?(?:[kw](?![a-z0-9])|[千万百亿]\d?))?"
)
_HAN_FORM = r"(?:几[十百千万]|[零〇一二三四五六七八九十百千万亿两俩仨廿卅]{1,16})"
_EN_FORM = (
    rf"(?<![a-z])(?:(?:{_EN_ONE})(?![a-z])|(?:a\s+few\s+|a\s+couple\s+(?:of\s+)?|a\s+)?(?:{_EN_MANY})(?![a-z]))"
    rf"(?:[\s-]+(?:and\s+)?(?:{_EN_ONE}|{_EN_MANY})(?![a-z])){{0,6}}"
)
NUMBER = rf"(?:{_DIGIT_FORM}|{_HAN_FORM}|{_EN_FORM})"
SMALL_NUMBER = rf"(?:\d{{1,4}}|[一二三四五六七八九十百两俩仨廿]{{1,5}}|(?:{_EN_ONE})(?![a-z]))"


@dataclass(frozen=True, slots=True)
class Span:
    """A number, or the range that a spoken one means."""

    low: Decimal
    high: Decimal

    @property
    def exact(self) -> bool:
        return self.low == self.high


def read_number(token: str) -> Span | None:
    """The value of something that NUMBER matched."""
    token = token.strip()
    if not token:
        return None
    if token[0].isdigit() and token[0].isascii():
        return _read_digits(token)
    if token[0] == "几":
        return _several(_UNITS[token[1]])
    if token.startswith("a few"):
        return _several(_EN_TIMES[token.split()[-1]])
    if token[0].isascii():
        return _one(_read_english(token))
    return _read_spoken(token)


def read_whole(token: str) -> int | None:
    """As a whole number, or None."""
    span = read_number(token)
    if span is None or not span.exact or span.low != int(span.low):
        return None
    return int(span.low)


def read_year(token: str) -> int | None:
    """1990, 一九九〇, 二〇二六; two digits are not enough to be sure of a century."""
    if token.isdigit() and token.isascii():
        return int(token)
    if all(letter in _DIGITS and _DIGITS[letter] < _BASE for letter in token):
        return int("".join(str(_DIGITS[letter]) for letter in token))
    return None


def _one(value: Decimal | None) -> Span | None:
    return None if value is None else Span(value, value)


def _several(unit: int) -> Span:
    """几百, a few hundred: anything from two to nine of them."""
    return Span(Decimal(2 * unit), Decimal(9 * unit))


def _read_digits(token: str) -> Span | None:
    match = re.fullmatch(r"([\d,.]+)\s?([kw千万百亿])?(\d)?", token)
    if match is None:
        return None
    number, suffix, tail = match.groups()
    times = _SUFFIXES[suffix] if suffix else 1
    value = Decimal(number.replace(",", "")) * times
    return _one(value + Decimal(tail) * times / 10 if tail else value)


def _read_english(token: str) -> Decimal:
    total, current = 0, 2 if token.startswith("a couple") else 0
    for word in re.split(r"[\s-]+", token):
        if word in _EN_TIMES:
            times = _EN_TIMES[word]
            current = max(current, 1) * times
            if times >= 1000:  # noqa: PLR2004  # a thousand closes its group, a hundred does not
                total, current = total + current, 0
        else:
            current += _EN.get(word, 0)
    return Decimal(total + current)


def _read_spoken(token: str) -> Span | None:
    """With two neighbouring digits in a row, each of them in turn gives an end of the range."""
    pair = _neighbours(token)
    if pair is None:
        return _one(_read_han(token))
    low = _read_han(token[: pair + 1] + token[pair + 2 :])
    high = _read_han(token[:pair] + token[pair + 1 :])
    return None if low is None or high is None else Span(low, high)


def _neighbours(token: str) -> int | None:
    """Where 两三 stands in 两三百; digit strings such as 一二三 or 二〇二六 are no range."""
    values = [_DIGITS.get(letter, -1) for letter in token]
    rows = [i for i in range(len(values) - 1) if values[i] >= 0 and values[i + 1] >= 0]
    if len(rows) != 1:
        return None
    first, second = values[rows[0]], values[rows[0] + 1]
    follow = second == first + 1 or (first, second) == (3, 5)  # 三五百: three to five hundred
    return rows[0] if 0 < first < _BASE and follow else None


def _read_han(token: str) -> Decimal | None:
    if not any(letter in _UNITS for letter in token):
        return _positional(token)
    total, section, digit, last_unit = 0, 0, None, 0
    for letter in token:
        if letter not in _UNITS:
            digit = _DIGITS[letter] if not digit else digit + _DIGITS[letter]
            last_unit = 0 if letter in "零〇" else last_unit
            continue
        unit = _UNITS[letter]
        if unit >= 10_000:  # noqa: PLR2004  # 万 multiplies all that stands before it
            total, section, digit = (total + max(section + (digit or 0), 1)) * unit, 0, None
        else:
            section, digit = section + (1 if digit is None else digit) * unit, None
        last_unit = unit
    # 一千五 is 1500: a digit right after a unit counts tenths of it.
    tenths = last_unit // 10 if last_unit > 10 else 1  # noqa: PLR2004
    return Decimal(total + section + (digit or 0) * tenths)


def _positional(token: str) -> Decimal | None:
    if len(token) == 1:
        return Decimal(_DIGITS[token])
    if any(_DIGITS[letter] >= _BASE for letter in token):
        return Decimal(sum(_DIGITS[letter] for letter in token))
    return Decimal("".join(str(_DIGITS[letter]) for letter in token))
