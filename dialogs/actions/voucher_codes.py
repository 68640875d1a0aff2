"""A coupon's or a gift card's code taken for an order, or refused with the reason."""

from data.kernel.encryption import Unreadable, cipher_of, place_of
from data.kernel.errors import NotFound, Refused, WrongState
from data.orders import find_order
from data.orders.coupons import find_coupon
from data.payments.codes import CodeKind, apply_code
from data.payments.credit_models import GiftCard
from data.payments.gift_cards import find_gift_card
from data.payments.guesses import note_miss, refuse_guesser
from dialogs.actions.turn import Turn

_TAKEN = {
    CodeKind.COUPON: "utter_coupon_taken",
    CodeKind.GIFT_CARD: "utter_gift_card_taken",
}
_NO = {
    "coupon_too_little": "utter_coupon_too_little",
    "coupon_over": "utter_coupon_over",
    "coupon_used": "utter_coupon_used",
    "coupon_other": "utter_coupon_other",
    "gift_card_empty": "utter_gift_card_empty",
    "gift_card_currency": "utter_gift_card_currency",
    "nothing_due": "utter_nothing_due",
}


def take_code(turn: Turn, order_id: str, code: str) -> bool:
    """Says what it did and what is left to pay, or why not. A code that is none is counted, so this
    is no refusal: a refusal would undo the count."""
    refuse_guesser(turn.session, person_id=turn.person.id, now=turn.now)
    try:
        with turn.session.begin_nested():
            taken = apply_code(turn.session, order_id=order_id, code=code, now=turn.now)
    except NotFound:
        miss(turn)
    except WrongState:
        turn.say("utter_code_payment_open")
    except Refused as refusal:
        turn.say(_NO.get(refusal.detail, "utter_error_refused"))
    else:
        order = find_order(turn.session, merchant_id=turn.merchant.id, order_id=order_id)
        turn.say(_TAKEN[taken.kind], off=taken.amount, due=order.due)
        return True
    return False


def keep_code(turn: Turn, code: str) -> None:
    """Amid an order that is not placed yet: it is taken when it is. Sealed until then (T14)."""
    refuse_guesser(turn.session, person_id=turn.person.id, now=turn.now)
    merchant_id = turn.merchant.id
    is_coupon = find_coupon(turn.session, merchant_id=merchant_id, code=code) is not None
    if is_coupon or find_gift_card(turn.session, merchant_id=merchant_id, code=code) is not None:
        turn.set("code_kept", cipher_of(turn.session).encrypt(code, place=_place(turn)))
        turn.say("utter_code_kept")
    else:
        miss(turn)


def take_kept_code(turn: Turn, order_id: str) -> None:
    """Older versions of a shop's flows keep none."""
    kept = turn.slots.get("code_kept")
    if not kept:
        return
    turn.set("code_kept", None)
    try:
        code = cipher_of(turn.session).decrypt(str(kept), place=_place(turn))
    except Unreadable:  # its key is gone: they can say it again
        return
    take_code(turn, order_id, code)


def card_of(turn: Turn, code: str) -> GiftCard | None:
    """None is told, and counted."""
    refuse_guesser(turn.session, person_id=turn.person.id, now=turn.now)
    card = find_gift_card(turn.session, merchant_id=turn.merchant.id, code=code)
    if card is None:
        miss(turn)
    return card


def miss(turn: Turn) -> None:
    note_miss(turn.session, merchant_id=turn.merchant.id, person_id=turn.person.id, now=turn.now)
    turn.say("utter_code_unknown")


def _place(turn: Turn) -> str:
    return place_of(turn.merchant.id, "conversations", turn.conversation.id)
