"""The contract of rasa-sdk actions as we speak it: the call as JSON, and how it may fail.

A merchant's own action is called between turns, in this process (executor.py) or over HTTP; both
are a `Transport`. What it may see stands here, what it may change in answers.py, for both alike.
"""

from enum import StrEnum
from typing import Any, Protocol

from dialogs.engine import RunAction
from dialogs.format import Domain
from dialogs.format.domain import Slot

# rasa-sdk warns where major and minor are not its own; ours in requirements.lock is this one.
VERSION = "3.21.1"
Json = dict[str, Any]


class Reason(StrEnum):
    """Why a call came to nothing."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"  # no answer: network, 502, 503, 504
    BUSY = "busy"  # earlier calls still run
    FORBIDDEN = "forbidden"  # an address that may not be called
    REFUSED = "refused"  # 400, ActionExecutionRejection: an answer, see answers.py
    UNKNOWN_ACTION = "unknown_action"  # 404: a mistake in the settings
    BROKEN = "broken"  # the action raised; any other status
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"  # no JSON, or not of the contract's shape
    WRONG_EVENT = "wrong_event"
    WRONG_SLOT = "wrong_slot"
    WRONG_RESPONSE = "wrong_response"


MAY_PASS = frozenset((Reason.TIMEOUT, Reason.UNREACHABLE, Reason.BUSY))


class CallFailed(Exception):
    """Nothing of the answer holds. `detail`: the name of what was wrong, never a value."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    @property
    def may_pass(self) -> bool:
        """Whether the same call may well succeed later."""
        return self.reason in MAY_PASS


class Transport(Protocol):
    """Makes one call, with no transaction open. It awaits, since HTTP does and so does rasa-sdk;
    it never changes the payload, never tries again, and raises nothing but CallFailed."""

    async def call(self, payload: Json) -> object:
        """The answer as it came, parsed from JSON; answers.py reads it."""
        ...

    def close(self) -> None: ...


def payload_of(wanted: RunAction, domain: Domain, *, sender: str, text: str = "") -> Json:
    """The body of the call, JSON all through.

    `sender`: an opaque id of the conversation, never a name or a messenger's id. `text`: what was
    said last, "" where it answered a private question. Private slots are not told: an action that
    needs an address is one of ours.
    """
    slots = {name: wanted.slots.get(name) for name in _public(domain)}
    message = {"text": text, "intent": {"name": None, "confidence": 0.0}, "entities": []}
    tracker = {
        "sender_id": sender,
        "slots": slots,
        "latest_message": message,
        "events": [{"event": "user", "text": text}, *_to_validate(wanted, slots)],
        "paused": False,
        "followup_action": None,
        "active_loop": {},
        "latest_action_name": "action_listen",
        "stack": [{"type": "flow", "flow_id": wanted.flow, "step_id": wanted.step}],
    }
    return {
        "version": VERSION,
        "next_action": wanted.name,
        "sender_id": sender,
        "tracker": tracker,
        "domain": domain_of(domain, wanted.slot),
    }


def _to_validate(wanted: RunAction, slots: Json) -> list[Json]:
    """Rasa puts the answer that is to be validated last."""
    if wanted.slot is None or wanted.slot not in slots:
        return []
    return [{"event": "slot", "name": wanted.slot, "value": slots[wanted.slot]}]


def domain_of(domain: Domain, asked: str | None = None) -> Json:
    """The domain in Rasa's shape; `validate_<slot>` finds its slot as the form that it expects."""
    slots = {name: _slot(slot) for name, slot in _public(domain).items()}
    return {
        "slots": slots,
        "forms": {asked: {"required_slots": [asked]}} if asked in slots else {},
        "actions": sorted(domain.actions),
        "intents": sorted(domain.intents),
        "entities": [],
        "responses": {},
    }


def _slot(slot: Slot) -> Json:
    body = {
        "type": slot.type.value,
        "initial_value": slot.initial,
        "influence_conversation": False,
        "mappings": [{"type": "custom"}],
    }
    return {**body, "values": list(slot.values)} if slot.values else body


def _public(domain: Domain) -> dict[str, Slot]:
    return {name: slot for name, slot in domain.slots.items() if not slot.private}
