"""A no in the words of its button: "no wait, keep it", 别删，留着.

Only the button that leaves things as they are is heard within a sentence. The one that pays, buys
or deletes is pressed, said alone, or agreed to by a plain yes.
"""

import re
from functools import cache, lru_cache

from dialogs.engine.commands import SetSlot
from dialogs.format.domain import SlotType
from dialogs.understanding.context import Context, Offered
from dialogs.understanding.folding import folded
from dialogs.understanding.lexicon import lexicon, whole_word
from dialogs.understanding.message import Message, tidy
from dialogs.understanding.payload import parse_payload
from dialogs.understanding.pointing import is_question

_REMEMBERED = 10_000  # labels
_MOST_BESIDE = 25  # letters: more say something of their own


def declined(message: Message, context: Context) -> Offered | None:
    """The only answer to a yes-or-no question whose label stands in what is said."""
    asked = context.asked
    if asked is None or asked.type is not SlotType.BOOL or is_question(message):
        return None
    values = {one: _value(one, asked.slot) for one in context.offered}
    named = [one for one, value in values.items() if value is not None and _says(message, one)]
    kept = [one for one in named if values[one] is False or not _negating().search(message.short)]
    return kept[0] if len(kept) == 1 and values[kept[0]] is False else None


def _value(option: Offered, slot: str) -> bool | None:
    (command, *more) = parse_payload(option.payload) or (None,)
    is_answer = isinstance(command, SetSlot) and command.slot == slot and not more
    return bool(command.value) if isinstance(command, SetSlot) and is_answer else None


def _says(message: Message, option: Offered) -> bool:
    found = _within(option.label).search(message.short)
    if found is None or found["not"]:
        return False
    return len(message.short) - len(found[0]) <= _MOST_BESIDE


@lru_cache(_REMEMBERED)
def _within(label: str) -> re.Pattern[str]:
    """The whole words, and nothing right before them that turns them round: "don't keep it"."""
    return re.compile(rf"(?P<not>{_negation()}\s*)?{whole_word(tidy(folded(label)))}")


@cache
def _negation() -> str:
    return lexicon().pattern("negates")


@cache
def _negating() -> re.Pattern[str]:
    return re.compile(lexicon().pattern("negates", "words.no"))
