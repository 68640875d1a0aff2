"""The REST channel, in the shape of Rasa's: one POST in, what this turn said comes back.

Wire format: docs/architecture.md, contract 1. Pure functions; bot/api/rest.py has the routes.
"""

import secrets
from collections.abc import Callable, Iterable
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.channels.adapter import Unreadable
from bot.channels.addressing import is_addressed, without_mention
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Sender
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
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.kernel.storable import storable
from data.merchants import ChannelAccount
from dialogs.private import GROUP_LINK

TAP = "/tap:"  # a button's payload: this and an opaque token
_SHORT = 128
Json = dict[str, Any]


def _cleaned(given: object) -> object:
    return storable(given) if isinstance(given, str) else given


# What people write is cleaned rather than lost; a name of ours or theirs (an id) is not touched.
Free = Annotated[str, BeforeValidator(_cleaned)]
Name = Annotated[str, Field(min_length=1, max_length=_SHORT, pattern=r"^[^\x00]*$")]


class RestChat(BaseModel):
    """Where it was said; left out, it is the sender's private chat."""

    id: Name
    kind: Literal["group", "private"] = "private"
    title: Free = Field(default="", max_length=200)


class RestMetadata(BaseModel):
    model_config = ConfigDict(extra="ignore")

    chat: RestChat | None = None
    name: Free = Field(default="", max_length=_SHORT)
    locale: str | None = Field(default=None, max_length=35)
    timezone: str | None = Field(default=None, max_length=64)  # IANA; an unknown one says nothing
    message_id: Name | None = None
    reply_to: str | None = Field(default=None, max_length=_SHORT)
    media: str | None = Field(default=None, max_length=32)


class RestMessage(BaseModel):
    """One message of one person."""

    model_config = ConfigDict(extra="ignore")

    sender: Name
    message: Free = Field(default="", max_length=64 * 1024)
    metadata: RestMetadata = Field(default_factory=RestMetadata)


def parse(body: RestMessage) -> InboundEvent:
    """The neutral event; without a message_id each call is a message of its own."""
    about = body.metadata
    chat = about.chat or RestChat(id=body.sender)
    pressed = body.message.startswith(TAP)
    in_group = chat.kind == "group"
    addressed = not in_group or pressed or bool(about.reply_to) or is_addressed(body.message)
    return InboundEvent(
        event_id=f"{body.sender}:{about.message_id or secrets.token_hex(8)}",
        kind=_kind(body, pressed=pressed),
        chat=ChatRef(chat.id, chat.kind, chat.title),
        sender=Sender(body.sender, about.name, _locale(about.locale), _zone(about.timezone)),
        text="" if pressed else without_mention(body.message) if in_group else body.message,
        token=body.message.removeprefix(TAP) if pressed else None,
        message_id=about.message_id,
        addressed=addressed,
    )


def read_stored(payload: Json, _account: ChannelAccount) -> InboundEvent:
    """A message that had to wait."""
    try:
        return parse(RestMessage.model_validate(payload))
    except ValidationError as error:
        raise Unreadable("rest") from error


def _kind(body: RestMessage, *, pressed: bool) -> EventKind:
    if pressed:
        return EventKind.ACTION
    return EventKind.MEDIA if body.metadata.media else EventKind.MESSAGE


def _locale(tag: str | None) -> str | None:
    return Locale.closest(tag) if tag else None


def _zone(name: str | None) -> str | None:
    return name if name in _zones() else None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def render(segments: Iterable[Segment], *, recipient: str) -> list[Json]:
    """Messages of the wire format: buttons hang on what they belong to; text carries all."""
    messages: list[Json] = []
    for segment in _possible(segments):
        if isinstance(segment, Options) and messages and "buttons" not in messages[-1]:
            messages[-1]["buttons"] = _buttons(segment.options)
        else:
            messages.append({"recipient_id": recipient, **_SHAPES[type(segment)](segment)})
    return messages


def _possible(segments: Iterable[Segment]) -> Iterable[Segment]:
    """Nobody here can bring us into a group: their backend does that."""
    for segment in segments:
        if not isinstance(segment, Options):
            yield segment
            continue
        left = tuple(one for one in segment.options if not (one.url or "").startswith(GROUP_LINK))
        if left or not segment.options:
            yield Options(left)


def _buttons(options: Iterable[Option]) -> list[Json]:
    """A page opens by its address; everything else comes back as the payload."""
    return [
        {"title": option.title, "payload": option.url, "url": option.url}
        if option.url
        else {"title": option.title, "payload": TAP + option.payload}
        for option in options
    ]


def _money(amount: Money) -> Json:
    return {"amount_minor": amount.minor, "currency": amount.currency}


def _options(segment: Options) -> Json:
    buttons = _buttons(segment.options)
    return {"buttons": buttons, "custom": {"type": "options"}}


def _card(card: Card) -> Json:
    custom = {
        "type": "card",
        "product_id": card.product_id,
        "variant_id": card.variant_id,
        "title": card.title,
        "price": _money(card.price),
        "image": card.image,
        "url": card.url,
    }
    text = "\n".join(filter(None, (card.title, card.body)))
    return {"text": text, "custom": custom, **_shown_with(card)}


def _shown_with(card: Card | GroupBuyCard) -> Json:
    """Picture and buttons, where there are any."""
    picture: Json = {"image": card.image} if card.image else {}
    return {**picture, "buttons": _buttons(card.options)} if card.options else picture


def _payment_link(link: PaymentLink) -> Json:
    custom = {
        "type": "payment_link",
        "url": link.url,
        "order_id": link.order_id,
        "amount": _money(link.amount),
    }
    return {"text": f"{link.label}\n{link.url}", "custom": custom}


def _group_buy(card: GroupBuyCard) -> Json:
    custom = {
        "type": "group_buy",
        "id": card.id,
        "have": card.have,
        "need": card.need,
        "deadline": card.deadline.isoformat(),
        "price": _money(card.price),
        "state": card.state,
    }
    return {"text": card.text, "custom": custom, **_shown_with(card)}


def _reminder(reminder: Reminder) -> Json:
    custom = {"type": "reminder", "occasion_id": reminder.occasion_id, "date": reminder.date}
    return {"text": reminder.text, "custom": custom}


_SHAPES: dict[type, Callable[[Any], Json]] = {
    Text: lambda text: {"text": text.text},
    Image: lambda image: {"image": image.url, "text": image.alt},
    Options: _options,
    Card: _card,
    PaymentLink: _payment_link,
    GroupBuyCard: _group_buy,
    Reminder: _reminder,
}
