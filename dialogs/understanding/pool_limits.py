"""How long a present collects money and what one person gives to it at most: "until Friday, at
most 50 each", 5天, 不限. In pieces, each of them one such limit and nothing else.

Amounts and days are read as everywhere; lengths of time stand here, for elsewhere 5天 is no value.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from dialogs.understanding.folding import fold
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.message import Message, strip_fillers, tidy
from dialogs.understanding.outcome import Entity
from dialogs.understanding.pool_words import SIGNS, UNITS
from dialogs.understanding.values import Setting, extract
from dialogs.understanding.values.money import bare_money
from dialogs.understanding.values.numbers import NUMBER, SMALL_NUMBER, read_whole

_HOURS = {"小时": 1, "钟头": 1, "hour": 1, "天": 24, "日": 24, "day": 24, "周": 168, "星期": 168,
          "礼拜": 168, "week": 168, "fortnight": 336, "月": 720, "month": 720}  # fmt: skip
_ONE = frozenset({"a", "an"})
_HAN = "零一二三四五六七八九十百千万两"
# A mark, or a word that joins; no mark within a number.
_JOINT = re.compile(r"\s*(?:[,;。、](?!\d{3}(?!\d))|\.(?!\d)|(?<![a-z])and(?![a-z])|并且|而且)\s*")


@dataclass(frozen=True, slots=True)
class Limits:
    """What was said of them. `until` is a day of the person, `time` an hour of it ("20:00"); `cap`
    is in the shop's currency; `no_cap`: everybody as they like."""

    lasts: timedelta | None = None
    until: date | None = None
    time: str | None = None
    cap: Decimal | None = None
    no_cap: bool = False

    def then(self, other: "Limits") -> "Limits":
        """Both; of the same thing said twice the last counts."""
        return Limits(
            lasts=other.lasts or self.lasts,
            until=other.until or self.until,
            time=other.time or self.time,
            cap=other.cap or self.cap,
            no_cap=other.no_cap or self.no_cap,
        )


def read_limits(message: Message, setting: Setting, *, asked: bool = False) -> Limits | None:
    """None unless all that was said is limits, in the shop's money. `asked` for them, a day alone
    is one: "Friday"."""
    return _limits(message.bare, setting, asked=asked)


def limits_behind(message: Message, setting: Setting) -> tuple[str, str | None]:
    """A wish and the limits that follow it, both as they were written."""
    folded = message.folded
    for joint in _JOINT.finditer(folded.text):
        if joint[0] and _limits(_bare(folded.text[joint.end() :]), setting) is not None:
            start, end = folded.span(*joint.span())
            return folded.original[:start], folded.original[end:]
    return folded.original, None


def share_within(message: Message, setting: Setting) -> tuple[str, str | None]:
    """A wish without what everybody is to give, and that in figures of the shop's money: "chip in
    20 each for Ann", 每人20. With a bound it is a cap, and no share."""
    folded = message.folded
    for match in _share().finditer(folded.text) if message.short else ():
        amount = None if match["bound"] or match["more"] else _exact(match, setting)
        if amount is not None:
            start, end = folded.span(*match.span())
            return folded.original[:start] + folded.original[end:], str(amount)
    return folded.original, None


def _exact(match: re.Match[str], setting: Setting) -> Decimal | None:
    said = (match["first"] or match["last"]).strip()
    found = _all_of(said, "money", setting)
    money = found[0].fields if len(found) == 1 else bare_money(said, setting.currency)
    if money is None or money["approx"] or money["currency"] not in (None, setting.currency):
        return None
    amount = Decimal(money["max"])
    return amount if amount > 0 and money["min"] == money["max"] else None


def _limits(short: str, setting: Setting, *, asked: bool = False) -> Limits | None:
    said = Limits()
    for piece in filter(None, _JOINT.split(short)):
        read = _piece(_bare(piece), setting, asked=asked)
        if read is None:
            return None
        said = said.then(read)
    return None if said == Limits() else said


def _bare(said: str) -> str:
    return strip_fillers(tidy(said), "fillers")


def _piece(said: str, setting: Setting, *, asked: bool) -> Limits | None:
    if said in lexicon().of("pool_no_cap"):
        return Limits(no_cap=True)
    return _cap(said, setting) or _time(said, setting, asked=asked)


def _cap(said: str, setting: Setting) -> Limits | None:
    """An amount with a word that bounds it ("at most"), or with one for each ("50 each")."""
    amount = tidy(_each().sub(" ", said))
    found = _all_of(amount, "money", setting)
    bare = None if found or amount == said else bare_money(amount, setting.currency)
    money = found[0].fields if len(found) == 1 else bare
    if money is None or money["approx"] or money["currency"] not in (None, setting.currency):
        return None
    exact = money["min"] is not None
    if money["max"] is None or (exact and (amount == said or money["min"] != money["max"])):
        return None
    cap = Decimal(money["max"])
    return Limits(cap=cap) if cap > 0 else None


def _time(said: str, setting: Setting, *, asked: bool) -> Limits | None:
    left = _led(said, "pool_until")
    length = _length().fullmatch(left)
    if length is not None:
        count = 1 if length["count"] in _ONE else read_whole(length["count"])
        return Limits(lasts=timedelta(hours=count * _HOURS[length["unit"]])) if count else None
    days = _all_of(left, "date", setting)
    if len(days) != 1 or not (asked or left != said):
        return None
    fields = days[0].fields
    return Limits(
        until=date.fromisoformat(fields.get("until", fields["date"])), time=fields.get("time")
    )


def _led(said: str, words: str) -> str:
    """Without the words before it and behind it: 截止到…为止."""
    before, after = lexicon().pattern(words), lexicon().pattern(f"{words}_end")
    return tidy(re.sub(rf"^{before}\s*|\s*{after}$", "", said))


def _all_of(said: str, kind: str, setting: Setting) -> list[Entity]:
    """The values of this kind, where there is nothing else but them."""
    found = [one for one in extract(fold(said), setting) if one.kind == kind]
    length = sum(one.end - one.start for one in found)
    return found if found and length == len(said.strip()) else []


@cache
def _each() -> re.Pattern[str]:
    return re.compile(lexicon().pattern("pool_each"))


@cache
def _share() -> re.Pattern[str]:
    """每人出20块, 20 each. 一人一份 counts portions, and 二十一人 people."""
    words = lexicon().pattern
    before, after = (
        words(*(f"bounds.{bound}_{place}" for bound in ("at_most", "at_least", "approx")))
        for place in ("before", "after")
    )
    each, unit = words("pool_each"), rf"\s*(?:{UNITS})"
    figures = rf"{SIGNS}?\s*{NUMBER}"
    first = rf"(?<![零一二三四五六七八九十百千两\d]){each}\s*{words('pool_each_gives')}?\s*"
    counts = rf"(?!\s*(?:[\d{_HAN}几多来%]|{words('split_measures')}))"
    last = rf"(?:{figures}{unit}|{SIGNS}?\s*(?![{_HAN}]){NUMBER})\s*"
    return re.compile(
        rf"(?P<bound>{before}\s*)?"
        rf"(?:{first}(?P<first>{figures}(?:{unit})?){counts}|(?P<last>{last}){each})"
        rf"(?P<more>\s*{after})?"
    )


@cache
def _length() -> re.Pattern[str]:
    units = "|".join(sorted(_HOURS, key=len, reverse=True))
    return re.compile(rf"(?P<count>{SMALL_NUMBER}|an?)\s*个?\s*(?P<unit>{units})s?")
