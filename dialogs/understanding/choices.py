"""Answers to a list of options: the label itself, "2", or what stands on a card: "the scarf"."""

import re
from functools import lru_cache
from unicodedata import category

from dialogs.format.domain import SlotType
from dialogs.understanding.context import Asked, Context, Offered
from dialogs.understanding.folding import folded
from dialogs.understanding.lists import asks_in_numbers, shown
from dialogs.understanding.message import Message, strip_fillers, tidy
from dialogs.understanding.values.counts import bare_number

_REMEMBERED = 10_000  # labels
_COUNTED = frozenset({"quantity", "money", "age", "date"})
_SIGNS = frozenset({"So", "Sk", "Cf", "Mn"})  # emoji, their colours, what joins them
_MARKED = re.compile(
    r"(?:no\.?\s?|#|option\s)?(?P<number>\d{1,2}|[一二两三四五六七八九十]{1,2})(?:号|️⃣)?"
)


def pressed(text: str, offered: tuple[Offered, ...]) -> Offered | None:
    """The option with exactly this payload: only what was offered can be pressed (T07)."""
    return next((option for option in offered if option.payload == text.strip()), None)


def chosen(message: Message, context: Context) -> Offered | None:
    """The option that the whole message names, by its label or its number."""
    if not context.offered or not message.short:
        return None
    return _by_label(message, context.offered) or _by_number(message, context)


def numbered(number: int, options: tuple[Offered, ...]) -> Offered | None:
    """Several options of one card share its number: the first is the card's own. Counted from
    the end, what leads on ("no special day") is no part of the list."""
    if number < 0:
        numbers = sorted({option.number for option in options if _has_value(option)})
        number = numbers[number] if -number <= len(numbers) else 0
    return next((option for option in options if option.number == number > 0), None)


def _by_label(message: Message, offered: tuple[Offered, ...]) -> Offered | None:
    said = {message.short, message.folded.text.strip(), message.bare}
    said.add(strip_fillers(message.short, "choice_fillers"))
    if "?" not in message.folded.text:  # "is the green one better?" chooses nothing
        said.add(strip_fillers(message.short, "choice_fillers", "fillers", "choice_opinions"))
    said |= {_without_signs(one) for one in said}
    said.discard("")
    return next((option for option in offered if not said.isdisjoint(_said_as(option.label))), None)


@lru_cache(_REMEMBERED)
def _said_as(label: str) -> frozenset[str]:
    """What somebody would type for a label."""
    plain = folded(label)
    bare = _without_signs(plain)
    return frozenset({plain.strip(), tidy(plain), *({bare, tidy(bare)} if bare else ())})


def _without_signs(text: str) -> str:
    """ "Green 💚" is typed without its heart. What is nothing but signs stays what it is."""
    return "".join(letter for letter in text if category(letter) not in _SIGNS).strip()


def _by_number(message: Message, context: Context) -> Offered | None:
    if expects_number(context) and not asks_in_numbers(context):
        return None
    word = strip_fillers(message.short, "choice_fillers")
    marked = _MARKED.fullmatch(word)
    number = bare_number(marked["number"]) if marked else None
    if not number:
        return None
    return numbered(number, shown(context))


def _has_value(option: Offered) -> bool:
    return option.payload.startswith(("/SetSlots", "/Act", "/StartFlow"))


def expects_number(context: Context) -> bool:
    """Whether a bare number answers the open question rather than picks from a list."""
    asked: Asked | None = context.asked
    if asked is None:
        return False
    slot = context.slots.get(asked.slot)
    kinds = {mapping.entity for mapping in slot.mappings} if slot else set()
    return asked.type is SlotType.FLOAT or bool(kinds & _COUNTED)
