"""Another colour or size for what has arrived: which, how many, for what; confirmed before the shop
is asked. What has not been sent yet is changed instead: people say the same of both."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from data.catalogue import Variant, price_of
from data.delivery.messages import Option, Options
from data.kernel.errors import Invalid, NotFound, OutOfStock, Refused
from data.orders import LineWorth, Order, returnable
from data.orders.return_terms import return_window
from data.payments.changing import changeable
from data.payments.exchanging import (
    ExchangeTerms,
    exchange_terms,
    exchangeable,
    request_exchange,
)
from dialogs.actions.base import ShopAction
from dialogs.actions.buying import line_words
from dialogs.actions.choosing import meant_among
from dialogs.actions.meant_orders import GO, OVER, Wish, ask, check, find, mine
from dialogs.actions.products import variant_words
from dialogs.actions.seen import is_ordering
from dialogs.actions.shopping import on_shelf
from dialogs.actions.turn import Turn
from dialogs.engine.commands import SetSlot, StartFlow
from dialogs.understanding.folding import folded

FLOW = "order_exchange"
_FEW = 3  # so many numbers have a button each; any number can be typed


def _fits(turn: Turn, order: Order) -> bool:
    return not exchangeable(turn.session, order, now=turn.now)


def _refuse(turn: Turn, order: Order) -> None:
    why_not = exchangeable(turn.session, order, now=turn.now) or "return_all"
    days = return_window(turn.merchant).days
    turn.say(f"utter_{why_not}", number=order.number, days=str(days), order_id=order.id)


def _change_instead(turn: Turn, order: Order) -> None:
    if changeable(turn.session, order, now=turn.now):
        _refuse(turn, order)
    else:
        _go_on(turn, "order_variant", "order_to_change", order)
        if said := turn.slots.get("exchange_variant"):
            turn.commands.append(SetSlot("new_variant", said))


def exchange_instead(turn: Turn, order: Order) -> bool:
    """It has left: is another one to be had for it? Then that is what is meant."""
    if not _fits(turn, order) or not turn.knows("utter_which_to_exchange"):
        return False
    _go_on(turn, FLOW, "order_to_exchange", order)
    if said := turn.slots.get("new_variant"):
        turn.commands.append(SetSlot("exchange_variant", said))
    return True


def _go_on(turn: Turn, flow: str, slot: str, order: Order) -> None:
    turn.commands += [StartFlow(flow), SetSlot(slot, order.id)]


WISH = Wish(FLOW, "order_to_exchange", "exchange_step", _fits, _refuse)


class FindOrderToExchange(ShopAction):
    """Amid an order there is none yet: the question which one is asked again there."""

    called = "action_find_order_to_exchange"

    def act(self, turn: Turn) -> None:
        turn.set("exchange_step", OVER)
        if is_ordering(turn):
            turn.say("utter_change_before_order")
        else:
            find(turn, replace(WISH, refuse=_change_instead))


class AskOrderToExchange(ShopAction):
    called = "action_ask_order_to_exchange"

    def act(self, turn: Turn) -> None:
        ask(turn, WISH)


class ValidateOrderToExchange(ShopAction):
    called = "validate_order_to_exchange"

    def act(self, turn: Turn) -> None:
        check(turn, WISH)


class LookAtExchange(ShopAction):
    """One line needs no question which, one thing none how many."""

    called = "action_look_at_exchange"

    def act(self, turn: Turn) -> None:
        turn.set("exchange_line", None)
        turn.set("exchange_quantity", None)
        order, lines = _lines(turn)
        turn.set("exchange_step", GO if lines else OVER)
        if len(lines) == 1:
            _choose(turn, lines[0])
        elif not lines:
            turn.say("utter_change_nothing_else", number=order.number)


class AskExchangeLine(ShopAction):
    called = "action_ask_exchange_line"

    def act(self, turn: Turn) -> None:
        _, lines = _lines(turn)
        options = tuple(
            Option(line_words(turn, one.line), f"/SetSlots(exchange_line={one.line.id})")
            for one in lines
        )
        turn.say("utter_which_to_exchange", Options(options))


class ValidateExchangeLine(ShopAction):
    """A press says it; typed words name the goods."""

    called = "validate_exchange_line"

    def act(self, turn: Turn) -> None:
        said, (_, lines) = str(turn.slots.get("exchange_line") or ""), _lines(turn)
        named = [one for one in lines if said == str(one.line.id)]
        named = named or [one for one in lines if said and said in line_words(turn, one.line)]
        if len(named) == 1:
            _choose(turn, named[0])
        else:
            turn.set("exchange_line", None)


class AskExchangeQuantity(ShopAction):
    called = "action_ask_exchange_quantity"

    def act(self, turn: Turn) -> None:
        _, worth = _line(turn)
        shown = sorted({*range(1, min(worth.units, _FEW) + 1), worth.units})
        options = tuple(Option(str(n), f"/SetSlots(exchange_quantity={n})") for n in shown)
        goods, most = line_words(turn, worth.line), str(worth.units)
        turn.say("utter_how_many_to_exchange", Options(options), goods=goods, most=most)


class ValidateExchangeQuantity(ShopAction):
    called = "validate_exchange_quantity"

    def act(self, turn: Turn) -> None:
        many = _number(turn.slots.get("exchange_quantity"))
        fits = 0 < many <= _line(turn)[1].units
        turn.set("exchange_quantity", many if fits else None)


class AskExchangeVariant(ShopAction):
    called = "action_ask_exchange_variant"

    def act(self, turn: Turn) -> None:
        _, worth = _line(turn)
        options = tuple(
            turn.option(
                "utter_variant_button",
                f"/SetSlots(exchange_variant={variant.id})",
                variant=variant_words(variant, turn.locale),
                price=price_of(variant),
            )
            for variant in _others(turn, worth, _many(turn))
        )
        goods = line_words(turn, worth.line, _many(turn))
        turn.say("utter_which_instead", Options(options), goods=goods)


class ValidateExchangeVariant(ShopAction):
    """Only what it could be of; of words that fit none or several, we ask."""

    called = "validate_exchange_variant"

    def act(self, turn: Turn) -> None:
        said = str(turn.slots.get("exchange_variant") or "")
        _, worth = _line(turn)
        others = _others(turn, worth, _many(turn))
        named = [one for one in others if one.id == said] or meant_among(folded(said), others)
        turn.set("exchange_variant", named[0].id if len(named) == 1 else None)
        if not named:
            turn.say("utter_change_not_there")


class AskConfirmExchange(ShopAction):
    """What it costs or gives back, in words, before the shop is asked."""

    called = "action_ask_confirm_exchange"

    def act(self, turn: Turn) -> None:
        order, worth = _line(turn)
        try:
            found = exchange_terms(
                turn.session,
                order,
                line_id=worth.line.id,
                units=_many(turn),
                variant_id=turn.slots["exchange_variant"],
                now=turn.now,
            )
        except (Refused, NotFound, OutOfStock):
            turn.say("utter_change_not_there")
            turn.set("exchange_variant", None)
            return
        turn.say(
            _question(found),
            number=order.number,
            goods=line_words(turn, worth.line, found.units),
            variant=variant_words(found.variant, turn.locale),
            more=found.more,
            back=found.back,
        )


class ExchangeGoods(ShopAction):
    """Whether it is still possible is decided under the order's lock, not by what was shown."""

    called = "action_exchange_goods"

    def act(self, turn: Turn) -> None:
        order = mine(turn, turn.slots["order_to_exchange"])
        try:
            request_exchange(
                turn.session,
                order_id=order.id,
                person_id=turn.person.id,
                line_id=_number(turn.slots.get("exchange_line")),
                units=_many(turn),
                variant_id=turn.slots["exchange_variant"],
                asked_ref=turn.call,
                now=turn.now,
            )
        except (OutOfStock, NotFound):
            turn.say("utter_change_not_there")
        except (Refused, Invalid):
            turn.session.refresh(order)
            _refuse(turn, order)
        else:
            turn.say("utter_exchange_requested", number=order.number)


def _lines(turn: Turn) -> tuple[Order, Sequence[LineWorth]]:
    """What may come back and could be something else."""
    order = mine(turn, turn.slots["order_to_exchange"])
    can = returnable(turn.session, order, now=turn.now)
    return order, [one for one in can.lines if _others(turn, one, 1)]


def _line(turn: Turn) -> tuple[Order, LineWorth]:
    said = str(turn.slots.get("exchange_line") or "")
    order, lines = _lines(turn)
    chosen = next((one for one in lines if str(one.line.id) == said), None)
    if chosen is None:
        raise NotFound("line")
    return order, chosen


def _others(turn: Turn, worth: LineWorth, many: int) -> Sequence[Variant]:
    every = on_shelf(turn, worth.line.product_id)
    return [one for one in every if one.id != worth.line.variant_id and one.available >= many]


def _choose(turn: Turn, worth: LineWorth) -> None:
    turn.set("exchange_line", str(worth.line.id))
    turn.set("exchange_quantity", 1 if worth.units == 1 else None)


def _many(turn: Turn) -> int:
    return max(1, _number(turn.slots.get("exchange_quantity")))


def _number(said: Any) -> int:
    """What was pressed or said as a number; -1 where it is none."""
    if isinstance(said, Mapping):
        said = said.get("value")
    try:
        return int(said)
    except (TypeError, ValueError):
        return -1


def _question(found: ExchangeTerms) -> str:
    if found.more.minor:
        return "utter_confirm_exchange_dearer"
    return "utter_confirm_exchange_cheaper" if found.back.minor else "utter_confirm_exchange_same"


ACTIONS = (
    FindOrderToExchange,
    AskOrderToExchange,
    ValidateOrderToExchange,
    LookAtExchange,
    AskExchangeLine,
    ValidateExchangeLine,
    AskExchangeQuantity,
    ValidateExchangeQuantity,
    AskExchangeVariant,
    ValidateExchangeVariant,
    AskConfirmExchange,
    ExchangeGoods,
)
