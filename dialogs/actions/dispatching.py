"""What one of our actions says, as arguments of rasa-sdk's `dispatcher.utter_message`."""

from collections.abc import Callable, Iterable
from typing import Any

from data.delivery.messages import (
    Card,
    GroupBuyCard,
    Image,
    Option,
    Options,
    PaymentLink,
    Reminder,
    Segment,
    Text,
)
from dialogs.actions.contract import Json


def messages_of(segments: Iterable[Segment]) -> list[Json]:
    """In order; buttons hang on what they belong to, and the text carries all."""
    messages: list[Json] = []
    for segment in segments:
        if isinstance(segment, Options) and messages and "buttons" not in messages[-1]:
            messages[-1]["buttons"] = _buttons(segment.options)
        else:
            messages.append(_SHAPES[type(segment)](segment))
    return messages


def _buttons(options: Iterable[Option]) -> list[Json]:
    """CALM's `/SetSlots(…)`; a page opens by its address."""
    return [
        {"title": option.title, "payload": option.url, "url": option.url}
        if option.url
        else {"title": option.title, "payload": option.payload}
        for option in options
    ]


def _card(card: Card) -> Json:
    text = "\n".join(filter(None, (card.title, card.body)))
    return {"text": text, **_shown_with(card)}


def _shown_with(card: Card | GroupBuyCard) -> Json:
    picture: Json = {"image": card.image} if card.image else {}
    return {**picture, "buttons": _buttons(card.options)} if card.options else picture


_SHAPES: dict[type, Callable[[Any], Json]] = {
    Text: lambda text: {"text": text.text},
    Image: lambda image: {"text": image.alt, "image": image.url},
    Options: lambda segment: {"buttons": _buttons(segment.options)},
    Card: _card,
    PaymentLink: lambda link: {"text": f"{link.label}\n{link.url}"},
    GroupBuyCard: lambda card: {"text": card.text, **_shown_with(card)},
    Reminder: lambda reminder: {"text": reminder.text},
}
