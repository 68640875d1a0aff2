"""How an order's exchanges stand: what is wanted for which goods, and whose turn it is."""

from data.catalogue import get_variant
from data.orders import Order, OrderLine, ReturnState, exchange_of, lines_of_return, returns_of
from dialogs.actions.buying import line_words
from dialogs.actions.products import variant_words
from dialogs.actions.turn import Turn

_SAID = {
    ReturnState.REQUESTED: "utter_exchange_stands_requested",
    ReturnState.APPROVED: "utter_exchange_stands_approved",
    ReturnState.RECEIVED: "utter_exchange_stands_received",
}


def tell_exchanges(turn: Turn, order: Order) -> None:
    """One sentence for each that is under way; of what is done its own order tells."""
    for asked in returns_of(turn.session, order):
        wanted, said = exchange_of(turn.session, asked), _SAID.get(ReturnState(asked.state))
        if wanted is None or said is None:
            continue
        (one,) = lines_of_return(turn.session, asked)
        line = turn.session.get_one(OrderLine, one.line_id)
        variant = get_variant(
            turn.session, merchant_id=turn.merchant.id, variant_id=wanted.variant_id
        )
        words = variant_words(variant, turn.locale)
        turn.say(said, goods=line_words(turn, line, one.quantity), variant=words)
