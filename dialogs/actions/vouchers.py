"""Codes said in a chat: for the order that waits for its payment, or how much a gift card has."""

from dialogs.actions.after_sale import newest_orders
from dialogs.actions.base import ShopAction
from dialogs.actions.buying import give_payment_link
from dialogs.actions.seen import is_buying, is_ordering
from dialogs.actions.turn import Turn
from dialogs.actions.voucher_codes import card_of, keep_code, take_code


class UseCode(ShopAction):
    """Of several unpaid orders the newest is meant."""

    called = "action_use_code"

    def act(self, turn: Turn) -> None:
        code = str(turn.slots.get("voucher_code") or "")
        if is_buying(turn):
            keep_code(turn, code)
            return
        unpaid = [order for order in newest_orders(turn) if order.can_be_paid(turn.now)]
        if is_ordering(turn) or not unpaid:
            turn.say("utter_code_no_order")
        elif take_code(turn, unpaid[0].id, code):
            give_payment_link(
                turn,
                order_id=unpaid[0].id,
                number=unpaid[0].number,
                until=unpaid[0].expires_at - turn.now,
                response="utter_pay_link_again",
            )


class TellGiftCard(ShopAction):
    """Whoever has the code may know: it is what pays."""

    called = "action_tell_gift_card"

    def act(self, turn: Turn) -> None:
        card = card_of(turn, str(turn.slots.get("voucher_code") or ""))
        if card is None:
            return
        is_over = card.expires_at is not None and card.expires_at <= turn.now
        valid = card.enabled and not is_over
        turn.say(
            "utter_gift_card_balance" if valid else "utter_gift_card_invalid",
            end=card.code_end,
            left=card.balance - card.held,
        )


ACTIONS = (UseCode, TellGiftCard)
