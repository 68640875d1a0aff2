"""Segments ▸ drafts for one channel: a pure function, no clock, no network, no database.

What a channel cannot show as a button stands in the text, where it can be typed or opened.
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from ipaddress import ip_address
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from bot.channels.messages import Button, Capabilities, Draft, Keyboard
from bot.channels.splitting import split
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
from data.kernel.storable import storable
from dialogs.private import GROUP_LINK, START_LINK

_ROW_WIDTH = 36  # columns of a phone's keyboard, a Chinese character takes two (our guess)
_BUTTON_EDGE = 3
_ELLIPSIS = "…"


def render(segments: Iterable[Segment], can: Capabilities) -> tuple[Draft, ...]:
    """Messages in the order they are to be shown; none is empty, none above a limit."""
    drafts: list[Draft] = []
    invoices: list[Draft] = []  # after all else: no button of ours may hang below one
    for segment in segments:
        if isinstance(segment, Options):
            _hang(drafts, segment.options, can)
        elif isinstance(segment, PaymentLink):
            _hang(drafts, (_payment(segment, can),), can)
            if can.invoices and segment.title:
                invoices.append(Draft(segment.title, invoice=segment))
        else:
            drafts += _SHAPES[type(segment)](segment, can)
    return (*drafts, *invoices)


def _text(text: Text, can: Capabilities) -> list[Draft]:
    return _pieces("", text.text, can)


def _image(image: Image, can: Capabilities) -> list[Draft]:
    return _pictured(image.url, _pieces("", image.alt, can), can)


def _reminder(reminder: Reminder, can: Capabilities) -> list[Draft]:
    return _pieces("", reminder.text, can)


def _card(card: Card, can: Capabilities) -> list[Draft]:
    body = "\n".join(filter(None, (card.body, card.url)))
    drafts = _pictured(card.image, _pieces(card.title, body, can), can)
    _hang(drafts, card.options, can)
    return [replace(draft, about=card.product_id) for draft in drafts]


def _group_buy(card: GroupBuyCard, can: Capabilities) -> list[Draft]:
    """Always a text: its picture could not be edited together with its count."""
    drafts = _pieces("", card.text, can)
    _hang(drafts, card.options, can)
    return [replace(draft, about=card.product_id) for draft in drafts]


_SHAPES: dict[type, Callable[[Any, Capabilities], list[Draft]]] = {
    Text: _text,
    Image: _image,
    Card: _card,
    GroupBuyCard: _group_buy,
    Reminder: _reminder,
}


def _payment(link: PaymentLink, can: Capabilities) -> Option:
    """Inside a messenger no secret stands in the address: who pays is who it says has come."""
    inside = can.app_link.format(link.order_id)
    return Option(link.label, url=inside if _is_public(inside) else link.url)


def _pictured(image: str | None, drafts: list[Draft], can: Capabilities) -> list[Draft]:
    """The picture carries the text if that is short enough for a caption."""
    if not image or not can.images:
        return drafts
    if len(drafts) == 1 and _wire_length(drafts[0], can) <= can.max_caption:
        return [replace(drafts[0], image=image)]
    return [Draft(image=image), *drafts]


def _pieces(heading: str, body: str, can: Capabilities) -> list[Draft]:
    heading = storable(heading.strip())
    whole = "\n".join(filter(None, (heading, body)))
    drafts = [Draft(piece) for piece in split(storable(whole), can.room, can.measure)]
    if heading and drafts and drafts[0].text.startswith(heading):
        drafts[0] = replace(drafts[0], bold=len(heading))
    return drafts


def _wire_length(draft: Draft, can: Capabilities) -> int:
    return can.unit.length(draft.html if can.markup else draft.text)


# — buttons —


def _hang(drafts: list[Draft], options: Sequence[Option], can: Capabilities) -> None:
    """Buttons belong to the message before them; what cannot be a button becomes a line."""
    room = can.buttons - (sum(map(len, drafts[-1].keyboard)) if drafts else 0)
    options = [_linked(option, can) for option in options]
    fitting = [option for option in options if _fits(option, can)][: max(room, 0)]
    written = [option for option in options if option not in fitting]
    lines = "\n".join(filter(None, map(_line, written)))
    if lines:
        _write_below(drafts, lines, can)
    if not fitting:
        return
    if not drafts:  # a keyboard needs a message to stand under
        drafts += _pieces("", "\n".join(_label(option, can) for option in fitting), can)
    buttons = [_button(option, can) for option in fitting]
    last = drafts[-1]
    drafts[-1] = replace(last, keyboard=last.keyboard + _rows(buttons, can))


def _write_below(drafts: list[Draft], lines: str, can: Capabilities) -> None:
    """In the same message if there is room: who reads a list wants to see what it is a list of."""
    last = drafts[-1] if drafts else None
    if last is not None and last.text and not last.keyboard and not can.buttons:
        longer = replace(last, text=f"{last.text}\n{storable(lines)}")
        if _wire_length(longer, can) <= (can.max_caption if last.image else can.max_text):
            drafts[-1] = longer
            return
    drafts += _pieces("", lines, can)


def _linked(option: Option, can: Capabilities) -> Option:
    """The way into the private chat, or into a group, in this messenger's own words."""
    for ours, theirs in ((START_LINK, can.start_link), (GROUP_LINK, can.group_link)):
        if option.url is not None and option.url.startswith(ours):
            return replace(option, url=theirs.format(option.url.removeprefix(ours)))
    return option


def _fits(option: Option, can: Capabilities) -> bool:
    if not _label(option, can) or not can.buttons:
        return False
    if option.url is not None:
        return can.url_buttons and _is_public(option.url)
    return 0 < len(option.payload.encode()) <= can.token_bytes


def _is_public(url: str) -> bool:
    """Messengers refuse a button to a host that only this machine knows."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https"):
            return False
        return ip_address(host).is_global if _is_address(host) else "." in host
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _line(option: Option) -> str:
    """An answer that can be typed by its number or its words, or an address."""
    if option.url is not None:
        return f"{option.title}\n{option.url}" if option.url else ""
    return f"{option.number}. {option.title}" if option.number else option.title


def _button(option: Option, can: Capabilities) -> Button:
    ours = can.app_link.partition("{}")[0]
    app = bool(ours) and option.url is not None and option.url.startswith(ours)
    return Button(_label(option, can), option.payload, option.url, app)


def _label(option: Option, can: Capabilities) -> str:
    label = " ".join(storable(option.title).split())
    return label if len(label) <= can.label else label[: can.label - 1] + _ELLIPSIS


def _rows(buttons: Iterable[Button], can: Capabilities) -> Keyboard:
    """Short ones side by side, long ones below each other."""
    rows: list[list[Button]] = []
    width = 0
    for button in buttons:
        needed = _columns(button.label) + _BUTTON_EDGE
        if not rows or width + needed > _ROW_WIDTH or len(rows[-1]) >= can.buttons_in_row:
            rows.append([])
            width = 0
        rows[-1].append(button)
        width += needed
    return tuple(map(tuple, rows))


def _columns(label: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(mark) in "WF") for mark in label)


def all_buttons(draft: Draft) -> list[Button]:
    return list(chain.from_iterable(draft.keyboard))
