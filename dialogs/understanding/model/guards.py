"""What of a proposal may be done: a model that obeys an attacker gets no further than another.

A name that was not on the list throws the whole answer away; words that the person did not say
throw that value away. What is left a person could have had by saying it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from dialogs.engine.commands import Clarify, Command, SetSlot, StartFlow
from dialogs.format import is_allowed
from dialogs.understanding.answers import typed_answer
from dialogs.understanding.context import Asked, Context
from dialogs.understanding.filling import Findings, fill
from dialogs.understanding.folding import fold, folded
from dialogs.understanding.message import read_message
from dialogs.understanding.model.fillable import READ, WANTED, Fillable
from dialogs.understanding.model.port import Proposal
from dialogs.understanding.model.question import Question
from dialogs.understanding.values import Setting, extract

_SEVERAL = 2
_LONGEST_WANTED = 80
_WORD = re.compile(r"[a-z0-9][a-z0-9.,'-]*|\S")
_AROUND = 2  # words before and behind that could belong to the same number


def allowed(question: Question, proposal: Proposal) -> tuple[Command, ...]:
    """Commands for the engine; none at all where the answer breaks a rule or says nothing."""
    scope = question.scope
    offered = {flow.id for flow in scope.flows()}
    slots = scope.fillable()
    if not offered.issuperset(proposal.start) or any(one not in slots for one, _ in proposal.fill):
        return ()
    if proposal.unsure:
        return (Clarify(proposal.start),) if len(proposal.start) >= _SEVERAL else ()
    starts = tuple(StartFlow(flow) for flow in proposal.start)
    return (*starts, *_values(question, proposal, slots))


def _values(
    question: Question, proposal: Proposal, slots: dict[str, Fillable]
) -> Iterator[SetSlot]:
    """One value a slot, several only where the slot is a list that grows."""
    owned = _owned(question, proposal)
    given: set[str] = set()
    for name, value in proposal.fill:
        if name not in owned or (name in given and not slots[name].append):
            continue
        command = _value(slots[name], value, question)
        if command is not None:
            given.add(name)
            yield command


def _owned(question: Question, proposal: Proposal) -> frozenset[str]:
    scope = question.scope
    flows = [*proposal.start, *filter(None, [scope.open_flow()])]
    return frozenset().union(*(scope.flow_set.owned.get(flow, frozenset()) for flow in flows))


def _value(one: Fillable, value: str, question: Question) -> SetSlot | None:
    if one.values:
        return SetSlot(one.slot.name, value, one.append) if value in one.values else None
    place = _place(value, question.text)
    if place is None:
        return None
    if one.kind == WANTED:
        words = question.text[slice(*place)].strip()
        return SetSlot(one.slot.name, words) if 0 < len(words) <= _LONGEST_WANTED else None
    return _read_whole(one, value, question)


def _place(words: str, text: str) -> tuple[int, int] | None:
    """Where in the message these words stand, as whole words."""
    said, wanted = fold(text), folded(words).strip()
    for found in re.finditer(re.escape(wanted), said.text) if wanted else ():
        start, end = found.span()
        if not _cuts(said.text, start) and not _cuts(said.text, end):
            return said.span(start, end)
    return None


def _cuts(text: str, place: int) -> bool:
    """Through a Latin word or a number in digits."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    return all(letter.isascii() and letter.isalnum() for letter in (before, after))


def _read_whole(one: Fillable, words: str, question: Question) -> SetSlot | None:
    """Read by our own rules. Words that mean something else with their neighbours are no value:
    three of three hundred is not what was said."""
    found = _read(one, words, question.scope.context)
    if found is None or not is_allowed(one.slot, found.value):
        return None
    for more in _wider(words, question.text):
        other = _read(one, more, question.scope.context)
        if other is not None and other.value != found.value:
            return None
    return found


def _read(one: Fillable, words: str, context: Context) -> SetSlot | None:
    """As the answer to the question for this slot would be read."""
    asked = Asked(one.slot.name, one.slot.type, one.slot.values)
    here = replace(context, asked=asked, active_slots=frozenset({one.slot.name}))
    setting = Setting(context.today, context.locale, context.currency)
    entities = tuple(e for e in extract(fold(words), setting) if e.kind in READ)
    filled = fill(Findings(entities), here.active_slots, here)
    return filled[0] if filled else typed_answer(read_message(words), here)


def _wider(words: str, text: str) -> Iterator[str]:
    """The same words with up to two before and two behind them."""
    said, wanted = folded(text), folded(words).strip()
    begin = said.find(wanted)
    end = begin + len(wanted)
    before = [found.start() for found in _WORD.finditer(said[:begin])][-_AROUND:]
    behind = [end + found.end() for found in _WORD.finditer(said[end:])][:_AROUND]
    for start in (*before, begin):
        for stop in (end, *behind):
            if (start, stop) != (begin, end):
                yield said[start:stop]
