"""Words about a present that several pay for: to start one, to give, to leave. Closed lists.

What names the person stands between the words that begin and those that end it: 凑份子给小李买礼物.
So does the present, where it is named at once: "let's chip in for a teapot for Wei".
"""

import re
from dataclasses import dataclass
from functools import cache

from data.pools import LONGEST_NAME
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.message import Message
from dialogs.understanding.values.numbers import read_whole

_FIGURES = r"\d{1,7}(?:\.\d{1,2})?|[零一二三四五六七八九十百千两]{1,8}"
_OF_PRESENTS = ("份子", "合送", "礼物")  # folded: 份子 is money for a present and nothing else
SIGNS = "[¥$€£]"
UNITS = "元|块钱|块|yuan|rmb|dollars|bucks|euros"


@dataclass(frozen=True, slots=True)
class Started:
    """`name`: whom the present is for, `gift`: which it is, where they were said. `is_plain`: it
    speaks of a present, not just of money ("let's chip in for lunch"); only that is heard
    unaddressed in a group."""

    name: str | None
    is_plain: bool = True
    gift: str | None = None


def starts_pool(message: Message, *, is_shared: bool = False) -> Started | None:
    """ "凑份子" alone, or "let's chip in for Ann's present". `is_shared`: beside it stood what each
    is to give, so that "let's get Mum a teapot" is enough."""
    if message.short in _forms("pool_start") or message.bare in _forms("pool_start"):
        return Started(None)
    match = _first(_wishes(), message)
    if match is None:
        return _starts_jointly(message, _joint_wishes(is_shared))
    said = match.groupdict("")
    is_any = said.get("gift") in _forms("pool_gift_any")
    of_presents = any(one in said["before"] for one in _OF_PRESENTS)
    return Started(
        _as_written(message, said.get("name")),
        is_plain=bool(said.get("end")) or is_any or of_presents,
        gift=None if is_any else _as_written(message, said.get("gift")),
    )


def _starts_jointly(message: Message, forms: tuple[re.Pattern[str], ...]) -> Started | None:
    """Friends say such things to each other, too, so it is never plain."""
    match = _first(forms, message)
    if match is None or match["name"] in _forms("pool_nobody"):
        return None
    is_any = match["gift"] in _forms("pool_gift_any")
    gift = None if is_any else _as_written(message, match["gift"])
    return Started(_as_written(message, match["name"]), is_plain=False, gift=gift)


def _first(forms: tuple[re.Pattern[str], ...], message: Message) -> re.Match[str] | None:
    return next(filter(None, (form.fullmatch(message.short) for form in forms)), None)


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


def _as_written(message: Message, name: str | None) -> str | None:
    """With the capitals and in the script that it was written in: nobody renames 小蘭."""
    if not name:
        return None
    at = message.folded.text.find(name)
    if at >= 0:
        start, end = message.folded.span(at, at + len(name))
        name = message.original[start:end]
    return name.strip()[:LONGEST_NAME] or None


@cache
def _forms(name: str) -> frozenset[str]:
    return frozenset(lexicon().of(name))


@cache
def _beginning() -> re.Pattern[str]:
    begins = ("pool_start", "pool_for", "pool_together", "pool_all", "pool_all_for", "pool_get")
    return re.compile(lexicon().pattern(*begins))


@cache
def _wishes() -> tuple[re.Pattern[str], ...]:
    """What may be said after "let's chip in for", the plainest first."""
    words = lexicon().pattern
    name, gift = (rf"(?P<{called}>\S.{{0,{LONGEST_NAME}}}?)" for called in ("name", "gift"))
    begun, end = rf"(?P<before>{words('pool_for')})", rf"(?P<end>{words('pool_for_end')})"
    together = rf"(?P<before>{words('pool_together')})"
    either = rf"(?P<before>{words('pool_for', 'pool_together')})"
    around = rf"{words('pool_from')}\s*{name}\s*{together}"
    thing = rf"{words('pool_gift_before')}\s*(?!{words('pool_gift_for')}){gift}"
    over = rf"(?:{words('pool_gift_end')})?"
    forms = (
        # a teapot for Ann's birthday
        rf"{either}\s*{thing}\s*{words('pool_gift_for')}\s*{name}\s*{end}",
        rf"{either}\s*{thing}\s*{words('pool_gift_for')}\s*{name}{over}",  # a teapot for Ann
        rf"{around}\s*{end}?",  # 给小李凑份子
        rf"{around}\s*{thing}{over}",  # 给小李凑份子买个茶壶
        rf"{begun}\s*{name}\s*{thing}{over}",  # chip in and get Ann a teapot
        rf"{begun}\s*{name}\s*{end}",  # Ann's present
        rf"{together}\s*{thing}{over}",  # chip in and buy a teapot
        rf"{begun}\s*{name}",  # Ann
    )
    return tuple(re.compile(form) for form in forms)


@cache
def _joint_wishes(is_shared: bool) -> tuple[re.Pattern[str], ...]:
    """No money is spoken of, but who gets what from all of them."""
    words = lexicon().pattern
    name, gift = (rf"(?P<{called}>\S.{{0,{LONGEST_NAME}}}?)" for called in ("name", "gift"))
    thing = rf"{words('pool_gift_before')}\s*{gift}"
    over, for_name = rf"(?:[,\s]*{words('pool_gift_end')})?", rf"{words('pool_gift_for')}\s*{name}"
    day = rf"(?:{words('pool_for_end')})?"
    maybe = "?" if is_shared else ""
    ended = rf"(?:\s*{words('pool_all_end')}){maybe}"
    joint, asked, everybody = map(words, ("pool_all_for", "pool_get", "pool_all"))
    around = rf"{words('pool_from')}\s*{name}\s*(?:{everybody}){maybe}"
    forms = (
        rf"{joint}\s*{name}\s*{thing}\s*{day}{over}",  # 一起送小李一个茶壶
        rf"{around}\s*{thing}{over}",  # 给小李一起买个茶壶
        rf"{everybody}\s*{thing}\s*{for_name}{over}",  # 一起买个茶壶给小李
        rf"{asked}\s*{thing}\s*{for_name}{day}{ended}",  # let's get a teapot for Mum together
        rf"{asked}\s*{name}\s*{thing}\s*{day}{ended}",  # let's get Mum a teapot together
    )
    return tuple(re.compile(form) for form in forms)


@cache
def _amounts() -> re.Pattern[str]:
    amount = rf"\s*({SIGNS}?\s*(?:{_FIGURES})\s*(?:{UNITS})?)\s*"
    forms = (re.escape(form) for form in lexicon().of("pool_amount"))
    return re.compile("|".join(form.replace(re.escape("{n}"), amount) for form in forms))


@cache
def _amount() -> re.Pattern[str]:
    return re.compile(rf"{SIGNS}?\s*(?P<figures>{_FIGURES})\s*(?:{UNITS})?", re.IGNORECASE)
