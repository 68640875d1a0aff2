"""From a product to a payment link: variant, address, the sum in words, the order."""

from datetime import timedelta

from data.catalogue import Variant, get_variant, price_of, text_in, variants_of
from data.delivery.messages import Option, Options, PaymentLink, Segment
from data.kernel.errors import OutOfStock
from data.occasions import occasions_of
from data.orders import (
    Address,
    NewLine,
    Order,
    OrderDetails,
    OrderKind,
    OrderLine,
    Quote,
    find_order,
    kept_address,
    lines_of,
    place_order,
    quote,
)
from data.orders.sums import charges_of
from data.payments import create_link
from dialogs.actions.addresses import glimpse
from dialogs.actions.adults import only_adults
from dialogs.actions.base import ShopAction
from dialogs.actions.products import of_turn, variant_words
from dialogs.actions.turn import Turn
from dialogs.actions.voucher_codes import take_kept_code

# Goods wait this long for their payment (our decision; a group seat holds ten minutes).
_TO_PAY = timedelta(minutes=30)
_INVOICE = "utter_invoice_title"
_TAX = "utter_summary_tax"


class BeginCheckout(ShopAction):
    """Says what is being bought, unless the question about its variant does; a variant of another
    product is none of this one."""

    called = "action_begin_checkout"

    def act(self, turn: Turn) -> None:
        product = of_turn(turn, turn.slots["product"])
        left = [one for one in _on_shelf(turn, product.id) if one.available]
        chosen = next((one for one in left if one.id == turn.slots.get("variant")), None)
        chosen = chosen or (left[0] if len(left) == 1 else None)
        turn.set("variant", chosen.id if chosen else None)
        if chosen:
            title = text_in(product.title, turn.locale)
            words = variant_words(chosen, turn.locale)
            named = f"{title} {words}".strip()
            turn.say("utter_begin_checkout", title=named, price=price_of(chosen))


class AskVariant(ShopAction):
    called = "action_ask_variant"

    def act(self, turn: Turn) -> None:
        product = of_turn(turn, turn.slots["product"])
        variants = [one for one in _on_shelf(turn, product.id) if one.available]
        if not variants:
            raise OutOfStock(product.id)
        title = text_in(product.title, turn.locale)
        options = tuple(_variant_option(turn, variant, title) for variant in variants)
        turn.say("utter_ask_variant", Options(options), title=title)


class AskConfirmOrder(ShopAction):
    """The sum in words, read from the shelf now; then the question."""

    called = "action_ask_confirm_order"

    def act(self, turn: Turn) -> None:
        variant = _variant(turn)
        product = of_turn(turn, variant.product_id)
        quantity, words = _quantity(turn), variant_words(variant, turn.locale)
        asked = quote(turn.merchant, price_of(variant) * quantity)
        turn.say(
            "utter_summary",
            title=f"{text_in(product.title, turn.locale)} {words}".strip(),
            quantity=str(quantity),
            items=asked.items,
            shipping=asked.shipping,
            total=asked.total,
            **glimpse(_address(turn)),
        )
        tell_tax(turn, asked)
        turn.say("utter_ask_confirm_order")


def tell_tax(turn: Turn, asked: Quote) -> None:
    """What the sum has beside goods and shipping. Older versions of a shop's flows have no words
    for it, and a total that says enough."""
    if asked.tax is not None and turn.knows(_TAX):
        turn.say(_TAX, tax=asked.tax)


class PlaceOrder(ShopAction):
    """Goods are held, the order stands, and the link is ours: it checks everything again."""

    called = "action_place_order"

    def act(self, turn: Turn) -> None:
        only_adults(turn.person)
        recipient = turn.slots.get("recipient")
        details = OrderDetails(
            ship_to=_address(turn),
            chat_id=turn.chat.id,
            conversation_id=turn.conversation.id,
            recipient=recipient,
            occasion_id=_occasion_id(turn, recipient),
        )
        order = place_order(
            turn.session,
            merchant_id=turn.merchant.id,
            person_id=turn.person.id,
            lines=[NewLine(_variant(turn).id, _quantity(turn))],
            details=details,
            hold_until=turn.now + _TO_PAY,
            now=turn.now,
        )
        turn.set("order", order.id)
        take_kept_code(turn, order.id)
        give_payment_link(turn, order_id=order.id, number=order.number, until=_TO_PAY)


def _occasion_id(turn: Turn, recipient: str | None) -> str | None:
    """The kept day this is bought for; none once the gift is for somebody else after all."""
    wanted = turn.slots.get("occasion_id")
    days = occasions_of(turn.session, person=turn.person) if wanted else []
    fits = (day.id for day in days if day.id == wanted and day.relation == (recipient or ""))
    return next(fits, None)


def give_payment_link(
    turn: Turn,
    *,
    order_id: str,
    number: str,
    until: timedelta,
    response: str = "utter_pay_link",
) -> None:
    """Our own page, which re-reads price, stock and state before any money moves."""
    token = create_link(turn.session, order_id=order_id, now=turn.now)
    order = find_order(turn.session, merchant_id=turn.merchant.id, order_id=order_id)
    link = _link(turn, order, f"{turn.public_url}/pay/{token}")
    minutes = str(int(until.total_seconds()) // 60)
    turn.say(response, link, number=number, total=order.due, minutes=minutes)


def _link(turn: Turn, order: Order, url: str) -> Segment:
    """Where gift cards cover all of it there is nothing to ask a messenger's own cashier for."""
    label = turn.words("utter_pay_label")
    if not order.due.minor:
        return Options((Option(label, url=url),))
    return PaymentLink(
        url=url,
        order_id=order.id,
        amount=order.due,
        label=label,
        title=_named(turn, order.number),
        body=goods_words(turn, order),
    )


def _named(turn: Turn, number: str) -> str:
    """Older versions of a shop's flows have no words for it."""
    known = turn.knows(_INVOICE)
    return turn.words(_INVOICE, number=number) if known else number


def goods_words(turn: Turn, order: Order) -> str:
    """What was bought, a line each; of a share, what it is a part of."""
    if order.kind == OrderKind.POOL:
        return "\n".join(
            turn.words("utter_share_of", title=text_in(one.name, turn.locale))
            for one in charges_of(turn.session, order)
        )
    return "\n".join(line_words(turn, line) for line in lines_of(turn.session, order))


def line_words(turn: Turn, line: OrderLine, quantity: int | None = None) -> str:
    """What one line is of, and how many of it."""
    variant = get_variant(turn.session, merchant_id=turn.merchant.id, variant_id=line.variant_id)
    words = (text_in(line.title, turn.locale), variant_words(variant, turn.locale))
    return " ".join(filter(None, (*words, f"×{quantity or line.quantity}")))


def _variant(turn: Turn) -> Variant:
    return get_variant(turn.session, merchant_id=turn.merchant.id, variant_id=turn.slots["variant"])


def _on_shelf(turn: Turn, product_id: str) -> list[Variant]:
    return list(variants_of(turn.session, merchant_id=turn.merchant.id, product_id=product_id))


def _variant_option(turn: Turn, variant: Variant, title: str) -> Option:
    label = turn.words(
        "utter_variant_button",
        variant=variant_words(variant, turn.locale) or title,
        price=price_of(variant),
    )
    return Option(label, f"/SetSlots(variant={variant.id})")


def _quantity(turn: Turn) -> int:
    said = turn.slots.get("quantity") or 1
    return int(said["value"]) if isinstance(said, dict) else int(said)


def _address(turn: Turn) -> Address:
    return kept_address(turn.session, person=turn.person, reference=turn.slots["ship_to"])


ACTIONS = (BeginCheckout, AskVariant, AskConfirmOrder, PlaceOrder)
