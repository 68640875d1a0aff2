"""What an action answered, read and checked: everything in it is allowed, or nothing of it holds.

An action server is not ours: it may set declared public slots to values that they allow, have our
responses said, and say plain text. Anything else is refused by name (T19).
"""

import json
import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from data.delivery.messages import Option, Options, OutboundMessage, Segment, Text
from data.delivery.outbox import Letter
from data.kernel.locales import Locale
from dialogs.actions.contract import CallFailed, Json, Reason
from dialogs.engine import ActionResult, Effect, Post, Say
from dialogs.engine.commands import SetSlot
from dialogs.format import Domain, FlowSet
from dialogs.format.domain import Response, ResponseButton, Variant
from dialogs.format.placeholders import gaps_of, worded_gaps_of
from dialogs.format.values import is_allowed
from dialogs.understanding.payload import parse_payload

MOST_MESSAGES = 10  # of one answer; more would flood a chat
LONGEST_TEXT = 2000  # characters: below what one message of any messenger holds
MOST_BUTTONS = 10
LONGEST_TITLE = 80
MOST_EVENTS = 200
_FORM_SLOT = "requested_slot"  # a form's own memory, set by FormValidationAction; we have no forms
# Every message of rasa-sdk's dispatcher has all of these; what else stands in it fills gaps.
_FIELDS = frozenset(
    ("text", "buttons", "response", "template", "image", "attachment", "elements", "custom")
)
_UNSPOKEN = ("image", "attachment", "elements", "custom")
# Marks that turn the direction of writing make one address look like another.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
Says = Callable[[OutboundMessage], Letter]


@dataclass(frozen=True, slots=True)
class Said:
    """One message of an answer: a response of ours by name with its gaps' values, or plain text."""

    response: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    buttons: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What an action wants: slots to set, things to say. Everything in it is allowed."""

    slots: Mapping[str, Any] = field(default_factory=dict)
    messages: tuple[Said, ...] = ()


def read_answer(body: object, domain: Domain) -> Answer:
    """Everything an answer holds must be allowed, or nothing of it is: CallFailed."""
    if not isinstance(body, dict):
        raise CallFailed(Reason.UNREADABLE)
    events = _dicts(body, "events", MOST_EVENTS)
    responses = _dicts(body, "responses", MOST_MESSAGES)
    said = (_said(message, domain) for message in responses)
    return Answer(_slots(events, domain), tuple(one for one in said if one is not None))


def _dicts(body: Json, key: str, most: int) -> list[Json]:
    found = body.get(key) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise CallFailed(Reason.UNREADABLE, key)
    if len(found) > most:
        raise CallFailed(Reason.TOO_LARGE, key)
    return found


def _slots(events: Iterable[Json], domain: Domain) -> Json:
    """Slot events and nothing else: a flow decides what comes next, not what it calls."""
    slots: Json = {}
    for event in events:
        if event.get("event") != "slot":
            raise CallFailed(Reason.WRONG_EVENT, _short(event.get("event")))
        name, value = event.get("name"), event.get("value")
        if name == _FORM_SLOT and name not in domain.slots:
            continue
        if not isinstance(name, str) or not _may_set(domain, name, value):
            raise CallFailed(Reason.WRONG_SLOT, _short(name))
        slots[name] = _cleaned(value)
    return slots


def _may_set(domain: Domain, name: str, value: object) -> bool:
    """What it may not read it may not write."""
    slot = domain.slots.get(name)
    if slot is None or slot.private:
        return False
    return is_allowed(slot, value) and _can_be_stored(value)


def _can_be_stored(value: object) -> bool:
    """No half characters, no NUL: PostgreSQL takes neither, no messenger the former."""
    try:
        return b"\\u0000" not in json.dumps(value, ensure_ascii=False).encode()
    except ValueError:
        return False


def _said(message: Json, domain: Domain) -> Said | None:
    """One message of the dispatcher; None where it says nothing. What we cannot say as it was
    meant (pictures, attachments, cards of their own) is refused by name, not dropped."""
    unspoken = next((key for key in _UNSPOKEN if message.get(key)), None)
    if unspoken is not None:
        raise CallFailed(Reason.WRONG_RESPONSE, unspoken)
    buttons = _buttons(message, domain)
    name = message.get("response") or message.get("template")
    if name:
        return Said(_response(name, domain), _values(message, name, domain), buttons=buttons)
    text = _plain(message.get("text") or "", LONGEST_TEXT, "text")
    if not text and buttons:
        raise CallFailed(Reason.WRONG_RESPONSE, "buttons")
    return Said(text=text, buttons=buttons) if text else None


def _response(name: object, domain: Domain) -> str:
    if not isinstance(name, str) or name not in domain.responses:
        raise CallFailed(Reason.WRONG_RESPONSE, _short(name))
    return name


def _values(message: Json, name: str, domain: Domain) -> Json:
    """What fills the gaps, as far as an action may."""
    given = {key: value for key, value in message.items() if key not in _FIELDS}
    kept = _kept(domain, name)
    wrong = next((key for key, value in given.items() if key in kept or not _is_word(value)), None)
    if wrong is not None:
        raise CallFailed(Reason.WRONG_RESPONSE, _short(wrong))
    return {
        key: _plain(value, LONGEST_TEXT, key) if isinstance(value, str) else value
        for key, value in given.items()
    }


def _kept(domain: Domain, name: str) -> frozenset[str]:
    """Gaps that are filled from slots alone, in whichever variant: what is put into words of its
    kind (no action names a price), what a button does, and what decides between the variants."""
    response = domain.responses[name]
    needed = (slot for variant in response.variants for slot, _ in variant.needs)
    sentences: tuple[Response | Variant, ...] = (response, *response.variants)
    return frozenset(needed).union(*map(_kept_in, sentences))


def _kept_in(sentence: Response | Variant) -> frozenset[str]:
    titles = (title for button in sentence.buttons for title in button.title.values())
    payloads = (button.payload for button in sentence.buttons)
    return worded_gaps_of(*sentence.text.values(), *titles) | gaps_of(*payloads)


def _is_word(value: object) -> bool:
    """JSON writes a number beyond any float, and reads it as one that it cannot write."""
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | int)


def _buttons(message: Json, domain: Domain) -> tuple[Option, ...]:
    buttons = _dicts(message, "buttons", MOST_BUTTONS)
    return tuple(_button(button, domain) for button in buttons)


def _button(button: Json, domain: Domain) -> Option:
    """A press may do what the answer itself could have done, `/SetSlots(…)`, and no more."""
    title = _plain(button.get("title") or "", LONGEST_TITLE, "title")
    payload = button.get("payload")
    commands = parse_payload(payload) if isinstance(payload, str) else None
    if not title or not isinstance(payload, str) or not commands or gaps_of(title, payload):
        raise CallFailed(Reason.WRONG_RESPONSE, "buttons")
    for command in commands:
        if not isinstance(command, SetSlot):
            raise CallFailed(Reason.WRONG_RESPONSE, "buttons")
        if not _may_set(domain, command.slot, command.value):
            raise CallFailed(Reason.WRONG_SLOT, _short(command.slot))
    return Option(title, payload)


def _plain(text: object, longest: int, name: str) -> str:
    """Text that is only text: no control characters, no marks that turn the writing."""
    if not isinstance(text, str):
        raise CallFailed(Reason.UNREADABLE, name)
    if len(text) > longest:
        raise CallFailed(Reason.TOO_LARGE, name)
    return _visible(text).strip()


def _cleaned(value: Any) -> Any:
    """A slot is said in responses too."""
    if isinstance(value, str):
        return _visible(value)
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if isinstance(value, dict):
        return {key: _cleaned(one) for key, one in value.items()}
    return value


def _visible(text: str) -> str:
    kept = (char for char in text if char not in _TURNING)
    return "".join(
        char for char in kept if char == "\n" or unicodedata.category(char) not in ("Cc", "Cs")
    )


def _short(name: object) -> str:
    """For a log: a name as far as it is one."""
    if not isinstance(name, str):
        return type(name).__name__
    return "".join(char if char.isprintable() else "?" for char in name[:LONGEST_TITLE])


def result_of(
    answer: Answer, *, flow_set: FlowSet, slots: Mapping[str, Any], letter: Says
) -> ActionResult:
    """The answer as the engine takes it. `slots`: what is known when it comes; `letter` addresses
    plain text to whoever is talked with."""
    known = {**slots, **answer.slots}
    effects = tuple(_effect(said, flow_set, known, letter) for said in answer.messages)
    return ActionResult({"refusal": None, **answer.slots}, effects)


def refusal_of(failed: CallFailed) -> ActionResult | None:
    """An action that declines has answered: flows see it in `slots.refusal`, as they see ours."""
    if failed.reason is not Reason.REFUSED:
        return None
    return ActionResult({"refusal": failed.reason.value})


def _effect(said: Said, flow_set: FlowSet, known: Mapping[str, Any], letter: Says) -> Effect:
    if said.response:
        filled = {**known, **said.values}
        gaps = {gap: filled[gap] for gap in flow_set.gaps[said.response] if gap in filled}
        buttons = tuple(
            ResponseButton(dict.fromkeys(Locale, option.title), option.payload)
            for option in said.buttons
        )
        return Say(said.response, flow_set.sha, gaps, buttons=buttons)
    segments: tuple[Segment, ...] = (Text(said.text),)
    if said.buttons:
        segments += (Options(said.buttons),)
    return Post(letter(OutboundMessage(segments)))
