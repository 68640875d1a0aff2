"""An address cut into what may be a name, a number to call or a line of the street."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from dialogs.understanding.address_signs import (
    HAN,
    is_han_name,
    is_name,
    labels,
    looks_like_line,
    received,
)
from dialogs.understanding.folding import Folded
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.telephones import telephone

_BREAK = re.compile(r"[,;\n\t。、:!]+")
_SENTENCE = re.compile(r"(?P<word>\w{3,})(?P<end>\.)(?=\s)")  # no "St." and no "Dr."
_MARKS = re.compile(r"[\s,;。、:!.]*")
_KEEP = "keep"  # a mark between a label and what it labels
_Cut = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the message between two breaks; `label` is what was written before it."""

    start: int
    end: int
    text: str
    label: str = ""
    written: str = ""


def phone_in(text: str) -> Piece | None:
    place = telephone(text)
    return Piece(*place, text[slice(*place)]) if place else None


def pieces_of(folded: Folded, phone: Piece | None) -> Iterator[Piece]:
    """Between marks, labels and the phone; a line also gives away the name at its ends."""
    text = folded.text
    place, label = 0, ""
    for start, end, next_label in (*sorted(_cuts(text, phone)), (len(text), len(text), _KEEP)):
        piece = _trimmed(folded, place, start, label)
        if piece:
            yield from _tokens(piece)
        label = (label if not piece else "") if next_label == _KEEP else next_label
        place = max(place, end)


def joined(folded: Folded, pieces: Sequence[Piece]) -> str:
    """The pieces as they were written, with what stood between neighbours."""
    groups: list[Piece] = []
    for piece in pieces:
        last = groups[-1] if groups else None
        if last and _MARKS.fullmatch(folded.text[last.end : piece.start]):
            groups[-1] = replace(last, end=piece.end)
        else:
            groups.append(piece)
    return ", ".join(written(folded, one) for one in groups)


def written(folded: Folded, piece: Piece) -> str:
    start, end = folded.span(piece.start, piece.end)
    lines = folded.original[start:end].split("\n")
    return ", ".join(filter(None, (line.strip(" ,，。.") for line in lines)))


def _cuts(text: str, phone: Piece | None) -> list[_Cut]:
    cuts = [(found.start(), found.end(), _KEEP) for found in _BREAK.finditer(text)]
    cuts += [(found.start(), found.end(), _KEEP) for found in received().finditer(text)]
    cuts += [
        (found.start("end"), found.end(), _KEEP)
        for found in _SENTENCE.finditer(text)
        if found["word"] not in _abbreviated()
    ]
    cuts += [(found.start(), found.end(), label_of(found)) for found in labels().finditer(text)]
    if phone:
        cuts = [cut for cut in cuts if cut[1] <= phone.start or cut[0] >= phone.end]
        cuts.append((phone.start, phone.end, ""))
    return cuts


def _trimmed(folded: Folded, start: int, end: int, label: str) -> Piece | None:
    """Without the spaces and small words at its ends: "Oak Road and" before "my phone is"."""
    before, after = _joining()
    found = before.match(folded.text, start, end)
    start = found.end() if found else start
    part = after.sub("", folded.text[start:end])
    if not part:
        return None
    first, last = folded.span(start, start + len(part))
    return Piece(start, start + len(part), part, label, folded.original[first:last])


def _tokens(piece: Piece) -> Iterator[Piece]:
    """ "张小兰 上海市…" and "上海市… 张小兰" hold two things; "Ann Lee 1 Market Street" too."""
    found = _edge(piece.text)
    if found is None:
        yield piece
        return
    head, tail = found
    yield from _tokens(replace(piece, end=piece.start + head, text=piece.text[:head], written=""))
    yield from _tokens(Piece(piece.start + tail, piece.end, piece.text[tail:]))


def _edge(text: str) -> tuple[int, int] | None:
    """Where a name ends and a line begins, or the other way round."""
    first = re.match(r"(\S+)(\s+)(.+)", text)
    last = re.match(r"(.+?)(\s+)(\S+)$", text)
    latin = re.match(r"([^\d]+?)\s+(?=\d)", text)
    glued = _name_before_place().match(text)
    if first and is_han_name(first[1]):
        return first.end(1), first.start(3)
    if last and is_han_name(last[3]) and looks_like_line(last[1]):
        return last.end(1), last.start(3)
    if latin and not HAN.search(text) and _is_person_and_line(latin[1], text[latin.end() :]):
        return latin.end(1), latin.end()
    return (glued.end(), glued.end()) if glued else None


def _is_person_and_line(head: str, tail: str) -> bool:
    """ "Ann Lee 1 Market Street", but not "Boston MA 02110"."""
    return is_name(head) and looks_like_line(tail)


def unglued(piece: Piece) -> tuple[Piece, Piece] | None:
    """…8号楼张小兰: a line, and a name that nothing parts from it."""
    found = _name_behind_house().fullmatch(piece.text)
    if found is None or not is_han_name(found["name"]):
        return None
    cut = piece.start + found.start("name")
    line = replace(piece, end=cut, text=found["house"], written="")
    return line, Piece(cut, piece.end, found["name"])


def label_of(found: re.Match[str]) -> str:
    return found.lastgroup or ""


@cache
def _abbreviated() -> frozenset[str]:
    """What a full stop shortens and does not end: "Blvd.", "Prof."."""
    return frozenset((*lexicon().of("address.street"), *lexicon().of("address.titles")))


@cache
def _joining() -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = lexicon().pattern("address.joining")
    return re.compile(rf"\s*(?:{words}\s+)*"), re.compile(rf"(?:\s+{words})*\s*$")


@cache
def _name_before_place() -> re.Pattern[str]:
    words = lexicon()
    name = rf"{words.pattern('address.surnames')}[\u3400-\u9fff]{{1,2}}"
    return re.compile(rf"{name}(?={words.pattern('address.places')})")


@cache
def _name_behind_house() -> re.Pattern[str]:
    name = rf"(?P<name>{lexicon().pattern('address.surnames')}[\u3400-\u9fff]{{1,2}})"
    return re.compile(rf"(?P<house>.*[\d号楼室层栋幢座]){name}")
