"""Words about one order that a group fills together: what begins and ends one, "2 beef noodles"."""

import re
from enum import StrEnum
from functools import cache

from dialogs.understanding.lexicon import any_of, lexicon
from dialogs.understanding.message import Message
from dialogs.understanding.values.numbers import SMALL_NUMBER, read_whole

_MOST = 99
_MINUTES = {"minute": 1, "min": 1, "分钟": 1, "hour": 60, "小时": 60, "钟头": 60}
_ONE = frozenset({"a", "an"})
_NUMBER = r"\d{1,2}|[一二两兩三四五六七八九十]{1,3}"


class SplitWish(StrEnum):
    """By the names of their lists, which are the names in the log."""

    CLOSE = "split_close"
    OFF = "split_off"
    LEAVE = "split_leave"


def starts_split(message: Message) -> bool:
    """A closed list: 一起点午饭, "let's order lunch together"; in Chinese put together from lists,
    too: 大家中午一起点奶茶吧."""
    forms = lexicon().of("split_start")
    if message.short in forms or message.bare in forms:
        return True
    return _put_together().fullmatch(message.short) is not None


def wish_about_split(message: Message) -> SplitWish | None:
    """A closed list too: to close one that is open, to call it off, to leave it. "That's all" alone
    is none of that; "that's all, close it" is."""
    for wish in SplitWish:
        forms = _forms(wish)
        if message.short in forms or message.bare in forms:
            return wish
    closing = _forms(SplitWish.CLOSE)
    parts = set(message.parts)
    if parts & closing and parts <= closing | _forms("split_close_with"):
        return SplitWish.CLOSE
    leaving = _forms(SplitWish.LEAVE)
    return SplitWish.LEAVE if parts and _gives_up(parts, leaving) else None


def _gives_up(parts: set[str], leaving: frozenset[str]) -> bool:
    """算了，我不吃了; the sigh before it says nothing of its own."""
    return bool(parts & leaving) and parts <= leaving | _forms("split_leave_with")


def adds_own(message: Message) -> bool:
    """The words of the card's button: 点我的, "add mine"."""
    forms = _forms("split_add")
    return message.short in forms or message.bare in forms


def read_goods(said: str) -> tuple[int, str]:
    """How many of what: 两碗牛肉面, "3 x tea", 红茶 ×2. Without a number, one."""
    plain = said.strip()
    wish = _opening().sub("", plain)  # "I'd like two oolongs"
    for pattern in _patterns():
        match = pattern.fullmatch(wish)
        count = read_whole(match["count"].replace("兩", "两")) if match else None
        if match and count and count <= _MOST:
            return count, match["name"].strip()
    return 1, plain


def wished_goods(message: Message) -> str | None:
    """The goods of "add two oolongs for me", 帮我加一份乌龙, as they were written. None: it is no
    such wish, or does not say how many."""
    text = message.folded.text if message.short else ""
    start, end = _wish().match(text), _ending().search(text)
    if start is None and end is None:
        return None
    first, last = start.end() if start else 0, end.start() if end else len(text)
    goods = text[first:last].strip()
    if not goods or _no_goods().search(goods):
        return None
    if len(read_list(goods)) == 1 and _counted(goods) is None:
        return None
    first, last = message.folded.span(first, last)
    return message.original[first:last].strip()


def read_list(said: str) -> list[tuple[int, str]]:
    """Several goods, where each has its number: 两份乌龙一份菊花茶, 乌龙两份、菊花茶一份, "a tea
    and two oolongs". One, where that is not plain."""
    plain = _opening().sub("", said.strip())
    before, after = _breaks()
    for part in (before, after):
        goods = [_counted(one) for one in part.split(plain) if one.strip()]
        if len(goods) > 1 and all(goods):
            return [one for one in goods if one]
    return [read_goods(said)]


def _counted(said: str) -> tuple[int, str] | None:
    """None: there is no number in it."""
    one = _article().match(said)
    if one is not None:
        return 1, said[one.end() :].strip()
    count, name = read_goods(said)
    return None if name == said.strip() else (count, name)


def read_minutes(said: str) -> int | None:
    """ "45 minutes", 两小时: a length of time and nothing else; a bare number is read elsewhere."""
    match = _length().fullmatch(said.strip())
    if match is None:
        return None
    count = 1 if match["count"] in _ONE else read_whole(match["count"])
    return count * _MINUTES[match["unit"]] if count else None


@cache
def _length() -> re.Pattern[str]:
    units = "|".join(_MINUTES)
    return re.compile(rf"(?P<count>{SMALL_NUMBER}|an?)\s*个?\s*(?P<unit>{units})s?")


@cache
def _forms(name: str) -> frozenset[str]:
    return frozenset(lexicon().of(name))


@cache
def _put_together() -> re.Pattern[str]:
    words = lexicon().pattern
    deed = rf"{words('split_together')}{words('split_meals')}"
    return re.compile(rf"(?:{words('split_who')}[,\s]*){{0,3}}{deed}{words('split_start_end')}?")


@cache
def _opening() -> re.Pattern[str]:
    words = lexicon().pattern("fillers", "search_before", "may_i_have", "takes.verbs", "split_put")
    return re.compile(rf"^(?:{words}[\s,,]*)+", re.IGNORECASE)


@cache
def _wish() -> re.Pattern[str]:
    words = lexicon().pattern
    verbs = words("takes.verbs", "may_i_have", "split_put", "split_ask")
    return re.compile(rf"\s*(?:{words('fillers')}[\s,]*)*(?:{verbs}[\s,]*)+")


@cache
def _ending() -> re.Pattern[str]:
    return re.compile(rf"(?:[\s,.!。]*{lexicon().pattern('split_for_me')})+[\s.!。]*$")


@cache
def _no_goods() -> re.Pattern[str]:
    """Other wishes, and a number alone: 我要一份 joins."""
    words = lexicon().pattern
    return re.compile(rf"{words('split_no_goods')}|^(?:{_NUMBER})\s*{words('split_measures')}$")


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """The number before the name, or after it; a number in words needs a space: "two-stem"."""
    measure = any_of(lexicon().of("split_measures"))
    before = rf"(?P<count>{_NUMBER})\s*(?:[x×*]\s*|{measure}\s*)?(?P<name>\D.*)"
    in_words = rf"(?P<count>{SMALL_NUMBER})\s+(?:[x×*]\s*|{measure}\s*)?(?P<name>\D.*)"
    after = rf"(?P<name>.*?\S)(?:\s+x|\s*[×*])?\s*(?P<count>{_NUMBER})\s*(?:{measure})?"
    return tuple(re.compile(form, re.IGNORECASE) for form in (before, in_words, after))


@cache
def _article() -> re.Pattern[str]:
    return re.compile(r"\s*an?\s+", re.IGNORECASE)


@cache
def _breaks() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Where the next of several goods begins: with its number, or after one that had it behind."""
    measure = any_of(lexicon().of("split_measures"))
    too = rf"(?:{lexicon().pattern('split_between')})"
    stop = r"[,，、;；]"
    spoken = rf"(?:\s*{stop}\s*{too}?|\s*{too})\s*(?=(?:{SMALL_NUMBER}|an?\s))"
    measured = rf"(?<=\S)\s*(?=(?:{_NUMBER})\s*{measure})"
    before = re.compile(rf"{spoken}|{measured}", re.IGNORECASE)
    return before, re.compile(rf"\s*{stop}\s*{too}?\s*|\s+{too}\s+", re.IGNORECASE)
