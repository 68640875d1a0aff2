"""Putting goods into an order that a group fills together: chosen in private into the basket, paid
by a link, taken out again while it is open."""

from collections.abc import Mapping

from data.catalogue import get_product, get_variant, price_of, shelf_of, text_in
from data.delivery.messages import Option, Options
from data.kernel.errors import NotFound, Refused, TooOften, WrongState
from data.orders import (
    NewLine,
    basket_of,
    find_order,
    put_in_basket,
    take_out_of_basket,
)
from data.orders.share_states import ShareState
from data.split_orders import (
    SplitOrder,
    goods_cost,
    join_split,
    leave_split,
    open_splits_in,
    part_of,
    split_of,
    split_view,
    told_fee,
)
from dialogs.actions.base import ShopAction
from dialogs.actions.buying import give_payment_link
from dialogs.actions.named_goods import goods_called, left_of, titled
from dialogs.actions.products import variant_words
from dialogs.actions.turn import Turn
from dialogs.understanding.split_words import read_list

_PRODUCT = "prd_"
_ONE_BY_ONE = "utter_split_one_by_one"
_ASKED = (
    "split_item", "split_found", "split_wanted", "confirm_split_pay", "split_anew", "variant",
)  # fmt: skip
_OVER = "over"  # nothing more is asked: dialogs/flows/split_order.yml
_ON_CARD = 6  # of the shelf, where nothing has been named yet
# Why somebody may not put in their goods (data/split_orders/service.py), each in its own words.
_WHY: Mapping[str, str] = {
    "split_closed": "utter_split_closed",
    "split_full": "utter_split_full",
    "split_joined": "utter_split_in_already",
    "split_holds": "utter_split_holds",
    "seat_paused": "utter_unpaid_paused",
}


class AddToSplit(ShopAction):
    """Pressed on the card, or of the newest that is open here: it goes on alone."""

    called = "action_add_to_split"

    def act(self, turn: Turn) -> None:
        if turn.person.minor_since is not None:
            turn.go_on_privately("protect_minor")
            return
        wanted = turn.slots.get("split_wanted")
        said = {"split_wanted": wanted} if wanted else {}
        turn.go_on_privately("split_add", split=_meant(turn).id, **said)


def _meant(turn: Turn) -> SplitOrder:
    split_id = turn.slots.get("split")
    if split_id is not None:
        return split_of(turn.session, merchant_id=turn.merchant.id, split_id=str(split_id))
    here = open_splits_in(turn.session, chat_id=turn.chat.id, now=turn.now)
    if not here:
        raise NotFound("split_order")
    return here[-1]


class BeginSplitPart(ShopAction):
    """Where it stands with them: paid already, goods chosen before, or nothing yet."""

    called = "action_begin_split_part"

    def act(self, turn: Turn) -> None:
        split = _meant(turn)
        wanted = turn.slots.get("split_wanted")
        for asked in _ASKED:
            turn.set(asked, None)
        part = part_of(turn.session, split_id=split.id, person_id=turn.person.id)
        turn.set("split_step", _OVER)
        if part is not None and part.state != ShareState.HELD:
            turn.say("utter_split_in_already", Options((_leave_button(turn, split),)))
        elif not split_view(turn.session, split, now=turn.now).is_open:
            turn.say("utter_split_closed")
        elif wanted:
            turn.set("split_step", "item")
            _take_goods(turn, str(wanted))
        else:
            turn.set("split_step", "next" if _basket(turn) else "item")


def _leave_button(turn: Turn, split: SplitOrder) -> Option:
    payload = f"/Act(action_leave_split, split={split.id})"
    return turn.option("utter_split_leave_button", payload)


def _basket(turn: Turn) -> list[NewLine]:
    return basket_of(turn.session, merchant_id=turn.merchant.id, person_id=turn.person.id)


def _is_over(turn: Turn) -> bool:
    """It ended while they were choosing: what is still asked about it ends too. Said once."""
    if turn.slots.get("split_step") == _OVER:
        return True
    if split_view(turn.session, _meant(turn), now=turn.now).is_open:
        return False
    turn.say("utter_split_closed")
    turn.set("split_step", _OVER)
    return True


class AskSplitItem(ShopAction):
    """What was found for their words; before they said any, some of what there is."""

    called = "action_ask_split_item"

    def act(self, turn: Turn) -> None:
        if _is_over(turn):
            turn.set("split_item", _OVER)
            return
        shelf = shelf_of(turn.session, merchant_id=turn.merchant.id)
        found = [shelf.get(one) for one in turn.slots.get("split_found") or ()]
        shown = [one for one in found or shelf.articles if one and one.pieces]
        options = tuple(
            Option(text_in(one.title, turn.locale), f"/SetSlots(split_item={one.id})")
            for one in shown[:_ON_CARD]
        )
        turn.say("utter_ask_split_item", *((Options(options),) if options else ()))


class ValidateSplitItem(ShopAction):
    """Words become a product and how many of it; where they may mean several, the question names
    those. Of several goods at once all but the last are put in, if each of them is sure."""

    called = "validate_split_item"

    def act(self, turn: Turn) -> None:
        if not _is_over(turn):
            _take_goods(turn, str(turn.slots.get("split_item") or ""))


def _take_goods(turn: Turn, said: str) -> None:
    sure = said if said.startswith(_PRODUCT) else _found(turn, said)
    turn.set("split_item", sure)
    if sure is None:
        return
    left = left_of(turn, sure)
    turn.set("product", sure)
    turn.set("variant", left[0].id if len(left) == 1 else None)


def _found(turn: Turn, said: str) -> str | None:
    """By all of the words: a number may be part of a name; else without it."""
    whole = titled(turn, said)
    *others, (count, name) = [(1, said)] if whole else read_list(said)
    if others and not _put_in_all(turn, others):
        return None
    found = whole or goods_called(turn, name)
    turn.set("split_count", count)
    turn.set("split_found", found)
    if not found:
        turn.say("utter_split_no_such_goods")
    return found[0] if len(found) == 1 else None


def _put_in_all(turn: Turn, goods: list[tuple[int, str]]) -> bool:
    """False, and said: of some it is not sure what is meant, and none is put in."""
    lines = [_sure_line(turn, count, name) for count, name in goods]
    sure = [line for line in lines if line is not None]
    if len(sure) < len(lines):
        turn.set("split_found", None)
        turn.say(_ONE_BY_ONE if turn.knows(_ONE_BY_ONE) else "utter_split_no_such_goods")
        return False
    for line in sure:
        _put(turn, line)
    return True


def _sure_line(turn: Turn, count: int, name: str) -> NewLine | None:
    found = titled(turn, name) or goods_called(turn, name)
    left = left_of(turn, found[0]) if len(found) == 1 else []
    return NewLine(left[0].id, count) if len(left) == 1 else None


def _put(turn: Turn, line: NewLine) -> None:
    put_in_basket(
        turn.session,
        merchant_id=turn.merchant.id,
        person_id=turn.person.id,
        line=line,
        now=turn.now,
    )


class PutInBasket(ShopAction):
    called = "action_split_put"

    def act(self, turn: Turn) -> None:
        count = int(turn.slots.get("split_count") or 1)
        _put(turn, NewLine(str(turn.slots["variant"]), count))
        for asked in ("split_item", "split_found", "split_count", "variant"):
            turn.set(asked, None)


class EmptyBasket(ShopAction):
    called = "action_split_empty"

    def act(self, turn: Turn) -> None:
        take_out_of_basket(turn.session, merchant_id=turn.merchant.id, person_id=turn.person.id)


class AskSplitPay(ShopAction):
    """Their basket, what it costs, and the most that its share of the delivery may be."""

    called = "action_ask_confirm_split_pay"

    def act(self, turn: Turn) -> None:
        if _is_over(turn):
            turn.set("confirm_split_pay", False)
            return
        lines = _basket(turn)
        goods = goods_cost(turn.session, merchant_id=turn.merchant.id, lines=lines)
        share = told_fee(_meant(turn), goods)
        said = "\n".join(_line(turn, line) for line in lines)
        turn.say("utter_ask_confirm_split_pay", lines=said, goods=goods, share=share)


def _line(turn: Turn, line: NewLine) -> str:
    variant = get_variant(turn.session, merchant_id=turn.merchant.id, variant_id=line.variant_id)
    product = get_product(turn.session, merchant_id=turn.merchant.id, product_id=variant.product_id)
    title = text_in(product.title, turn.locale)
    named = f"{title} {variant_words(variant, turn.locale)}".strip()
    cost = price_of(variant) * line.quantity
    return turn.words("utter_split_line", title=named, count=str(line.quantity), cost=cost)


class PaySplitPart(ShopAction):
    """The basket becomes their part; the link is ours, for ten minutes."""

    called = "action_split_pay"

    def act(self, turn: Turn) -> None:
        split = _meant(turn)
        try:
            part = join_split(
                turn.session,
                split_id=split.id,
                person_id=turn.person.id,
                lines=_basket(turn),
                now=turn.now,
            )
        except (Refused, TooOften) as refusal:
            response = _WHY.get(refusal.detail)
            if response is None or not turn.knows(response):
                raise
            turn.say(response, **refusal.values)
            return
        take_out_of_basket(turn.session, merchant_id=turn.merchant.id, person_id=turn.person.id)
        order = find_order(turn.session, merchant_id=turn.merchant.id, order_id=part.order_id)
        turn.set("order", order.id)
        give_payment_link(
            turn,
            order_id=order.id,
            number=order.number,
            until=order.expires_at - turn.now,
            response="utter_split_pay_link",
        )


class LeaveSplit(ShopAction):
    """While it is open; the note of what became of their money comes in private."""

    called = "action_leave_split"

    def act(self, turn: Turn) -> None:
        try:
            leave_split(
                turn.session,
                split_id=_meant(turn).id,
                person_id=turn.person.id,
                now=turn.now,
            )
        except WrongState:
            turn.say("utter_split_not_in")


ACTIONS = (
    AddToSplit,
    BeginSplitPart,
    AskSplitItem,
    ValidateSplitItem,
    PutInBasket,
    EmptyBasket,
    AskSplitPay,
    PaySplitPart,
    LeaveSplit,
)
