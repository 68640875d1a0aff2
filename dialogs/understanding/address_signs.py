"""What a name, a street and a place look like in the words of an address, in every language."""

import re
from collections.abc import Sequence
from functools import cache

from dialogs.understanding.fixed_words import heard
from dialogs.understanding.lexicon import any_of, lexicon
from dialogs.understanding.message import read_message

KINDS = ("name", "phone", "line")
HAN = re.compile(r"[\u3400-\u9fff]")
NUMBERED = re.compile(r"\d|[一二三四五六七八九十]号")
SHORTEST_LINE = 5
_LONGEST_NAME = 30
_MOST_NAME_WORDS = 4
_LONGEST_HAN_NAME = 4  # letters, of a name that stands alone
_HAN_NAME = re.compile(r"[\u3400-\u9fff·]{2,6}")
_FULL_NAME = re.compile(r"[A-Z][\w'’-]+(?:\s+[A-Z][\w.'’-]*){1,3}")
_CARE_OF = re.compile(r"\s*\bc/o\b\s*")
_POLITE = ("yes", "no", "greet", "thanks", "bye", "cancel", "skip", "repeat")


def is_talk(text: str) -> bool:
    """Politeness, or a place that says nothing to a courier: "to my office please", 我妈家."""
    polite = heard(read_message(text), _POLITE) is not None
    return polite or bool(_no_place().fullmatch(text))


def is_name(text: str) -> bool:
    if len(text) > _LONGEST_NAME or any(letter.isdigit() for letter in text):
        return False
    if HAN.search(text):
        return is_han_name(text)
    return all(map(_is_latin_name, _CARE_OF.split(text)))


def _is_latin_name(text: str) -> bool:
    words = _title().sub("", text).split()
    plain = " ".join(words)
    return 0 < len(words) <= _MOST_NAME_WORDS and len(plain) > 1 and not _streets().search(plain)


def is_han_name(text: str) -> bool:
    """小兰 may be a name, 北京 and 春天花园 are none."""
    if not _HAN_NAME.fullmatch(text) or text.startswith(lexicon().of("address.places")):
        return False
    return not text.endswith((*lexicon().of("address.street"), *lexicon().of("address.area")))


def is_relative(text: str) -> bool:
    """我爸, "my mum": somebody is meant, but a courier would rather have the name."""
    return _relative().fullmatch(text) is not None


def has_surname(text: str) -> bool:
    return text.startswith(lexicon().of("address.surnames"))


def is_whole_name(folded: str, written: str) -> bool:
    """What can be nothing else than somebody's name, though nothing else was said."""
    if HAN.search(folded):
        return has_surname(folded) and len(folded) <= _LONGEST_HAN_NAME
    return _FULL_NAME.fullmatch(written) is not None


def looks_like_line(text: str) -> bool:
    """Words of a place: a street and a number, a city and its district."""
    if HAN.search(text):
        signs = sum(sign in text for sign in lexicon().of("address.area"))
        starts = text.startswith(lexicon().of("address.places")) and len(text) >= SHORTEST_LINE
        return is_street(text) or signs > 1 or bool(signs and starts)
    return bool(_streets().search(text) and any(letter.isdigit() for letter in text))


def looks_like_house(text: str) -> bool:
    """2座, "floor 3": a piece of an address, for all that it counts."""
    signs = (sign for sign in lexicon().of("address.street") if not sign.isascii())
    return any(sign in text for sign in signs) or _streets().search(text) is not None


def is_street(text: str) -> bool:
    """A house on a street, beyond doubt."""
    if HAN.search(text):
        ways = [sign for sign in lexicon().of("address.street") if not sign.isascii()]
        long_enough = NUMBERED.search(text) and len(text) >= SHORTEST_LINE
        return bool(long_enough and _numbered_way(ways).search(text))
    return _numbered_street().search(text) is not None


def _numbered_way(ways: Sequence[str]) -> re.Pattern[str]:
    """漕溪路1号, 188弄3号, 5楼: the sign next to its number, and one more sign of a place."""
    sign = "|".join(ways)
    area = "|".join(lexicon().of("address.area"))
    number = rf"(?:{sign})\s*[\d一二三四五六七八九十]+|\d\s*(?:{sign})"
    return re.compile(rf"(?:{sign}|{area}).*?(?:{number})")


@cache
def _streets() -> re.Pattern[str]:
    forms = [form for form in lexicon().of("address.street") if form.isascii()]
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, forms))})\b", re.IGNORECASE)


@cache
def _numbered_street() -> re.Pattern[str]:
    """12 Oak Avenue; "1 place mat" is none."""
    way = lexicon().pattern("address.way")
    return re.compile(rf"\d\w*,?\s+(?:[\w.'’-]+\s+){{1,4}}?{way}")


@cache
def labels() -> re.Pattern[str]:
    """Each label with the colon or "is" that may follow it; 我叫 needs none, "name" does."""
    kinds = "|".join(rf"(?P<{kind}>{lexicon().pattern(f'address.{kind}_label')})" for kind in KINDS)
    return re.compile(rf"(?:{kinds})\s*(?:[:：]|是|is\b|号码|号)?\s*")


@cache
def received() -> re.Pattern[str]:
    """张小兰收, 李雷（收）: what stands behind a name and nowhere else."""
    sign = lexicon().pattern("address.name_after")
    return re.compile(rf"(?<=[\u3400-\u9fff ])\(?{sign}\)?(?=[\s\d+,;。、]|$)")


@cache
def _title() -> re.Pattern[str]:
    return re.compile(rf"^{lexicon().pattern('address.titles')}\.?\s+")


@cache
def _relative() -> re.Pattern[str]:
    return re.compile(rf"(?:{_whose()}\s*)?{_relatives()}")


@cache
def _no_place() -> re.Pattern[str]:
    words = lexicon()
    somebody_s = rf"{_relatives()}\s*{words.pattern('address.home_of')}"
    place = rf"(?:{words.pattern('address.whereabouts')}|{somebody_s})"
    around = rf"(?:{words.pattern('fillers', 'address.on_the_way')}\s*)*"
    return re.compile(rf"{around}(?:(?:{_whose()}\s*)?{place}\s*)?{around}")


def _whose() -> str:
    return lexicon().pattern("address.whose")


def _relatives() -> str:
    forms = lexicon().section("relations").values()
    return any_of(form for some in forms for form in some)
