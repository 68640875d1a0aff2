"""What a story expects to have been said: texts, responses, buttons, cards, or silence."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from bot.channels.rest import TAP
from bot.play.scene import Scene, lines
from bot.play.story import Step
from bot.play.words import like
from bot.play.world import Said
from data.conversations.models import OfferedOption
from data.kernel.money import exponent
from dialogs.format.comparing import matches, pattern_of


def _text(scene: Scene, step: Step) -> None:
    """In order: what was matched by a line above is not matched again."""
    if not scene.next_of(step, lambda said: like(str(step.value), said.text)):
        scene.fail(step, f"bot: {step.value}", lines(scene.fresh(step)))


def _response(scene: Scene, step: Step) -> None:
    fresh = scene.fresh(step)
    if not any(said.response == step.value for said in fresh):
        scene.fail(step, f"utter: {step.value}", lines(fresh))


def _uttered(scene: Scene, step: Step) -> None:
    fresh = scene.fresh(step)
    if not any(_fits(scene, step.value, said) for said in fresh):
        scene.fail(step, f"bot_uttered: {dict(step.value)}", _with_buttons(fresh))


def _not_uttered(scene: Scene, step: Step) -> None:
    fresh = scene.fresh(step)
    if any(_fits(scene, step.value, said) for said in fresh):
        scene.fail(step, f"bot_did_not_utter: {dict(step.value)}", _with_buttons(fresh))


def _silence(scene: Scene, step: Step) -> None:
    fresh = scene.fresh(step)
    if bool(fresh) is bool(step.value):
        scene.fail(step, f"silent: {step.value}", lines(fresh))


def _as_many_cards(scene: Scene, step: Step) -> None:
    fresh = scene.fresh(step)
    if len(_cards(fresh)) < int(step.value):
        scene.fail(step, f"cards: {step.value}", lines(fresh))


def _cheaper(scene: Scene, step: Step) -> None:
    cards = _cards(scene.fresh(step))
    dear = [card for card in cards if _price(card) >= Decimal(str(step.value))]
    if dear or not cards:
        scene.fail(step, f"price_below: {step.value}", lines(dear))


def _new_cards(scene: Scene, step: Step) -> None:
    before = {_product(said) for said in _cards(scene.world.heard[: scene.mark])}
    again = [one for one in _cards(scene.fresh(step)) if _product(one) in before]
    if bool(again) is bool(step.value):
        scene.fail(step, f"new_cards: {step.value}", lines(again))


def _fits(scene: Scene, wanted: Mapping[str, Any], said: Said) -> bool:
    """Every key that is given."""
    tests: dict[str, Callable[[Any], bool]] = {
        "utter_name": lambda value: said.response == value,
        "text_matches": lambda value: matches(said.text, pattern_of(str(value), 0)),
        "buttons": lambda value: _has_buttons(scene, value, said),
        "kind": lambda value: _kind(said) == value,
    }
    return all(tests[name](value) for name, value in wanted.items())


def _has_buttons(scene: Scene, wanted: Any, said: Said) -> bool:
    """Each one wanted is there; the order and those not named do not count."""
    shown = said.message.get("buttons", ())
    return all(
        any(_is_button(scene, one, button) for button in shown)
        for one in (wanted if isinstance(wanted, list) else [wanted])
    )


def _is_button(scene: Scene, wanted: Mapping[str, Any], button: Mapping[str, Any]) -> bool:
    if "title" in wanted and not like(str(wanted["title"]), button["title"]):
        return False
    return "payload" not in wanted or _payload(scene, button) == str(wanted["payload"])


def _payload(scene: Scene, button: Mapping[str, Any]) -> str:
    """What stands behind a button's token; chats never see it."""
    token = str(button["payload"]).removeprefix(TAP)
    with scene.world.tuanzi.database.reading() as session:
        found = session.scalar(select(OfferedOption.payload).where(OfferedOption.token == token))
    return found or token


def _with_buttons(said: Iterable[Said]) -> list[str]:
    return [
        " ".join([line, *(f"({button['title']})" for button in one.message.get("buttons", ()))])
        for one in said
        for line in lines([one])
    ]


def _cards(said: Iterable[Said]) -> list[Said]:
    return [one for one in said if _kind(one) == "card"]


def _kind(said: Said) -> str | None:
    custom = said.message.get("custom") or {}
    kind: str | None = custom.get("type")
    return kind


def _price(card: Said) -> Decimal:
    price = card.message["custom"]["price"]
    return Decimal(price["amount_minor"]).scaleb(-exponent(price["currency"]))


def _product(card: Said) -> str:
    return str(card.message["custom"]["product_id"])


SPOKEN: Mapping[str, Callable[[Scene, Step], None]] = {
    "bot": _text,
    "utter": _response,
    "bot_uttered": _uttered,
    "bot_did_not_utter": _not_uttered,
    "silent": _silence,
    "cards": _as_many_cards,
    "price_below": _cheaper,
    "new_cards": _new_cards,
}
