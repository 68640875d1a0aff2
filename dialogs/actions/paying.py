"""How do I pay? The link, if something is to be paid; else what comes before it."""

from data.delivery.messages import Options
from data.group_buys import unpaid_seats
from data.orders import Order
from dialogs.actions.after_sale import newest_orders
from dialogs.actions.base import ShopAction
from dialogs.actions.buying import give_payment_link
from dialogs.actions.seat_checkout import seats_to_pay
from dialogs.actions.seen import is_ordering, products_seen
from dialogs.actions.shopping import named_option
from dialogs.actions.turn import Turn
from dialogs.engine.commands import StartFlow

_FLOW, _CHECKOUT = "pay_order", "group_checkout"


class TellHowToPay(ShopAction):
    """Amid an order the link comes at its end; one that waits for its payment gets a link now, and
    a seat that nothing is ordered for yet is gone on with."""

    called = "action_tell_how_to_pay"

    def act(self, turn: Turn) -> None:
        unpaid = _unpaid(turn)
        if turn.in_group and (unpaid or _holds_seat(turn)):
            turn.go_on_privately(_FLOW)  # what somebody has to pay is not for the group
        elif is_ordering(turn):
            turn.say("utter_pay_link_comes")
        elif seats_to_pay(turn):
            _give_links(turn, unpaid)
            turn.commands.append(StartFlow(_CHECKOUT))
        elif unpaid:
            _give_links(turn, unpaid)
        else:
            _explain(turn)


def _unpaid(turn: Turn) -> list[Order]:
    return [order for order in newest_orders(turn) if order.can_be_paid(turn.now)]


def _holds_seat(turn: Turn) -> bool:
    return bool(unpaid_seats(turn.session, merchant_id=turn.merchant.id, person_id=turn.person.id))


def _give_links(turn: Turn, orders: list[Order]) -> None:
    for order in orders:
        give_payment_link(
            turn,
            order_id=order.id,
            number=order.number,
            until=order.expires_at - turn.now,
            response="utter_pay_link_again",
        )


def _explain(turn: Turn) -> None:
    turn.say("utter_how_to_pay", ways_to_pay=turn.ways_to_pay(turn.session, turn.merchant.id))
    seen = products_seen(turn)
    if seen:
        options = Options(tuple(named_option(turn, product_id) for product_id in seen))
        turn.say("utter_which_to_buy", options)


ACTIONS = (TellHowToPay,)
