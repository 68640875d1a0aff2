"""What is to be said, in no messenger's words: segments and outbound messages.

Dialogs write them, the outbox keeps them as JSON, the courier renders them for one channel.
A client that knows none of the rich kinds loses nothing: text and options carry all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any

from data.kernel.money import Money


class Purpose(StrEnum):
    """Why it is said; caps and quiet hours depend on it."""

    REPLY = "reply"
    TRANSACTIONAL = "transactional"
    REMINDER = "reminder"
    MARKETING = "marketing"
    NUDGE = "nudge"  # somebody asked us to remind others of a team


@dataclass(frozen=True, slots=True)
class Option:
    """One button: `payload` comes back when it is pressed; with `url` it opens a page instead.
    `number`: what may be typed for it; only where there are no buttons is it shown."""

    title: str
    payload: str = ""
    url: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class Options:
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A product as the chat shows it; `body` holds the reason in words."""

    product_id: str
    title: str
    price: Money
    body: str = ""
    variant_id: str | None = None
    image: str | None = None
    url: str | None = None
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class PaymentLink:
    """The way to our page. `title` and `body`, what is paid for, are for a messenger that shows an
    invoice of its own."""

    url: str
    order_id: str
    amount: Money
    label: str
    title: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class GroupBuyCard:
    """The live card of a team: edited, not repeated, as people join; `need` more are missing.
    `product_id`: what a reaction to it is a vote for."""

    id: str
    title: str
    have: int
    need: int
    price: Money
    deadline: datetime
    state: str
    text: str
    image: str | None = None
    options: tuple[Option, ...] = ()
    product_id: str = ""

    def is_milestone(self, *, since: "GroupBuyCard") -> bool:
        """Worth a message of its own where none can be changed: half-way, one missing, the end."""
        size = self.have + self.need
        marks = (size - size // 2, size - 1)
        return self.state != since.state or any(since.have < mark <= self.have for mark in marks)


@dataclass(frozen=True, slots=True)
class Reminder:
    occasion_id: str
    date: str
    text: str


Segment = Text | Image | Options | Card | PaymentLink | GroupBuyCard | Reminder
_KINDS: dict[str, type] = {
    "text": Text,
    "image": Image,
    "options": Options,
    "card": Card,
    "payment_link": PaymentLink,
    "group_buy": GroupBuyCard,
    "reminder": Reminder,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def _reader(kind: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(each.name for each in fields(kind))
    # Of one name attrgetter gives no tuple.
    return names, attrgetter(*names) if len(names) > 1 else lambda value: (
        getattr(value, names[0]),
    )


_FIELDS = {kind: _reader(kind) for kind in (*_KINDS.values(), Option, Money)}


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message to one chat. What only one person may see (`private`) is not for a group.

    `coalesce_key` marks a live message: a later one with the same key edits the earlier.
    `response` is the id of the sentence it was made from, for tests and analytics.
    """

    segments: tuple[Segment, ...]
    purpose: Purpose = Purpose.REPLY
    reply_to: str | None = None
    coalesce_key: str | None = None
    not_after: datetime | None = None
    response: str | None = field(default=None, compare=False)
    private: bool = False


def segment_to_json(segment: Segment) -> dict[str, Any]:
    """`{"type": "card", …}`; money as `{minor, currency}`, moments as ISO 8601."""
    return {"type": _NAMES[type(segment)], **_fields_of(segment)}


def segment_from_json(body: dict[str, Any]) -> Segment:
    fields = {key: value for key, value in body.items() if key != "type"}
    for key in ("price", "amount"):
        if key in fields:
            fields[key] = Money(**fields[key])
    if "options" in fields:
        fields["options"] = tuple(Option(**option) for option in fields["options"])
    if "deadline" in fields:
        fields["deadline"] = datetime.fromisoformat(fields["deadline"])
    segment: Segment = _KINDS[body["type"]](**fields)
    return segment


def _fields_of(value: Segment | Option | Money) -> dict[str, Any]:
    """Every part that says something; `asdict` copies everything first."""
    names, read = _FIELDS[type(value)]
    return {
        name: _JSON[type(part)](part) if type(part) in _JSON else part
        for name, part in zip(names, read(value), strict=True)
        if part is not None and part != ()
    }


_JSON: dict[type, Callable[[Any], Any]] = {
    datetime: datetime.isoformat,
    Money: _fields_of,
    tuple: lambda options: [_fields_of(option) for option in options],
}
