"""What is asked of a language model and what comes back; whoever calls one fits this by shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

_MOST_FLOWS, _MOST_VALUES = 3, 12
_LONGEST_VALUE = 200
_KEYS = {"start", "fill", "unsure", "confidence"}
_FILL_KEYS = {"slot", "value"}


class Completion(Protocol):
    """`content` is the JSON object that it answered; `tokens` what the call used, if told."""

    @property
    def content(self) -> Mapping[str, Any]: ...

    @property
    def tokens(self) -> int | None: ...


class LanguageModel(Protocol):
    """Synchronous, as the core is; it may take seconds, so no transaction is open meanwhile."""

    @property
    def name(self) -> str: ...

    def complete(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]
    ) -> Completion: ...


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a model made of a message; nothing of it holds before the guards have seen it.

    `fill`: pairs of a slot and either one of its values or words of the person.
    """

    start: tuple[str, ...] = ()
    fill: tuple[tuple[str, str], ...] = ()
    unsure: bool = False
    confidence: float = 0.0

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Proposal | None":
        """None for anything that is not of the shape that was asked for."""
        if set(content) != _KEYS:
            return None
        start, fill = content["start"], content["fill"]
        unsure, confidence = content["unsure"], content["confidence"]
        sound = (
            _are_names(start)
            and _are_values(fill)
            and isinstance(unsure, bool)
            and _is_share(confidence)
        )
        if not sound:
            return None
        pairs = tuple((one["slot"], one["value"]) for one in fill)
        return cls(tuple(dict.fromkeys(start)), pairs, unsure, float(confidence))


@dataclass(frozen=True, slots=True)
class Advice:
    """What came of asking `model`; without a proposal it was asked in vain."""

    model: str
    proposal: Proposal | None = None


def _are_names(start: Any) -> bool:
    if not isinstance(start, list) or len(start) > _MOST_FLOWS:
        return False
    return all(isinstance(one, str) for one in start)


def _are_values(fill: Any) -> bool:
    if not isinstance(fill, list) or len(fill) > _MOST_VALUES:
        return False
    return all(isinstance(one, dict) and _is_value(one) for one in fill)


def _is_value(one: dict[str, Any]) -> bool:
    if set(one) != _FILL_KEYS:
        return False
    return all(isinstance(word, str) and len(word) <= _LONGEST_VALUE for word in one.values())


def _is_share(number: Any) -> bool:
    return not isinstance(number, bool) and isinstance(number, int | float) and 0 <= number <= 1
