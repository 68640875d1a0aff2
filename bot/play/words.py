"""The words of a story: Rasa's end-to-end ones and ours, and what may stand behind each.

A check gives what is wrong: the path below the word, a code of stories.po, and its values.
"""

import difflib
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from bot.play.facts import FACTS, NESTED
from bot.play.lengths import duration
from data.payments.sandbox_models import Outcome
from dialogs.format.comparing import pattern_of
from dialogs.format.predicate_tokens import PredicateError

Path = tuple[str | int, ...]
Wrong = tuple[Path, str, Mapping[str, str]]
Check = Callable[[Any], Iterator[Wrong]]

STAFF_VERBS = (
    "take_over", "say", "hand_back", "ship", "approve_return", "refuse_return", "receive_return",
    "complete_team", "cancel_team",
)  # fmt: skip
LONGEST_NAME = 128  # what the REST channel takes
LONGEST_TEXT = 64 * 1024
_LONGEST_TITLE = 200
_LONGEST_TURN = 10 * 366 * 86_400  # seconds: reminders of ten years fall due on the way
_KINDS = {"text": str, "bool": bool, "number": int, "list": list, "object": Mapping}


def text(value: Any, longest: int = LONGEST_TEXT) -> Iterator[Wrong]:
    """A number will do: people type numbers."""
    if isinstance(value, bool | list | Mapping) or value is None:
        yield (), "kind", {"wanted": "text"}
    elif len(str(value)) > longest:
        yield (), "too_long", {"most": str(longest)}


def name(value: Any) -> Iterator[Wrong]:
    yield from text(value, LONGEST_NAME)


def title(value: Any) -> Iterator[Wrong]:
    yield from text(value, _LONGEST_TITLE)


def keys(value: Mapping[str, Any], known: Collection[str]) -> Iterator[Wrong]:
    """Nothing is accepted and then ignored."""
    for key in value:
        if key not in known:
            yield (key,), "unknown_key", {"name": key, "known": near(key, known)}


def near(key: str, known: Collection[str]) -> str:
    """What may have been meant; where nothing is near, everything there is."""
    return ", ".join(difflib.get_close_matches(key, known, n=3) or sorted(known))


def _kind(wanted: str) -> Check:
    def check(value: Any) -> Iterator[Wrong]:
        fits = isinstance(value, _KINDS[wanted])
        if not fits or (wanted == "number" and (isinstance(value, bool) or value < 0)):
            yield (), "kind", {"wanted": wanted}

    return check


def _amount(value: Any) -> Iterator[Wrong]:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        yield (), "kind", {"wanted": "number"}


def _later(value: Any) -> Iterator[Wrong]:
    try:
        seconds = duration(str(value)).total_seconds()
    except (ValueError, OverflowError):
        seconds = 0
    if not 0 < seconds <= _LONGEST_TURN:
        yield (), "later", {"said": str(value)}


def outcome(value: Any) -> Iterator[Wrong]:
    if str(value) not in set(Outcome):
        yield (), "one_of", {"said": str(value), "known": ", ".join(Outcome)}


def _shape(parts: Mapping[str, Check]) -> Check:
    """A map with these keys and no others."""

    def check(value: Any) -> Iterator[Wrong]:
        if not isinstance(value, Mapping) or not value:
            yield (), "kind", {"wanted": "object"}
            return
        yield from keys(value, parts)
        for key in value.keys() & parts.keys():
            yield from _below(key, parts[key](value[key]))

    return check


def _each(inside: Check) -> Check:
    """One, or a list of several."""

    def check(value: Any) -> Iterator[Wrong]:
        if not isinstance(value, list):
            yield from inside(value)
            return
        if not value:
            yield (), "empty", {}
        for index, one in enumerate(value):
            yield from _below(index, inside(one))

    return check


def _below(key: str | int, wrongs: Iterable[Wrong]) -> Iterator[Wrong]:
    for path, code, values in wrongs:
        yield (key, *path), code, values


def _pattern(value: Any) -> Iterator[Wrong]:
    try:
        pattern_of(str(value), 0)
    except PredicateError:
        yield (), "pattern", {"said": str(value)[:80]}


_SHOWN_BUTTON = _shape({"title": text, "payload": text})
UTTERED: Mapping[str, Check] = {
    "utter_name": name,
    "text_matches": _pattern,
    "buttons": _each(_SHOWN_BUTTON),
    "kind": name,
}
_uttered = _shape(UTTERED)
_ended = _shape({"flow_id": name, "flow_step_id": name})


def _flow_and_step(value: Any) -> Iterator[Wrong]:
    """`some_flow`, or `{flow_id: some_flow, flow_step_id: some_step}`."""
    if not isinstance(value, Mapping):
        yield from name(value)
        return
    yield from _ended(value)
    if "flow_id" not in value:
        yield (), "missing", {"name": "flow_id"}


def _started(value: Any) -> Iterator[Wrong]:
    """One, all of a list, or Rasa's `{operator: any, flow_ids: […]}`."""
    if not isinstance(value, Mapping):
        yield from _each(name)(value)
        return
    yield from _shape({"operator": _operator, "flow_ids": _each(name)})(value)
    if "flow_ids" not in value:
        yield (), "missing", {"name": "flow_ids"}


def _operator(value: Any) -> Iterator[Wrong]:
    if value not in ("any", "all"):
        yield (), "one_of", {"said": str(value), "known": "any, all"}


def _slots(value: Any) -> Iterator[Wrong]:
    for index, one in enumerate(value if isinstance(value, list) else [value]):
        path: Path = (index,) if isinstance(value, list) else ()
        if not isinstance(one, str | Mapping) or not one:
            yield path, "kind", {"wanted": "object"}


def _facts(value: Any) -> Iterator[Wrong]:
    if not isinstance(value, Mapping) or not value:
        yield (), "kind", {"wanted": "object"}
        return
    yield from keys(value, FACTS)
    for fact, wanted in value.items():
        if isinstance(wanted, Mapping) and fact in FACTS:
            yield from _below(fact, keys(wanted, NESTED.get(fact, {})))


DOES: Mapping[str, Check] = {
    "user": text,
    "press": text,
    "later": _later,
    "pays": name,
    "media": name,
    "console": _kind("object"),
}
EXPECTS: Mapping[str, Check] = {
    "bot": text,
    "utter": name,
    "bot_uttered": _uttered,
    "bot_did_not_utter": _uttered,
    "pattern_clarification_contains": _each(name),
    "silent": _kind("bool"),
    "cards": _kind("number"),
    "price_below": _amount,
    "new_cards": _kind("bool"),
    "slot_was_set": _slots,
    "slot_was_not_set": _slots,
    "flow_started": _started,
    "flow_completed": _flow_and_step,
    "flow_cancelled": _flow_and_step,
    "action_executed": name,
    "shown": text,
    "then": _facts,
}
# Words of Rasa's that we refuse, each with its reason in stories.po.
REFUSED = {
    "generative_response_is_relevant": "judging",
    "generative_response_is_grounded": "judging",
    "assertion_order_enabled": "order",
    "mocked_tool_calls": "tools",
}
# Rasa's assertions, below a `user` step.
ASSERTIONS = (
    "flow_started", "flow_completed", "flow_cancelled", "pattern_clarification_contains",
    "action_executed", "slot_was_set", "slot_was_not_set", "bot_uttered", "bot_did_not_utter",
)  # fmt: skip
# What stands beside a word, and the words it may stand beside; None: any.
BESIDE: Mapping[str, tuple[Check, tuple[str, ...] | None]] = {
    "as": (name, None),
    "in": (name, None),
    "outcome": (outcome, ("pays",)),
    "message_id": (name, ("user", "press", "media")),
    "metadata": (_each(name), ("user", "press", "media")),
    "assertions": (_kind("list"), ("user",)),
}
METADATA: Mapping[str, Check] = {
    "locale": name,
    "timezone": name,
    "name": name,
    "message_id": name,
    "reply_to": name,
}
_STAR = re.compile(r"\*+")


def like(pattern: str, said: str) -> bool:
    """`*` stands for anything; everything else is meant as written. One look from left to right,
    however many stars there are."""
    first, *rest = _STAR.split(pattern.strip())
    said = said.strip()
    if not rest:
        return said == first
    *middle, last = rest
    if not said.startswith(first) or len(said) < len(first) + len(last):
        return False
    place, end = len(first), len(said) - len(last)
    for part in middle:
        found = said.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return said.endswith(last)
