"""Engine events as rows of the log, and what a conversation took in as inputs again.

Nothing private stands in the log in the clear (T14): an event leaves it out; an input, without
which there is no replay, is sealed.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from data.conversations import Conversation, events_of
from data.kernel.encryption import cipher_of, place_of
from data.kernel.ids import FlowSha
from dialogs.engine import RECORDED, Event, Recorded, State, replay
from dialogs.format import FlowSet
from dialogs.house import House

FlowsFor = Callable[[FlowSha], FlowSet]
_SEALED = "sealed"
# How an input was understood says nothing of what it holds.
_OPEN = ("link", "intent", "confidence", "model", "chat")


def notes_of(
    session: Session,
    conversation: Conversation,
    events: Sequence[Event],
    flows_for: FlowsFor,
    *,
    private: bool,
) -> list[dict[str, Any]]:
    """For the log. `private`: all that was said in this turn is nobody else's business."""
    versions = {event.version for event in events if event.version}
    hidden = frozenset[str]().union(*(flows_for(FlowSha(v)).private_slots for v in versions))
    notes = []
    for event in events:
        note = {**event.to_json(), "kind": event.name}
        if event.name in RECORDED:
            if private or _mentions(event.data, hidden):
                note["data"] = _seal(session, conversation, event.data)
        elif event.data.get("slot") in hidden:
            note["data"] = {"slot": event.data["slot"]}
        notes.append(note)
    return notes


def recorded(session: Session, conversation: Conversation) -> Iterator[Recorded]:
    """All that this conversation has taken in, in order."""
    for event in events_of(session, conversation_id=conversation.id, kinds=RECORDED):
        data = event.body.get("data", {})
        if _SEALED in data:
            data = {**data, **_opened(session, conversation, data[_SEALED])}
        yield Recorded.of(event.kind, event.version or "", data)


def replayed(
    session: Session, house: House, conversation: Conversation, *, begun: State | None = None
) -> State:
    """Where the log says that it stands; its snapshot says the same, or one of them is wrong.
    `begun`: where it stood before the first word, if that was not at nothing."""
    merchant_id = conversation.merchant_id
    return replay(
        recorded(session, conversation),
        lambda sha: house.flows.get(session, merchant_id=merchant_id, sha=sha),
        state=begun,
    )


def _mentions(value: Any, hidden: frozenset[str]) -> bool:
    """Whether one of these slots is named anywhere: as a key, or as what a command is about."""
    if isinstance(value, dict):
        named = not hidden.isdisjoint(value) or value.get("slot") in hidden
        return named or any(_mentions(each, hidden) for each in value.values())
    return isinstance(value, list) and any(_mentions(each, hidden) for each in value)


def _seal(session: Session, conversation: Conversation, data: Any) -> dict[str, Any]:
    text = json.dumps(dict(data), ensure_ascii=False, separators=(",", ":"))
    token = cipher_of(session).encrypt(text, place=_place(conversation))
    return {**{name: data[name] for name in _OPEN if name in data}, _SEALED: token}


def _opened(session: Session, conversation: Conversation, token: str) -> dict[str, Any]:
    text = cipher_of(session).decrypt(token, place=_place(conversation))
    data: dict[str, Any] = json.loads(text)
    return data


def _place(conversation: Conversation) -> str:
    return place_of(conversation.merchant_id, "conversation_events", conversation.id)
