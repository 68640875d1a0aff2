"""Which of the buttons on the screen are a list that one can choose from by its place or name.

Only like things are a list: cards, colours, teams, answers to one question. "The first one" never
presses pay, cancel or delete and never says yes: such a button is pressed or named by its label.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dialogs.engine.commands import Act, SetSlot, SkipQuestion, StartFlow
from dialogs.format.domain import SlotType
from dialogs.understanding.context import Context, Offered
from dialogs.understanding.payload import parse_payload

_PRODUCT = re.compile(r"\b(?:gift_choice|product)=(prd_\w+)")
# What somebody may mean by "the second one": a product to buy, a team to join or to leave.
_STARTS = frozenset({"checkout", "buy_idea", "group_buy_start"})
_ACTS = frozenset({"action_join_team", "action_leave_team", "action_open_team"})
# Wishes that do their deed at once: no entry of a menu, however it is laid out.
_DEEDS = (
    "stop_messages", "start_messages", "reminder_delete", "order_cancel", "stop_model",
)  # fmt: skip
_LIKE = 2
_CHOSEN = ("start", "act", "menu")
# The days that we keep are shown with a number each; the number alone asks whether to delete it.
NUMBERED = (*_CHOSEN, "day")


@dataclass(frozen=True, slots=True)
class _Shape:
    """Options of one shape are alike: they differ in their value alone."""

    kind: str
    name: str = ""


def listed(context: Context, *, kinds: Sequence[str] = _CHOSEN) -> tuple[Offered, ...]:
    """The list in force: answers to the open question, or what was shown when nothing is asked."""
    shapes = {option: _shape(option.payload, context) for option in context.offered}
    if context.asked is not None:
        answers = _answers(shapes, context.asked.slot)
        if answers or not _answered_beside(shapes, context.asked.slot):
            return answers
    for kind in kinds:
        alike = [one for one, shape in shapes.items() if shape.kind == kind and one.number > 0]
        if _is_list(alike):
            return tuple(alike)
    return ()


def product_of(option: Offered) -> str | None:
    """The product on a card."""
    product = _PRODUCT.search(option.payload)
    return product[1] if product else None


def _answers(shapes: dict[Offered, _Shape], slot: str) -> tuple[Offered, ...]:
    """Counted answers to the open question; "no special day" among them counts too."""
    alike = [one for one, shape in shapes.items() if shape == _Shape("answer", slot)]
    counted = [one for one in alike if one.number > 0]
    skips = [one for one, shape in shapes.items() if shape.kind == "skip" and one.number > 0]
    return (*counted, *skips) if _is_list(counted) else ()


def _answered_beside(shapes: dict[Offered, _Shape], slot: str) -> bool:
    """Whether the question's own buttons stand beside the cards: then both are in sight."""
    return _Shape("answer", slot) in shapes.values()


def _is_list(alike: Sequence[Offered]) -> bool:
    different = {option.payload for option in alike}
    return len(different) >= _LIKE or any(product_of(option) for option in alike)


def _shape(payload: str, context: Context) -> _Shape:
    (command, *more) = parse_payload(payload) or (None,)
    if isinstance(command, SkipQuestion):
        return _Shape("skip")
    if isinstance(command, SetSlot):
        asks_yes_or_no = context.asked is not None and context.asked.type is SlotType.BOOL
        chooses = not more and not isinstance(command.value, bool) and not asks_yes_or_no
        return _Shape("answer", command.slot) if chooses else _Shape("")
    if isinstance(command, StartFlow):
        return _start(command, bool(more), context)
    if isinstance(command, Act) and command.action in _ACTS:
        return _Shape("act", command.action)
    return _Shape("")


def _start(command: StartFlow, filled: bool, context: Context) -> _Shape:
    if filled and command.flow == context.triggers.get("reminder_delete"):
        return _Shape("day")
    if filled:
        return _Shape("start" if command.flow in _STARTS else "", command.flow)
    deeds = {context.triggers.get(intent) for intent in _DEEDS}
    return _Shape("" if command.flow in deeds else "menu")
