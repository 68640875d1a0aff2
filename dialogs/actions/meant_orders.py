"""Which of their orders somebody means: the one that was named or pressed, the only one that will
do, else it is asked. Orders are private: asked for in a group, it goes on in the buyer's own chat.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from data.delivery.messages import Options
from data.kernel.errors import NotFound
from data.orders import Order, find_order
from dialogs.actions.after_sale import newest_orders, own_order
from dialogs.actions.buying import goods_words
from dialogs.actions.turn import Turn

OVER, WHICH, GO = "over", "which", "go"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of an order. `slot` holds its id, or what was said of it; `step` how it
    goes on. `refuse` says why an order will not do."""

    flow: str
    slot: str
    step: str
    fits: Callable[[Turn, Order], bool]
    refuse: Callable[[Turn, Order], None]


def find(turn: Turn, wish: Wish) -> None:
    """Sets the step: "over" (it was said why), "which" (to be asked), "go" (it has its id)."""
    turn.set(wish.step, OVER)
    said, number = turn.slots.get(wish.slot), turn.slots.get("order_said")
    if turn.in_group:
        turn.go_on_privately(wish.flow, **({"order_said": number} if number else {}))
    elif said:
        _take(turn, wish, mine(turn, str(said)))
    elif number:
        _take_named(turn, wish, str(number))
    else:
        _look_around(turn, wish)


def ask(turn: Turn, wish: Wish) -> None:
    options = tuple(
        turn.option(
            "utter_which_order_button",
            f"/SetSlots({wish.slot}={order.id})",
            number=order.number,
            goods=goods_words(turn, order),
        )
        for order in _fitting(turn, wish)
    )
    turn.say("utter_which_order_meant", Options(options))


def check(turn: Turn, wish: Wish) -> None:
    """A press gives an id, typed words a number."""
    said = str(turn.slots.get(wish.slot) or "")
    named = next((one for one in newest_orders(turn) if said in (one.id, one.number)), None)
    fits = named is not None and wish.fits(turn, named)
    turn.set(wish.slot, named.id if named and fits else None)
    if named is not None and not fits:
        wish.refuse(turn, named)
    elif named is None and said.isdigit():
        turn.say("utter_order_unknown", number=said)


def mine(turn: Turn, order_id: str) -> Order:
    if turn.in_group:
        raise NotFound("order")
    return find_order(
        turn.session, merchant_id=turn.merchant.id, order_id=order_id, person_id=turn.person.id
    )


def _look_around(turn: Turn, wish: Wish) -> None:
    fitting = _fitting(turn, wish)
    if len(fitting) == 1:
        _take(turn, wish, fitting[0])
    elif fitting:
        turn.set(wish.step, WHICH)
    else:
        orders = newest_orders(turn)
        if orders:
            wish.refuse(turn, orders[0])
        else:
            turn.say("utter_no_orders")


def _take_named(turn: Turn, wish: Wish, number: str) -> None:
    named = own_order(turn, number)
    if named is None:
        turn.say("utter_order_unknown", number=number)
    else:
        _take(turn, wish, named)


def _take(turn: Turn, wish: Wish, order: Order) -> None:
    if wish.fits(turn, order):
        turn.set(wish.slot, order.id)
        turn.set(wish.step, GO)
    else:
        wish.refuse(turn, order)


def _fitting(turn: Turn, wish: Wish) -> Sequence[Order]:
    return [order for order in newest_orders(turn) if wish.fits(turn, order)]
