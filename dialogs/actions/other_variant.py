"""Another colour or size of what was ordered: which, what that costs or gives back, the deed."""

from collections.abc import Sequence
from dataclasses import replace

from data.catalogue import Variant, get_variant, price_of
from data.delivery.messages import Option, Options
from data.kernel.errors import NotFound, OutOfStock, Refused
from data.orders import Order, OrderChange, OrderLine, find_order, lines_of
from data.payments.changing import Difference, change_variant, changeable, difference
from dialogs.actions.base import ShopAction
from dialogs.actions.buying import give_payment_link, line_words
from dialogs.actions.choosing import meant_among
from dialogs.actions.exchanging import exchange_instead
from dialogs.actions.meant_orders import GO, OVER, Wish, ask, check, find, mine
from dialogs.actions.products import variant_words
from dialogs.actions.seen import is_ordering
from dialogs.actions.shopping import on_shelf
from dialogs.actions.turn import Turn
from dialogs.understanding.folding import folded

# What the shop says no to, in words; anything else is over.
_SAID = {"change_group", "change_sent", "change_paying", "change_awaits", "change_over"}


def _others(turn: Turn, order: Order, line: OrderLine) -> Sequence[Variant]:
    """What the line could be of instead."""
    taken = {one.variant_id for one in lines_of(turn.session, order)}
    every = on_shelf(turn, line.product_id)
    return [one for one in every if one.id not in taken and one.available >= line.quantity]


def _fits(turn: Turn, order: Order) -> bool:
    return not changeable(turn.session, order, now=turn.now)


def _refuse(turn: Turn, order: Order) -> None:
    why_not = changeable(turn.session, order, now=turn.now) or "change_over"
    _say_no(turn, order, why_not)


def _say_no(turn: Turn, order: Order, why_not: str) -> None:
    said = why_not if why_not in _SAID else "change_over"
    turn.say(f"utter_{said}", number=order.number, order_id=order.id)


def _exchange_or_refuse(turn: Turn, order: Order) -> None:
    if not exchange_instead(turn, order):
        _refuse(turn, order)


WISH = Wish("order_variant", "order_to_change", "change_step", _fits, _refuse)


class FindOrderToChange(ShopAction):
    """Amid an order there is none yet: the question which one is asked again there."""

    called = "action_find_order_to_change"

    def act(self, turn: Turn) -> None:
        turn.set("change_step", OVER)
        if is_ordering(turn):
            turn.say("utter_change_before_order")
        else:
            find(turn, replace(WISH, refuse=_exchange_or_refuse))


class AskOrderToChange(ShopAction):
    called = "action_ask_order_to_change"

    def act(self, turn: Turn) -> None:
        ask(turn, WISH)


class ValidateOrderToChange(ShopAction):
    called = "validate_order_to_change"

    def act(self, turn: Turn) -> None:
        check(turn, WISH)


class LookAtChange(ShopAction):
    """One line needs no question which; a colour that was said already is looked for."""

    called = "action_look_at_change"

    def act(self, turn: Turn) -> None:
        order = mine(turn, turn.slots["order_to_change"])
        lines = [one for one in lines_of(turn.session, order) if _others(turn, order, one)]
        turn.set("change_step", GO if lines else OVER)
        turn.set("change_line", str(lines[0].id) if len(lines) == 1 else None)
        if not lines:
            turn.say("utter_change_nothing_else", number=order.number)


class AskChangeLine(ShopAction):
    called = "action_ask_change_line"

    def act(self, turn: Turn) -> None:
        order = mine(turn, turn.slots["order_to_change"])
        options = tuple(
            Option(line_words(turn, line), f"/SetSlots(change_line={line.id})")
            for line in lines_of(turn.session, order)
            if _others(turn, order, line)
        )
        turn.say("utter_which_to_change", Options(options))


class ValidateChangeLine(ShopAction):
    called = "validate_change_line"

    def act(self, turn: Turn) -> None:
        said = str(turn.slots.get("change_line") or "")
        order = mine(turn, turn.slots["order_to_change"])
        lines = lines_of(turn.session, order)
        named = [one for one in lines if said == str(one.id)]
        named = named or [one for one in lines if said and said in line_words(turn, one)]
        turn.set("change_line", str(named[0].id) if len(named) == 1 else None)


class AskNewVariant(ShopAction):
    called = "action_ask_new_variant"

    def act(self, turn: Turn) -> None:
        order, line = _line(turn)
        options = tuple(
            turn.option(
                "utter_variant_button",
                f"/SetSlots(new_variant={variant.id})",
                variant=variant_words(variant, turn.locale),
                price=price_of(variant),
            )
            for variant in _others(turn, order, line)
        )
        turn.say("utter_which_instead", Options(options), goods=line_words(turn, line))


class ValidateNewVariant(ShopAction):
    """Only what the line could be of; of words that fit none or several, we ask."""

    called = "validate_new_variant"

    def act(self, turn: Turn) -> None:
        said = str(turn.slots.get("new_variant") or "")
        order, line = _line(turn)
        others = _others(turn, order, line)
        named = [one for one in others if one.id == said] or meant_among(folded(said), others)
        turn.set("new_variant", named[0].id if len(named) == 1 else None)
        if not named:
            turn.say("utter_change_not_there")


class AskConfirmVariant(ShopAction):
    """What it costs or gives back, in words, before anything is done."""

    called = "action_ask_confirm_variant"

    def act(self, turn: Turn) -> None:
        order, line = _line(turn)
        try:
            found = difference(
                turn.session,
                order,
                line_id=line.id,
                variant_id=turn.slots["new_variant"],
                now=turn.now,
            )
        except (Refused, NotFound) as no:
            _say_no(turn, order, no.detail)
            turn.set("new_variant", None)
            return
        turn.say(
            _question(found),
            number=order.number,
            goods=line_words(turn, line),
            variant=variant_words(found.variant, turn.locale),
            was=found.was,
            becomes=found.becomes,
            more=found.more,
            back=found.back,
        )


class ChangeVariant(ShopAction):
    """Whether it is still possible is decided under the order's lock, not by what was shown."""

    called = "action_change_variant"

    def act(self, turn: Turn) -> None:
        order, line = _line(turn)
        try:
            change = change_variant(
                turn.session,
                order_id=order.id,
                person_id=turn.person.id,
                line_id=line.id,
                variant_id=turn.slots["new_variant"],
                now=turn.now,
            )
        except OutOfStock:
            turn.say("utter_change_not_there")
        except (Refused, NotFound) as no:
            turn.session.refresh(order)
            _say_no(turn, order, no.detail)
        else:
            _tell(turn, order, change)


def _line(turn: Turn) -> tuple[Order, OrderLine]:
    order = mine(turn, turn.slots["order_to_change"])
    said = str(turn.slots.get("change_line") or "")
    line = next((one for one in lines_of(turn.session, order) if str(one.id) == said), None)
    if line is None:
        raise NotFound("line")
    return order, line


def _question(found: Difference) -> str:
    if not found.is_paid:
        return "utter_confirm_variant_unpaid"
    if found.more.minor:
        return "utter_confirm_variant_dearer"
    return "utter_confirm_variant_cheaper" if found.back.minor else "utter_confirm_variant_same"


def _tell(turn: Turn, order: Order, change: OrderChange) -> None:
    variant = get_variant(
        turn.session, merchant_id=turn.merchant.id, variant_id=change.new_variant_id or ""
    )
    words = variant_words(variant, turn.locale)
    if change.extra_order_id is not None:
        extra = find_order(
            turn.session, merchant_id=turn.merchant.id, order_id=change.extra_order_id
        )
        give_payment_link(
            turn,
            order_id=extra.id,
            number=order.number,
            until=extra.expires_at - turn.now,
            response="utter_pay_difference",
        )
    elif order.can_be_paid(turn.now):
        give_payment_link(
            turn,
            order_id=order.id,
            number=order.number,
            until=order.expires_at - turn.now,
            response="utter_variant_changed_unpaid",
        )
    elif change.back_minor:
        turn.say("utter_variant_changed_back", number=order.number, variant=words, back=change.back)
    else:
        turn.say("utter_variant_changed", number=order.number, variant=words)


ACTIONS = (
    FindOrderToChange,
    AskOrderToChange,
    ValidateOrderToChange,
    LookAtChange,
    AskChangeLine,
    ValidateChangeLine,
    AskNewVariant,
    ValidateNewVariant,
    AskConfirmVariant,
    ChangeVariant,
)
