"""Finding a gift: ideas with reasons, narrower or wider as the person says, until one fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from data.catalogue import get_product, variants_of
from data.delivery.messages import Card, Option
from data.kernel.errors import OutOfStock
from data.kernel.ids import ProductId
from data.kernel.money import Money
from data.occasions import gifts_given
from data.pools import pool_offer
from data.recommendations import Idea, Reason, Wish, suggest_gifts
from dialogs.actions.adults import only_adults
from dialogs.actions.ages import age_of
from dialogs.actions.base import ShopAction
from dialogs.actions.budgets import budget_of, say_converted
from dialogs.actions.products import product_card
from dialogs.actions.seen import talk_of
from dialogs.actions.turn import Turn

_AT_ONCE = 3
_TOGETHER = "utter_pool_together_button"
_CHEAPER, _PRICIER = "cheaper", "pricier"
_STEPS = ("more", _CHEAPER, _PRICIER)
_TITLES = {
    "more": "utter_ideas_more", _CHEAPER: "utter_ideas_cheaper", _PRICIER: "utter_ideas_pricier",
}  # fmt: skip
_NOTHING = {_CHEAPER: "utter_nothing_cheaper", _PRICIER: "utter_nothing_pricier"}
# What makes it another search: nothing that was shown or refused for dad holds for mum.
_SEARCH = ("recipient", "occasion", "budget")


@dataclass(frozen=True, slots=True)
class _Hunt:
    """How far the search has come: what was shown, and the prices it moves between."""

    step: str | None
    seen: list[dict[str, Any]]
    below: Money | None = None
    above: Money | None = None

    @classmethod
    def of(cls, turn: Turn) -> "_Hunt":
        slots = turn.slots
        step = slots["gift_choice"] if slots.get("gift_choice") in _STEPS else None
        if slots.get("ideas_for") != _search(turn):
            return cls(None, [])
        seen = slots.get("ideas_shown") or []
        prices = [shown["price"] for shown in seen if shown["batch"] == seen[-1]["batch"]]
        currency = turn.merchant.currency
        if step == _CHEAPER and prices:
            return cls(step, seen, below=Money(min(prices), currency))
        if step == _PRICIER and prices:
            return cls(step, seen, above=Money(max(prices), currency))
        below, above = (slots.get(name) for name in ("ideas_below", "ideas_above"))
        return cls(
            step,
            seen,
            below=None if below is None else Money(int(below), currency),
            above=None if above is None else Money(int(above), currency),
        )

    def keep(self, turn: Turn, ideas: Sequence[Idea]) -> None:
        batch = self.seen[-1]["batch"] + 1 if self.seen else 0
        fresh = [
            {"product": one.product.id, "price": one.price.minor, "batch": batch} for one in ideas
        ]
        shown = {one["product"] for one in fresh}
        old = [one for one in self.seen if one["product"] not in shown]
        turn.set("ideas_for", _search(turn))
        turn.set("ideas_shown", [*old, *fresh])
        turn.set("ideas_below", self.below.minor if self.below else None)
        turn.set("ideas_above", self.above.minor if self.above else None)


def _search(turn: Turn) -> dict[str, Any]:
    return {name: turn.slots.get(name) for name in _SEARCH}


class FindGifts(ShopAction):
    """Three ideas that fit everything said so far, "cheaper" included; new ones each time it runs,
    until nothing new is left."""

    called = "action_find_gifts"

    def act(self, turn: Turn) -> None:
        hunt = _Hunt.of(turn)
        turn.set("gift_choice", None)
        ideas = _ideas(turn, hunt, hunt.seen)
        again = not ideas and hunt.seen and hunt.step is None
        if again:  # one more thing was refused: of what was shown, some may still do
            ideas = _ideas(turn, hunt, [])
        turn.set("ideas_found", bool(ideas or hunt.seen))
        if not ideas:
            left = _NOTHING.get(hunt.step or "", "utter_no_more_ideas")
            turn.say(left if hunt.seen else "utter_no_ideas")
            return
        say_converted(turn)
        hunt.keep(turn, ideas)
        talk_of(turn, None)
        title = "utter_ideas_again" if again else _TITLES.get(hunt.step or "", "utter_ideas")
        pick = turn.words("utter_pick_button")
        turn.say(title, *(_card(turn, idea, pick) for idea in ideas))


def _ideas(turn: Turn, hunt: _Hunt, seen: list[dict[str, Any]]) -> list[Idea]:
    is_cheaper = hunt.step == _CHEAPER
    return suggest_gifts(
        turn.session,
        merchant_id=turn.merchant.id,
        wish=_wish(turn),
        seen=[shown["product"] for shown in seen],
        given_before=_given_before(turn),
        cheaper_than=hunt.below if is_cheaper else None,
        below=None if is_cheaper else hunt.below,
        dearer_than=hunt.above,
        limit=_AT_ONCE,
        now=turn.now,
    )


class ChooseGift(ShopAction):
    """The idea that was picked becomes what is bought; it must still be there."""

    called = "action_choose_gift"

    def act(self, turn: Turn) -> None:
        only_adults(turn.person)
        product_id = turn.slots.get("gift_choice") or ""
        turn.set("gift_choice", None)
        product = get_product(turn.session, merchant_id=turn.merchant.id, product_id=product_id)
        variants = variants_of(turn.session, merchant_id=turn.merchant.id, product_id=product.id)
        left = [variant for variant in variants if variant.available]
        if not left:
            raise OutOfStock(product.id)
        turn.set("gift_choice", product.id)
        turn.set("product", product.id)
        turn.set("variant", left[0].id if len(left) == 1 else None)


def _wish(turn: Turn) -> Wish:
    slots = turn.slots
    low, high = budget_of(slots.get("budget"), turn.merchant)
    occasion = slots.get("occasion")
    return Wish(
        recipient=slots.get("recipient"),
        occasion=None if occasion == "none" else occasion,
        budget_min=low,
        budget_max=high,
        interests=tuple(slots.get("interests") or ()),
        excluded=tuple(slots.get("excluded") or ()),
        age=age_of(slots.get("recipient_age")),
    )


def _given_before(turn: Turn) -> list[ProductId]:
    """What this person already gave to them is no new idea."""
    recipient = turn.slots.get("recipient")
    return gifts_given(turn.session, person=turn.person, relation=recipient) if recipient else []


def _card(turn: Turn, idea: Idea, pick: str) -> Card:
    reasons = [_reason(turn, reason) for reason in idea.reasons]
    options = (Option(pick, f"/SetSlots(gift_choice={idea.product.id})"), *_together(turn, idea))
    return product_card(turn, idea.product, price=idea.price, reasons=reasons, options=options)


def _together(turn: Turn, idea: Idea) -> tuple[Option, ...]:
    """Several may pay for it. Older versions of a shop's flows know no such thing."""
    if not turn.knows(_TOGETHER) or not pool_offer(turn.merchant).is_open:
        return ()
    return (turn.option(_TOGETHER, f"/StartFlow(pool_start, pool_gift={idea.product.id})"),)


def _reason(turn: Turn, reason: Reason) -> str:
    return turn.words(f"utter_{reason.code}", **reason.values)


ACTIONS = (FindGifts, ChooseGift)
