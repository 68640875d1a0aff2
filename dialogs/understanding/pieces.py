"""How many of the goods somebody names they want: "two teapots", 两个茶壶. The people of a team are
no pieces: 三人拼茶壶 and "two people" count none."""

import re
from functools import cache

from dialogs.understanding.folding import fold
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.values.numbers import SMALL_NUMBER, read_whole

_MOST = 99


def read_pieces(said: str) -> tuple[int, str]:
    """With the goods alone, as they were written. Without a plain number, one and all of it."""
    folded = fold(said)
    match = _counted().fullmatch(folded.text)
    if match is None or match["measure"] in lexicon().of("pieces_never"):
        return 1, said
    count = read_whole(match["count"] or match["before"])
    goods = "goods" if match["goods"] else "named"
    if not count or count > _MOST or _people().match(match[goods]):
        return 1, said
    start, end = folded.span(*match.span(goods))
    return count, said[start:end]


@cache
def _counted() -> re.Pattern[str]:
    """Chinese has a measure word behind the number, English a space."""
    words = lexicon().pattern
    measure = rf"(?P<measure>{words('measures')})"
    opening = rf"(?:{words('pieces_before')}\s*)?"
    chinese = rf"(?P<count>{SMALL_NUMBER})\s*{measure}\s*(?:of\s+)?(?P<goods>\S.*)"
    english = rf"(?P<before>{SMALL_NUMBER})\s+(?:[a-z]+\s+of\s+)?(?P<named>[a-z].*)"
    return re.compile(rf"{opening}(?:{chinese}|{english})")


@cache
def _people() -> re.Pattern[str]:
    return re.compile(lexicon().pattern("pieces_never"))
