"""Sending goods back: which of them, how many; confirmed before the shop is asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from data.delivery.messages import Option, Options
from data.kernel.errors import Invalid, Refused
from data.kernel.money import Money
from data.orders import LineWorth, Order, Returnable, request_return, returnable
from data.orders.return_terms import return_window
from dialogs.actions.base import ShopAction
from dialogs.actions.buying import line_words
from dialogs.actions.meant_orders import GO, OVER, Wish, ask, check, find, mine
from dialogs.actions.turn import Turn

_ALL = "all"
_FEW = 3  # so many numbers have a button each; any number can be typed


def _can(turn: Turn, order: Order) -> Returnable:
    return returnable(turn.session, order, now=turn.now)


def _fits(turn: Turn, order: Order) -> bool:
    return not _can(turn, order).why_not


def _refuse(turn: Turn, order: Order) -> None:
    why_not = _can(turn, order).why_not or "return_all"
    days = return_window(turn.merchant).days
    turn.say(f"utter_{why_not}", number=order.number, days=str(days), order_id=order.id)


WISH = Wish("order_return", "order_to_return", "return_step", _fits, _refuse)


class FindOrderToReturn(ShopAction):
    called = "action_find_order_to_return"

    def act(self, turn: Turn) -> None:
        find(turn, WISH)


class AskOrderToReturn(ShopAction):
    called = "action_ask_order_to_return"

    def act(self, turn: Turn) -> None:
        ask(turn, WISH)


class ValidateOrderToReturn(ShopAction):
    called = "validate_order_to_return"

    def act(self, turn: Turn) -> None:
        check(turn, WISH)


class LookAtReturn(ShopAction):
    """One line needs no question which, one thing none how many."""

    called = "action_look_at_return"

    def act(self, turn: Turn) -> None:
        turn.set("return_line", None)
        turn.set("return_quantity", None)
        can = _can(turn, mine(turn, turn.slots["order_to_return"]))
        turn.set("return_step", OVER if can.why_not else GO)
        if len(can.lines) == 1:
            _choose(turn, can.lines, can.lines[0])
        elif can.why_not:
            _refuse(turn, mine(turn, turn.slots["order_to_return"]))


class AskReturnLine(ShopAction):
    called = "action_ask_return_line"

    def act(self, turn: Turn) -> None:
        options = [
            Option(line_words(turn, worth.line), f"/SetSlots(return_line={worth.line.id})")
            for worth in _lines(turn)
        ]
        every = turn.option("utter_return_everything_button", f"/SetSlots(return_line={_ALL})")
        turn.say("utter_which_to_return", Options((*options, every)))


class ValidateReturnLine(ShopAction):
    """A press says it; typed words name the goods, or a place in the list is pressed for them."""

    called = "validate_return_line"

    def act(self, turn: Turn) -> None:
        said, lines = str(turn.slots.get("return_line") or ""), _lines(turn)
        if said == _ALL:
            turn.set("return_quantity", 0)
            return
        named = [one for one in lines if said == str(one.line.id)]
        named = named or [one for one in lines if said in line_words(turn, one.line)]
        if len(named) == 1:
            _choose(turn, lines, named[0])
        else:
            turn.set("return_line", None)


class AskReturnQuantity(ShopAction):
    called = "action_ask_return_quantity"

    def act(self, turn: Turn) -> None:
        (worth,) = _chosen(turn)
        shown = sorted({*range(1, min(worth.units, _FEW) + 1), worth.units})
        options = tuple(Option(str(n), f"/SetSlots(return_quantity={n})") for n in shown)
        goods = line_words(turn, worth.line)
        turn.say("utter_how_many_to_return", Options(options), goods=goods, most=str(worth.units))


class ValidateReturnQuantity(ShopAction):
    called = "validate_return_quantity"

    def act(self, turn: Turn) -> None:
        many = _number(turn.slots.get("return_quantity"))
        chosen = _chosen(turn)
        is_all = many == 0 and turn.slots.get("return_line") == _ALL
        fits = is_all or (len(chosen) == 1 and 0 < many <= chosen[0].units)
        turn.set("return_quantity", many if fits else None)


class AskConfirmReturn(ShopAction):
    """What goes back for it, in words, before the shop is asked."""

    called = "action_ask_confirm_return"

    def act(self, turn: Turn) -> None:
        order = mine(turn, turn.slots["order_to_return"])
        wanted = _wanted(turn)
        back = Money(0, order.currency)
        for worth, many in wanted:
            back += worth.of(many)
        turn.say(
            "utter_confirm_return",
            number=order.number,
            goods="\n".join(line_words(turn, worth.line, many) for worth, many in wanted),
            amount=back,
        )


class ReturnGoods(ShopAction):
    """Whether it is still possible is decided under the order's lock, not by what was shown."""

    called = "action_return_goods"

    def act(self, turn: Turn) -> None:
        order = mine(turn, turn.slots["order_to_return"])
        try:
            request_return(
                turn.session,
                order_id=order.id,
                person_id=turn.person.id,
                units={worth.line.id: many for worth, many in _wanted(turn)},
                asked_ref=turn.call,
                now=turn.now,
            )
        except (Refused, Invalid):
            _refuse(turn, order)
        else:
            turn.say("utter_return_requested", number=order.number)


def _lines(turn: Turn) -> Sequence[LineWorth]:
    return _can(turn, mine(turn, turn.slots["order_to_return"])).lines


def _chosen(turn: Turn) -> Sequence[LineWorth]:
    said = str(turn.slots.get("return_line") or "")
    return [one for one in _lines(turn) if said in (_ALL, str(one.line.id))]


def _wanted(turn: Turn) -> list[tuple[LineWorth, int]]:
    many = _number(turn.slots.get("return_quantity"))
    return [(worth, many or worth.units) for worth in _chosen(turn)]


def _choose(turn: Turn, lines: Sequence[LineWorth], worth: LineWorth) -> None:
    turn.set("return_line", str(worth.line.id))
    turn.set("return_quantity", 1 if worth.units == 1 else None)


def _number(said: Any) -> int:
    """What was pressed or said as a quantity; -1 where it is none."""
    if isinstance(said, Mapping):
        said = said.get("value")
    try:
        return int(said)
    except (TypeError, ValueError):
        return -1


ACTIONS = (
    FindOrderToReturn,
    AskOrderToReturn,
    ValidateOrderToReturn,
    LookAtReturn,
    AskReturnLine,
    ValidateReturnLine,
    AskReturnQuantity,
    ValidateReturnQuantity,
    AskConfirmReturn,
    ReturnGoods,
)
