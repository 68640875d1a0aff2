"""Which of the buttons on the screen one can choose from by number, by place or by name.

A number alone counts buttons and presses the n-th as shown. A place in words, "the first one",
counts things: cards, colours, teams, the answers to one question. It presses no button that stands
beside a thing (pay, cancel, delete), and says neither yes nor no to whether a thing shall go: it
may mean the first of the things shown before.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dialogs.engine.commands import Act, SetSlot, SkipQuestion, StartFlow
from dialogs.format.domain import SlotType
from dialogs.understanding.context import Context, Offered
from dialogs.understanding.payload import parse_payload

_PRODUCT = re.compile(r"\b(?:gift_choice|product)=(prd_\w+)")
# What somebody may mean by "the second one": a product to buy, a team to join or to leave.
_STARTS = frozenset({"checkout", "buy_idea", "group_buy_start"})
# Whose others are to be reminded, or what is to be hurried. Such a button beside another wish is no
# entry of a list.
_NUDGES = frozenset({"action_nudge_team", "action_nudge_order"})
_ACTS = frozenset(
    {
        "action_join_team", "action_leave_team", "action_open_team", "action_share_team",
        "action_wait_for_place", "action_leave_line", "action_note_satisfaction",
    }
)  # fmt: skip
# Wishes that do their deed at once: no entry of a menu, however it is laid out.
_DEEDS = (
    "stop_messages", "start_messages", "reminder_delete", "order_cancel", "stop_model",
    "order_return", "order_variant", "order_exchange",
)  # fmt: skip
_LIKE = 2
_CHOSEN = ("start", "act", "nudge", "menu")
# What asks whether an order or a kept day shall go, or goods shall.
_TAKES_AWAY = (
    "order_cancel", "order_return", "order_variant", "order_exchange", "reminder_delete",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Shape:
    """Options of one shape are alike: they differ in their value alone."""

    kind: str
    name: str = ""


def shown(context: Context) -> tuple[Offered, ...]:
    """All that a number counts: what was shown last, unless another question came after it. Where
    choices are written with their numbers, any."""
    if context.numbered:
        return tuple(map(_as_written, context.offered))
    if context.asked is None:
        return context.offered
    return _from_the_question(context) if _has_answers(context) else ()


def _as_written(option: Offered) -> Offered:
    return option if option.written is None else replace(option, number=option.written)


def asks_in_numbers(context: Context) -> bool:
    """Whether the answers to the open question are written with their numbers: then 2 is the
    second of them, also of amounts."""
    return context.numbered and _has_answers(context)


def listed(context: Context) -> tuple[Offered, ...]:
    """The list in force: answers to the open question, or what was shown when nothing is asked."""
    shapes = {one: _shape(one.payload, context) for one in _from_the_question(context)}
    if context.asked is not None:
        answers = _answers(shapes, context.asked.slot)
        if answers or not _answered_beside(shapes, context.asked.slot):
            return () if asks_whether_it_goes(context) else answers
    for kind in _CHOSEN:
        alike = [one for one, shape in shapes.items() if shape.kind == kind and one.number > 0]
        if _is_list(alike):
            return tuple(alike)
    return ()


def product_of(payload: str) -> str | None:
    """The product that a button of a card is about."""
    product = _PRODUCT.search(payload)
    return product[1] if product else None


def asks_whether_it_goes(context: Context) -> bool:
    """A yes or no to the end of an order or of a kept day."""
    flows = {context.triggers.get(intent) for intent in _TAKES_AWAY}
    asks_yes_or_no = context.asked is not None and context.asked.type is SlotType.BOOL
    return asks_yes_or_no and context.active_flow in flows


def _has_answers(context: Context) -> bool:
    return context.asked is not None and any(map(_fills(context.asked.slot), context.offered))


def _from_the_question(context: Context) -> tuple[Offered, ...]:
    """Buttons of what was said before the question in the same breath ("sorry, I can help with …")
    are not counted where nobody sees a number."""
    if context.asked is None or context.numbered:
        return context.offered
    fills = _fills(context.asked.slot)
    own = [one.number for one in context.offered if one.number > 0 and fills(one)]
    before = min(own, default=1) - 1
    counted = (replace(one, number=max(one.number - before, 0)) for one in context.offered)
    return tuple(counted) if before else context.offered


def _fills(slot: str) -> Callable[[Offered], bool]:
    def fills(option: Offered) -> bool:
        commands = parse_payload(option.payload) or ()
        return any(isinstance(one, SetSlot) and one.slot == slot for one in commands)

    return fills


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
    return len(different) >= _LIKE or any(product_of(option.payload) for option in alike)


def _shape(payload: str, context: Context) -> _Shape:
    (command, *more) = parse_payload(payload) or (None,)
    if isinstance(command, SkipQuestion):
        return _Shape("skip")
    if isinstance(command, SetSlot):
        return _Shape("" if more else "answer", command.slot)
    if isinstance(command, StartFlow):
        return _start(command, bool(more), context)
    if isinstance(command, Act):
        return _act(command.action)
    return _Shape("")


def _act(action: str) -> _Shape:
    if action in _NUDGES:
        return _Shape("nudge")
    return _Shape("act", action) if action in _ACTS else _Shape("")


def is_of_team(option: Offered) -> bool:
    """Does it join a team, leave it, wait for a place in it, or have it nudged?"""
    (command, *_more) = parse_payload(option.payload) or (None,)
    return isinstance(command, Act) and (command.action in _NUDGES or "team" in command.values)


def _start(command: StartFlow, filled: bool, context: Context) -> _Shape:
    if filled:
        return _Shape("start" if command.flow in _STARTS else "", command.flow)
    deeds = {context.triggers.get(intent) for intent in _DEEDS}
    return _Shape("" if command.flow in deeds else "menu")
