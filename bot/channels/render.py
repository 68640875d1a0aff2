"""Segments ▸ drafts for one channel: a pure function, no clock, no network, no database.

What a channel cannot show as a button stands in the text, where it can be typed or opened.
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from html import escape
from ipaddress import ip_address
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from bot.channels.messages import Button, Capabilities, Draft, Keyboard, utf16
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
from dialogs.private import START_LINK

_BOLD = len("<b></b>")
_ROW_WIDTH = 36  # columns of a phone's keyboard, a Chinese character takes two (our guess)
_BUTTON_EDGE = 3
_ELLIPSIS = "…"


def render(segments: Iterable[Segment], can: Capabilities) -> tuple[Draft, ...]:
    """Messages in the order they are to be shown; none is empty, none above a limit."""
    drafts: list[Draft] = []
    for segment in segments:
        if isinstance(segment, Options):
            _hang(drafts, segment.options, can)
        elif isinstance(segment, PaymentLink):
            _hang(drafts, (Option(segment.label, url=segment.url),), can)
        else:
            drafts += _SHAPES[type(segment)](segment, can)
    return tuple(drafts)


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
    return drafts


def _group_buy(card: GroupBuyCard, can: Capabilities) -> list[Draft]:
    """Always a text: its picture could not be edited together with its count."""
    drafts = _pieces("", card.text, can)
    _hang(drafts, card.options, can)
    return drafts


_SHAPES: dict[type, Callable[[Any, Capabilities], list[Draft]]] = {
    Text: _text,
    Image: _image,
    Card: _card,
    GroupBuyCard: _group_buy,
    Reminder: _reminder,
}


def _pictured(image: str | None, drafts: list[Draft], can: Capabilities) -> list[Draft]:
    """The picture carries the text if that is short enough for a caption."""
    if not image or not can.images:
        return drafts
    if len(drafts) == 1 and utf16(drafts[0].html) <= can.max_caption:
        return [replace(drafts[0], image=image)]
    return [Draft(image=image), *drafts]


def _pieces(heading: str, body: str, can: Capabilities) -> list[Draft]:
    heading = _sound(heading.strip())
    whole = "\n".join(filter(None, (heading, body)))
    pieces = split(_sound(whole), can.max_text - _BOLD, _wire_length)
    drafts = [Draft(escape(piece, quote=False)) for piece in pieces]
    if heading and pieces and pieces[0].startswith(heading):
        bold, rest = escape(heading, quote=False), pieces[0][len(heading) :]
        drafts[0] = Draft(f"<b>{bold}</b>{escape(rest, quote=False)}")
    return drafts


def _wire_length(text: str) -> int:
    return utf16(escape(text, quote=False))


def _sound(text: str) -> str:
    """Without what no messenger takes: zero bytes and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


# — buttons —


def _hang(drafts: list[Draft], options: Sequence[Option], can: Capabilities) -> None:
    """Buttons belong to the message before them; what cannot be a button becomes a line."""
    room = can.buttons - (sum(map(len, drafts[-1].keyboard)) if drafts else 0)
    fitting = [option for option in options if _fits(option, can)][: max(room, 0)]
    written = [option for option in options if option not in fitting]
    if written:
        drafts += _pieces("", "\n".join(map(_line, written)), can)
    if not fitting:
        return
    if not drafts:  # a keyboard needs a message to stand under
        drafts += _pieces("", "\n".join(_label(option, can) for option in fitting), can)
    buttons = [Button(_label(option, can), option.payload, option.url) for option in fitting]
    last = drafts[-1]
    drafts[-1] = replace(last, keyboard=last.keyboard + _rows(buttons, can))


def _fits(option: Option, can: Capabilities) -> bool:
    if not option.title.strip() or not can.buttons:
        return False
    if option.url is not None:
        return can.url_buttons and (option.url.startswith(START_LINK) or _is_public(option.url))
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
    if option.url is None:
        return option.title
    return f"{option.title}\n{option.url}" if not option.url.startswith(START_LINK) else ""


def _label(option: Option, can: Capabilities) -> str:
    label = _sound(" ".join(option.title.split()))
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
