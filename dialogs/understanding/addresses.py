"""Addresses as people type them: name, phone and street in one line or in pieces, in any order.

An address is no value among others: its words must stay out of every log (T14), so it is read
here, by itself.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from data.orders import AddressParts
from dialogs.engine.commands import SetSlot
from dialogs.format.domain import SlotType
from dialogs.understanding.context import Context
from dialogs.understanding.fixed_words import heard
from dialogs.understanding.folding import Folded, fold
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.message import read_message

_ADDRESS = "address"  # what a slot's mapping calls it
_LONGEST = 1000  # characters; as any free answer
_ALL = ("name", "phone", "line")
_PHONE = re.compile(
    r"(?<![\d.])(?:\+?\d{1,3}[\s-]?)?(?:\(?\d{2,4}\)?[\s-]?)?\d{3,4}[\s-]?\d{3,4}(?!\d)"
)
_BREAK = re.compile(r"[,;\n\t。、:!]+")
_KEEP = "keep"  # a mark between a label and what it labels
_LONGEST_NAME = 30
_MOST_NAME_WORDS = 4
_SHORTEST_PHONE = 7  # digits; ITU-T E.164 allows fifteen
_SHORTEST_LINE = 5
_NUMBERED = re.compile(r"\d|[一二三四五六七八九十]号")
_LONGEST_HAN_NAME = 4  # letters, of a name that stands alone
_HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_NAME = re.compile(r"[\u3400-\u9fff·]{2,6}")
_FULL_NAME = re.compile(r"[A-Z][\w'’-]+(?:\s+[A-Z][\w.'’-]*){1,3}")
_QUESTION = re.compile(r"[?？吗呢嗎]\s*$")
_POLITE = ("yes", "no", "greet", "thanks", "bye", "cancel", "skip", "repeat")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the message between two breaks; `label` is what was written before it."""

    start: int
    end: int
    text: str
    label: str = ""
    written: str = ""


def read_address(text: str, *, wanted: Sequence[str] = _ALL) -> AddressParts:
    """What of an address these words hold; `wanted` is what was asked for, so that a bare name or
    a street without a number is taken for what it is."""
    folded = fold(text)
    phone = _phone(folded.text)
    pieces = [one for one in _pieces(folded, phone) if not _is_talk(one.text)]
    name = _name(pieces, phone, wanted)
    line = _line(pieces, name, wanted, sure=bool(phone and name))
    return AddressParts(
        name=_written(folded, name) if name else "",
        phone=_written(folded, phone) if phone else "",
        line=", ".join(_written(folded, one) for one in line),
    )


def new_address(text: str, context: Context) -> SetSlot | None:
    """To "shall I place the order?" somebody writes where it should go instead."""
    asked = context.asked
    if asked is None or asked.type is not SlotType.BOOL:
        return None
    if not is_address(text) and not _is_labelled_part(text):
        return None
    for name in sorted(context.active_slots):
        slot = context.slots.get(name)
        if slot and any(mapping.entity == _ADDRESS for mapping in slot.mappings):
            return SetSlot(name, text.strip()[:_LONGEST])
    return None


def is_address(text: str) -> bool:
    """Whether these words are certainly where something should go: a question is not, a word like
    road alone is not."""
    if _QUESTION.search(text):
        return False
    parts = read_address(text)
    if parts.phone and parts.line:
        return bool(parts.name) or _is_street(fold(parts.line).text)
    return _is_street(fold(parts.line).text)


def _is_labelled_part(text: str) -> bool:
    """ "My phone is …", 收件人是李四; "I'm not sure" names nobody."""
    label = _labels().match(fold(text).text.strip())
    parts = read_address(text)
    if label is None or parts == AddressParts():
        return False
    kind = _label(label)
    said_outright = label[0][0] not in "我i是"
    return bool(parts.phone) if kind == "phone" else kind == "name" and said_outright


def holds_address(text: str) -> bool:
    """Whether a log should not have these words."""
    if not _NUMBERED.search(fold(text).text):  # most messages: neither a phone nor a house
        return False
    parts = read_address(text)
    return bool(parts.line and (parts.phone or _is_street(fold(parts.line).text)))


def _written(folded: Folded, piece: _Piece) -> str:
    start, end = folded.span(piece.start, piece.end)
    return folded.original[start:end].strip(" ,，。.")


def _phone(text: str) -> _Piece | None:
    """The longest run that looks like a number to call."""
    longest = max(_PHONE.finditer(text), key=_digits_in, default=None)
    if longest is None or _digits_in(longest) < _SHORTEST_PHONE:
        return None
    start = longest.start() + len(longest[0]) - len(longest[0].lstrip())
    return _Piece(start, longest.end(), text[start : longest.end()])


def _digits_in(found: re.Match[str]) -> int:
    return sum(letter.isdigit() for letter in found.group())


def _pieces(folded: Folded, phone: _Piece | None) -> Iterator[_Piece]:
    """Between marks, labels and the phone; a Chinese line also gives away the name at its ends."""
    text = folded.text
    cuts = [(found.start(), found.end(), _KEEP) for found in _BREAK.finditer(text)]
    cuts += [(found.start(), found.end(), _label(found)) for found in _labels().finditer(text)]
    if phone:
        cuts = [cut for cut in cuts if cut[1] <= phone.start or cut[0] >= phone.end]
        cuts.append((phone.start, phone.end, ""))
    place, label = 0, ""
    for start, end, next_label in (*sorted(cuts), (len(text), len(text), _KEEP)):
        piece = _trimmed(folded, place, start, label)
        if piece:
            yield from _tokens(piece)
        label = (label if not piece else "") if next_label == _KEEP else next_label
        place = max(place, end)


def _trimmed(folded: Folded, start: int, end: int, label: str) -> _Piece | None:
    part = folded.text[start:end]
    start += len(part) - len(part.lstrip())
    part = part.strip()
    if not part:
        return None
    first, last = folded.span(start, start + len(part))
    return _Piece(start, start + len(part), part, label, folded.original[first:last])


def _tokens(piece: _Piece) -> list[_Piece]:
    """ "张小兰 上海市…" and "上海市… 张小兰" hold two things; "Ann Lee 1 Market Street" too."""
    found = re.match(r"(\S+)(\s+)(.+)", piece.text)
    last = re.match(r"(.+?)(\s+)(\S+)$", piece.text)
    if found and _is_han_name(found[1]):
        return _cut(piece, found.end(1), found.start(3))
    if last and _is_han_name(last[3]) and _looks_like_line(last[1]):
        return _cut(piece, last.end(1), last.start(3))
    latin = re.match(r"([^\d]+?)\s+(?=\d)", piece.text)
    if latin and not _HAN.search(piece.text) and _is_name(latin[1]):
        return _cut(piece, latin.end(1), latin.end())
    return [piece]


def _cut(piece: _Piece, end: int, start: int) -> list[_Piece]:
    head, tail = piece.text[:end], piece.text[start:]
    return [
        _Piece(piece.start, piece.start + end, head, piece.label),
        _Piece(piece.start + start, piece.end, tail),
    ]


def _name(pieces: list[_Piece], phone: _Piece | None, wanted: Sequence[str]) -> _Piece | None:
    labelled = [one for one in pieces if one.label == "name" and _is_name(one.text)]
    if labelled:
        return labelled[0]
    lines = [one for one in pieces if _looks_like_line(one.text)]
    labels = ("", "line") if lines else ("",)  # "send it to Ann Lee, 1 Market Street"
    free = [one for one in pieces if one.label in labels and _is_name(one.text)]
    if not free:
        return None
    if phone is None and not lines:
        return free[0] if len(pieces) == 1 and _alone(free[0], wanted) else None
    return _beside(free, pieces, phone)


def _alone(piece: _Piece, wanted: Sequence[str]) -> bool:
    """Nothing else was said: it is the name if that is asked for, or if it can be nothing else."""
    if tuple(wanted) != _ALL:
        return "name" in wanted
    if _HAN.search(piece.text):
        surnamed = piece.text.startswith(lexicon().of("address.surnames"))
        return surnamed and len(piece.text) <= _LONGEST_HAN_NAME
    return _FULL_NAME.fullmatch(piece.written) is not None


def _beside(free: list[_Piece], pieces: list[_Piece], phone: _Piece | None) -> _Piece | None:
    """Chinese names anywhere; others first of all, else before the phone, else behind it."""
    han = [one for one in free if _is_han_name(one.text)]
    if han:
        return han[0]
    if free[0] is pieces[0] and len(pieces) > 1 - bool(phone):
        return free[0]
    if phone is None:
        return None
    before = [one for one in free if one.end <= phone.start]
    after = [one for one in free if one.start >= phone.end]
    return before[-1] if before else after[0] if after and after[0] is not pieces[-1] else None


def _line(
    pieces: list[_Piece], name: _Piece | None, wanted: Sequence[str], *, sure: bool
) -> list[_Piece]:
    rest = [one for one in pieces if one is not name and one.label in ("", "line", "name")]
    length = sum(len(one.text) for one in rest)
    asked = tuple(wanted) == ("line",)
    if not rest or length < _SHORTEST_LINE:
        return []
    if sure or asked or any(one.label == "line" or _looks_like_line(one.text) for one in rest):
        return rest
    return []


def _is_talk(text: str) -> bool:
    return heard(read_message(text), _POLITE) is not None


def _is_name(text: str) -> bool:
    if len(text) > _LONGEST_NAME or any(letter.isdigit() for letter in text):
        return False
    if _HAN.search(text):
        return _is_han_name(text)
    words = text.split()
    return 0 < len(words) <= _MOST_NAME_WORDS and len(text) > 1 and not _streets().search(text)


def _is_han_name(text: str) -> bool:
    """小兰 may be a name, 北京 and 春天花园 are none."""
    if not _HAN_NAME.fullmatch(text) or text.startswith(lexicon().of("address.places")):
        return False
    return not text.endswith((*lexicon().of("address.street"), *lexicon().of("address.area")))


def _looks_like_line(text: str) -> bool:
    """Words of a place: a street and a number, a city and its district."""
    if _HAN.search(text):
        signs = sum(sign in text for sign in lexicon().of("address.area"))
        starts = text.startswith(lexicon().of("address.places")) and len(text) >= _SHORTEST_LINE
        return _is_street(text) or signs > 1 or bool(signs and starts)
    return bool(_streets().search(text) and any(letter.isdigit() for letter in text))


def _is_street(text: str) -> bool:
    """A house on a street, beyond doubt."""
    if _HAN.search(text):
        ways = [sign for sign in lexicon().of("address.street") if not sign.isascii()]
        long_enough = _NUMBERED.search(text) and len(text) > _SHORTEST_LINE
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
def _labels() -> re.Pattern[str]:
    """Each label with the colon or "is" that may follow it; 我叫 needs none, "name" does."""
    kinds = "|".join(rf"(?P<{kind}>{lexicon().pattern(f'address.{kind}_label')})" for kind in _ALL)
    return re.compile(rf"(?:{kinds})\s*(?:[:：]|是|is\b|号码|号)?\s*")


def _label(found: re.Match[str]) -> str:
    return found.lastgroup or ""
