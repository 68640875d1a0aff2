"""Words about a present that several pay for: to start one, to give, to leave. Closed lists.

What names the person stands between the words that begin and those that end it: 凑份子给小李买礼物.
"""

import re
from dataclasses import dataclass
from functools import cache

from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.message import Message
from dialogs.understanding.values.numbers import read_whole

_LONGEST_NAME = 40
_FIGURES = r"\d{1,7}(?:\.\d{1,2})?|[零一二三四五六七八九十百千两]{1,8}"
_OF_PRESENTS = ("份子", "合送", "礼物")  # folded: 份子 is money for a present and nothing else
_SIGNS = "[¥$€£]"
_UNITS = "元|块钱|块|yuan|rmb|dollars|bucks|euros"


@dataclass(frozen=True, slots=True)
class Started:
    """`name`: whom the present is for, where it was said. `is_plain`: it speaks of a present, not
    just of money ("let's chip in for lunch"); only that is heard unaddressed in a group."""

    name: str | None
    is_plain: bool = True


def starts_pool(message: Message) -> Started | None:
    """ "凑份子" alone, or "let's chip in for Ann's present"."""
    if message.short in _forms("pool_start") or message.bare in _forms("pool_start"):
        return Started(None)
    match = _for_somebody().fullmatch(message.short)
    if match is None:
        return None
    is_plain = match["end"] is not None or any(one in match["before"] for one in _OF_PRESENTS)
    return Started(_as_written(message, match["name"]), is_plain)


def may_start_pool(message: Message) -> bool:
    """Cheap to ask of every message; only then it is looked at more closely."""
    return _beginning().search(message.short) is not None


def gives(message: Message) -> tuple[str | None] | None:
    """What somebody puts in, as figures; `(None,)` for a share or "I'm in". None: says neither."""
    if message.short in _forms("pool_give"):
        return (None,)
    match = _amounts().fullmatch(message.short)
    if match is None:
        return None
    return (read_amount(next(said for said in match.groups() if said)),)


def leaves_pool(message: Message) -> bool:
    return message.short in _forms("pool_leave")


def read_amount(said: str) -> str | None:
    """ "50", ¥50, 五十块: the figures alone. None: no amount."""
    match = _amount().fullmatch(said.strip())
    if match is None:
        return None
    figures = match["figures"]
    if figures[0].isdigit():
        return figures
    whole = read_whole(figures)
    return None if whole is None else str(whole)


def _as_written(message: Message, name: str) -> str | None:
    """With the capitals and in the script that it was written in: nobody renames 小蘭."""
    at = message.folded.text.find(name)
    if at >= 0:
        start, end = message.folded.span(at, at + len(name))
        name = message.original[start:end]
    return name.strip()[:_LONGEST_NAME] or None


@cache
def _forms(name: str) -> frozenset[str]:
    return frozenset(lexicon().of(name))


@cache
def _beginning() -> re.Pattern[str]:
    return re.compile(lexicon().pattern("pool_start", "pool_for"))


@cache
def _for_somebody() -> re.Pattern[str]:
    before, after = lexicon().pattern("pool_for"), lexicon().pattern("pool_for_end")
    name = rf"(?P<name>\S.{{0,{_LONGEST_NAME}}}?)"
    return re.compile(rf"(?P<before>{before})\s*{name}\s*(?P<end>{after})?")


@cache
def _amounts() -> re.Pattern[str]:
    amount = rf"\s*({_SIGNS}?\s*(?:{_FIGURES})\s*(?:{_UNITS})?)\s*"
    forms = (re.escape(form) for form in lexicon().of("pool_amount"))
    return re.compile("|".join(form.replace(re.escape("{n}"), amount) for form in forms))


@cache
def _amount() -> re.Pattern[str]:
    return re.compile(rf"{_SIGNS}?\s*(?P<figures>{_FIGURES})\s*(?:{_UNITS})?", re.IGNORECASE)
