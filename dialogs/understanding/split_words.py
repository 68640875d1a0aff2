"""Words about one order that a group fills together: what begins one, and "2 beef noodles"."""

import re
from functools import cache

from dialogs.understanding.lexicon import any_of, lexicon
from dialogs.understanding.message import Message
from dialogs.understanding.values.numbers import read_whole

_MOST = 99
_NUMBER = r"\d{1,2}|[一二两兩三四五六七八九十]{1,3}"


def starts_split(message: Message) -> bool:
    """A closed list: 一起点午饭, "let's order lunch together"."""
    forms = lexicon().of("split_start")
    return message.short in forms or message.bare in forms


def read_goods(said: str) -> tuple[int, str]:
    """How many of what: 两碗牛肉面, "3 x tea", 红茶 ×2. Without a number, one."""
    plain = said.strip()
    for pattern in _patterns():
        match = pattern.fullmatch(plain)
        count = read_whole(match["count"].replace("兩", "两")) if match else None
        if match and count and count <= _MOST:
            return count, match["name"].strip()
    return 1, plain


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The number before the name, or after it."""
    measure = any_of(lexicon().of("split_measures"))
    before = rf"(?P<count>{_NUMBER})\s*(?:[x×*]\s*|{measure}\s*)?(?P<name>\D.*)"
    after = rf"(?P<name>.*?\S)(?:\s+x|\s*[×*])?\s*(?P<count>{_NUMBER})\s*(?:{measure})?"
    return re.compile(before, re.IGNORECASE), re.compile(after, re.IGNORECASE)
