"""A receipt as text: goods, what came off and on top, what paid it, what went back."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from data.catalogue import text_in
from data.orders import Order, OrderKind, OrderState
from data.orders.coupon_models import ChargeKind, OrderCharge
from data.payments.receipts import GIFT_CARD, Part, Receipt, receipt_of
from dialogs.actions.base import ShopAction
from dialogs.actions.buying import line_words
from dialogs.actions.meant_orders import Wish, ask, check, find, mine
from dialogs.actions.turn import Turn

_UNPAID = (OrderState.AWAITING_PAYMENT, OrderState.EXPIRED, OrderState.CANCELLED)
_CHARGES = {
    ChargeKind.DISCOUNT: "utter_receipt_discount",
    ChargeKind.LADDER: "utter_receipt_ladder",
    ChargeKind.TAX: "utter_receipt_tax",
    ChargeKind.TAX_INCLUDED: "utter_receipt_tax_included",
}


def _fits(_turn: Turn, order: Order) -> bool:
    return order.state not in _UNPAID and order.kind != OrderKind.CHANGE


def _refuse(turn: Turn, order: Order) -> None:
    turn.say("utter_receipt_unpaid", number=order.number)


WISH = Wish("order_receipt", "receipt_of", "receipt_step", _fits, _refuse)


class FindReceipt(ShopAction):
    called = "action_find_receipt"

    def act(self, turn: Turn) -> None:
        find(turn, WISH)


class AskReceiptOf(ShopAction):
    called = "action_ask_receipt_of"

    def act(self, turn: Turn) -> None:
        ask(turn, WISH)


class ValidateReceiptOf(ShopAction):
    called = "validate_receipt_of"

    def act(self, turn: Turn) -> None:
        check(turn, WISH)


class ShowReceipt(ShopAction):
    called = "action_show_receipt"

    def act(self, turn: Turn) -> None:
        order = mine(turn, turn.slots["receipt_of"])
        receipt = receipt_of(turn.session, order)
        turn.say(
            "utter_receipt_text",
            number=order.number,
            date=order.created_at.astimezone(ZoneInfo(turn.merchant.timezone)),
            lines="\n".join(_lines(turn, receipt)),
        )


def _lines(turn: Turn, receipt: Receipt) -> Iterator[str]:
    order = receipt.order
    for line in receipt.lines:
        goods = line_words(turn, line)
        yield turn.words("utter_receipt_line", goods=goods, amount=line.total)
    for charge in receipt.charges:
        response = _CHARGES[ChargeKind(charge.kind)]
        yield turn.words(response, name=_name(turn, charge), amount=charge.told)
    if order.shipping.minor:
        yield turn.words("utter_receipt_shipping", amount=order.shipping)
    yield turn.words("utter_receipt_total", amount=order.total)
    if receipt.extra.minor:
        yield turn.words("utter_receipt_extra", amount=receipt.extra)
    yield from _exchanged(turn, receipt)
    for paid in receipt.paid:
        yield _part(turn, "utter_receipt_paid", paid)
    for back in receipt.back:
        yield _part(turn, "utter_receipt_back" if back.arrived else "utter_receipt_going", back)


def _exchanged(turn: Turn, receipt: Receipt) -> Iterator[str]:
    if receipt.from_order:
        first, kept = receipt.from_order
        yield turn.words("utter_receipt_exchanged_from", number=first.number, amount=kept)
    for instead, kept in receipt.to_orders:
        yield turn.words("utter_receipt_exchanged_to", number=instead.number, amount=kept)


def _name(turn: Turn, charge: OrderCharge) -> str:
    """What the shop calls it; else nothing, and the sentence has a word of its own."""
    return f" ({text_in(charge.name, turn.locale)})" if charge.name else ""


def _part(turn: Turn, response: str, part: Part) -> str:
    card = part.way == GIFT_CARD
    named = "utter_receipt_card" if card else "utter_receipt_way"
    way = turn.words(named, end=part.code_end, way=part.way)
    at = part.at.astimezone(ZoneInfo(turn.merchant.timezone))
    return turn.words(response, amount=part.amount, way=way, date=at)


ACTIONS = (FindReceipt, AskReceiptOf, ValidateReceiptOf, ShowReceipt)
