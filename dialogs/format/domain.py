"""The domain of a flow set: slots, responses, actions, intents, under Rasa's names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from data.kernel.locales import Locale


class SlotType(StrEnum):
    TEXT = "text"
    BOOL = "bool"
    FLOAT = "float"
    CATEGORICAL = "categorical"
    LIST = "list"
    ANY = "any"  # a value object of ours as JSON: a budget, a date


@dataclass(frozen=True, slots=True)
class SlotMapping:
    """How understanding may fill a slot without being asked for it.

    `from_entity`: an entity of this kind fills it (with `value`, that constant instead).
    `from_intent`: this intent fills it with `value`.
    `from_text`: while it is asked, the whole message is the answer.
    `append` adds to a list; `only_when_asked` waits until the slot is the open question.
    """

    type: str
    entity: str | None = None
    intent: str | None = None
    value: Any = None
    append: bool = False
    only_when_asked: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    name: str
    type: SlotType
    initial: Any = None
    values: tuple[str, ...] = ()
    mappings: tuple[SlotMapping, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True)
class ResponseButton:
    """Texts per locale; the payload is what a press sends back."""

    title: Mapping[Locale, str]
    payload: str


@dataclass(frozen=True, slots=True)
class Variant:
    """What a response says instead while each of these slots holds just this."""

    needs: tuple[tuple[str, Any], ...]
    text: Mapping[Locale, str]
    buttons: tuple[ResponseButton, ...] = ()


@dataclass(frozen=True, slots=True)
class Response:
    """One thing to say. Variants are tried in order; the first whose needs are met is said.
    `offer`: whoever says yes to it means its first button."""

    name: str
    text: Mapping[Locale, str]
    buttons: tuple[ResponseButton, ...] = ()
    private: bool = False
    offer: bool = False
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True)
class Domain:
    slots: Mapping[str, Slot] = field(default_factory=dict)
    responses: Mapping[str, Response] = field(default_factory=dict)
    actions: frozenset[str] = frozenset()
    intents: frozenset[str] = frozenset()
