"""A response for one language: `{slot}` gaps filled by our own substitution, never by a template
engine; `{slot:money}` and the like say how a value is put into words."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from data.delivery.messages import Option, Options, OutboundMessage, Segment, Text
from data.kernel.locales import Locale
from dialogs.format import Response
from dialogs.format.comparing import equal
from dialogs.wording import Unwordable, in_words

_GAP = re.compile(r"\{([a-z_][a-z0-9_]*)(?::([a-z_]+))?\}")
# Whom a sentence speaks to, at its beginning: "{name}, your seat is held."
_CALLED = re.compile(r"\A\{name\}\s*[,，、:：]\s*(?P<said>.)", re.DOTALL)


def fill(text: str, values: Mapping[str, Any], locale: Locale) -> str:
    """Replace each known `{name}` or `{name:kind}`; anything else in braces stays as written.
    Who gave no name is not called by it. Unwordable names the gap."""
    if not values.get("name", True):
        text = _CALLED.sub(lambda call: call["said"].upper(), text)

    def word(gap: re.Match[str]) -> str:
        name, kind = gap.groups()
        if name not in values:
            return gap.group(0)
        try:
            return in_words(values[name], locale, kind)
        except Unwordable as error:
            raise Unwordable(gap.group(0)) from error

    return _GAP.sub(word, text)


def fitting(response: Response, values: Mapping[str, Any]) -> Response:
    """The response as its first variant that fits says it, or as it stands."""
    for variant in response.variants:
        if all(equal(values.get(slot), wanted) for slot, wanted in variant.needs):
            return replace(response, text=variant.text, buttons=variant.buttons, variants=())
    return response


def say(
    response: Response,
    values: Mapping[str, Any],
    locale: Locale,
    *,
    more: tuple[Segment, ...] = (),
) -> OutboundMessage:
    """One message in the person's language, its buttons after everything else."""
    response = fitting(response, values)
    text = fill(response.text[locale], values, locale)
    buttons = tuple(
        Option(fill(button.title[locale], values, locale), fill(button.payload, values, locale))
        for button in response.buttons
    )
    segments: tuple[Segment, ...] = (Text(text), *more)
    if buttons:
        segments += (Options(buttons),)
    return OutboundMessage(segments, response=response.name, private=response.private)


def framed(
    message: OutboundMessage, frame: Response, locale: Locale, **values: Any
) -> OutboundMessage:
    """The message with its first words, `{said}`, inside another sentence."""
    first = message.segments[0] if message.segments else None
    if not isinstance(first, Text):
        return message
    text = fill(frame.text[locale], {**values, "said": first.text}, locale)
    return replace(message, segments=(Text(text), *message.segments[1:]))
