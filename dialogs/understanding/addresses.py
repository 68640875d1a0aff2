"""Addresses as people type them: name, phone and street in one line or in pieces, in any order.

An address is no value among others: its words must stay out of every log (T14), so it is read
here, by itself.
"""

import re
from collections.abc import Sequence

from data.orders import AddressParts
from dialogs.engine.commands import Command, SetSlot, StartFlow
from dialogs.format.domain import SlotType
from dialogs.understanding.address_pieces import (
    Piece,
    joined,
    label_of,
    phone_in,
    pieces_of,
    unglued,
    written,
)
from dialogs.understanding.address_signs import (
    KINDS,
    NUMBERED,
    SHORTEST_LINE,
    has_surname,
    is_han_name,
    is_name,
    is_relative,
    is_street,
    is_talk,
    is_whole_name,
    labels,
    looks_like_line,
)
from dialogs.understanding.context import Context
from dialogs.understanding.fixed_words import leading
from dialogs.understanding.folding import fold
from dialogs.understanding.lists import product_of
from dialogs.understanding.message import read_message
from dialogs.understanding.pointing import is_question

ADDRESS = "address"  # what a slot's mapping calls it
_EARLY, _SHIP_TO = "address_ahead", "ship_to"  # the flow that keeps one for later
_LONGEST = 1000  # characters; as any free answer
_QUESTION = re.compile(r"[?？吗呢嗎]\s*$")


def read_address(text: str, *, wanted: Sequence[str] = KINDS) -> AddressParts:
    """What of an address these words hold; `wanted` is what was asked for, so that a bare name or
    a street without a number is taken for what it is."""
    folded = fold(text)
    phone = phone_in(folded.text)
    pieces = [one for one in pieces_of(folded, phone) if not is_talk(one.text)]
    name = _name(pieces, phone, wanted)
    if name is None and phone is not None and "name" in wanted:
        pieces, name = _unglued(pieces)
    line = _line(pieces, name, wanted, sure=bool(phone and name))
    if not phone and not line and is_question(read_message(text)):
        return AddressParts()  # "why do you need my phone?" names nobody
    return AddressParts(
        name=written(folded, name) if name else "",
        phone=written(folded, phone) if phone else "",
        line=joined(folded, line),
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
        if slot and any(mapping.entity == ADDRESS for mapping in slot.mappings):
            return SetSlot(name, text.strip()[:_LONGEST])
    return None


def early_address(text: str, context: Context) -> tuple[Command, ...] | None:
    """Whole, where something else is asked or cards are to be chosen from: it changes nothing of
    that, and is kept for the order."""
    flow = _EARLY if _EARLY in context.flow_slots else None
    if flow is None or asks_for_address(context) or not NUMBERED.search(fold(text).text):
        return None
    if context.asked is None and not any(product_of(one.payload) for one in context.offered):
        return None
    whole = is_address(text) and not read_address(text).missing
    return (StartFlow(flow), SetSlot(_SHIP_TO, text.strip()[:_LONGEST])) if whole else None


def asks_for_address(context: Context) -> bool:
    slot = context.slots.get(context.asked.slot) if context.asked else None
    return slot is not None and any(mapping.entity == ADDRESS for mapping in slot.mappings)


def is_address(text: str) -> bool:
    """Whether these words are certainly where something should go: a question is not, a word like
    road alone is not."""
    if _QUESTION.search(text):
        return False
    parts = read_address(text)
    if parts.phone and parts.line:
        return bool(parts.name) or is_street(fold(parts.line).text)
    return is_street(fold(parts.line).text)


def _is_labelled_part(text: str) -> bool:
    """ "My phone is …", 收件人是李四, "no, the recipient is …"; "I'm not sure" names nobody."""
    said = fold(text).text.strip()
    label = labels().match(leading(read_message(text), "no") or said)
    parts = read_address(text)
    if label is None or parts == AddressParts():
        return False
    kind = label_of(label)
    said_outright = label[0][0] not in "我i是"
    return bool(parts.phone) if kind == "phone" else kind == "name" and said_outright


def holds_address(text: str) -> bool:
    """Whether a log should not have these words."""
    if not NUMBERED.search(fold(text).text):  # most messages: neither a phone nor a house
        return False
    parts = read_address(text)
    return bool(parts.line and (parts.phone or is_street(fold(parts.line).text)))


def _unglued(pieces: list[Piece]) -> tuple[list[Piece], Piece | None]:
    for place, piece in enumerate(pieces):
        found = unglued(piece)
        if found:
            return [*pieces[:place], *found, *pieces[place + 1 :]], found[1]
    return pieces, None


def _name(pieces: list[Piece], phone: Piece | None, wanted: Sequence[str]) -> Piece | None:
    labelled = [one for one in pieces if one.label == "name" and is_name(one.text)]
    named = [one for one in labelled if not is_relative(one.text)]
    if named or "name" not in wanted:
        return next(iter(named or labelled), None)
    lines = [one for one in pieces if looks_like_line(one.text)]
    labels = ("", "line") if lines else ("",)  # "send it to Ann Lee, 1 Market Street"
    free = [one for one in pieces if one.label in labels and is_name(one.text)]
    if phone is None and not lines:
        alone = len(pieces) == 1 and free and _alone(free[0], wanted)
        return free[0] if alone else next(iter(labelled), None)
    others = [one for one in pieces if not is_relative(one.text)]
    beside = _beside([one for one in free if one in others], others, phone)
    return beside or next((one for one in labelled + free if one not in others), None)


def _alone(piece: Piece, wanted: Sequence[str]) -> bool:
    """Nothing else was said: it is the name if that is asked for, or if it can be nothing else."""
    if tuple(wanted) != KINDS:
        return True
    return is_whole_name(piece.text, piece.written)


def _beside(free: list[Piece], pieces: list[Piece], phone: Piece | None) -> Piece | None:
    """Chinese names anywhere, best with a surname; others first of all, else before the phone,
    else behind it."""
    han = [one for one in free if is_han_name(one.text)]
    if han:
        return next((one for one in han if has_surname(one.text)), han[0])
    if free and free[0] is pieces[0] and len(pieces) > 1 - bool(phone):
        return free[0]
    if phone is None:
        return None
    before = [one for one in free if one.end <= phone.start]
    after = [one for one in free if one.start >= phone.end]
    if before or not after:
        return before[-1] if before else None
    placed = any(one.end <= phone.start and looks_like_line(one.text) for one in pieces)
    return after[0] if placed or after[0] is not pieces[-1] else None  # the last one is the city


def _line(
    pieces: list[Piece], name: Piece | None, wanted: Sequence[str], *, sure: bool
) -> list[Piece]:
    rest = [
        one
        for one in pieces
        if one is not name and one.label in ("", "line", "name") and not is_relative(one.text)
    ]
    length = sum(len(one.text) for one in rest)
    asked = tuple(wanted) == ("line",)
    if not rest or length < SHORTEST_LINE:
        return []
    if sure or asked or any(one.label == "line" or looks_like_line(one.text) for one in rest):
        return rest
    return []
