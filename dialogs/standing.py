"""Where a conversation stands when its next turn begins: mostly where it stood when the last ended.

Only one that stands in a version which is not live is looked at: it may have to go on in another
version, or to begin again. That costs a turn in the live version nothing.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from data.conversations import Conversation, StaleConversation
from data.flows import VersionGone, Way, fate_of, move_pins
from data.kernel.ids import FlowSha
from dialogs.engine import (
    Event,
    Flows,
    Passage,
    State,
    Unwait,
    from_json,
    migrated,
    pinned,
    restarted,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What happened on the way here is told in `events`; `ended` waits are to be forgotten."""

    state: State
    events: tuple[Event, ...] = ()
    ended: tuple[Unwait, ...] = ()


def state_of(conversation: Conversation | None) -> State:
    """As it was when the last turn ended."""
    if conversation is None or not conversation.snapshot:
        return State()
    return from_json(conversation.snapshot)


def standing(session: Session, conversation: Conversation | None, flows: Flows) -> Standing:
    """As it is now that another turn begins."""
    state = state_of(conversation)
    old = pinned(state) - {flows.live}
    if conversation is None or not old:
        return Standing(state)
    fate = fate_of(session, merchant_id=conversation.merchant_id, shas=old)
    events: tuple[Event, ...] = ()
    for way in fate.ways:
        state, moved = _go(state, way, flows)
        events += moved
    state, again, ended = restarted(state, fate.lost & pinned(state), flows)
    return Standing(state, events + again, ended)


def _go(state: State, way: Way, flows: Flows) -> tuple[State, tuple[Event, ...]]:
    """Those who stand at the beginning of a way are there to keep both its ends."""
    if way.from_sha not in pinned(state):
        return state, ()
    old, new = flows.flows_for(FlowSha(way.from_sha)), flows.flows_for(FlowSha(way.to_sha))
    return migrated(state, Passage(old, new, way.flows))


def pin(session: Session, conversation: Conversation, state: State) -> None:
    """Write down which versions it will stand in, where they are others than before."""
    before, after = pinned(state_of(conversation)), pinned(state)
    if before == after:
        return
    try:
        move_pins(
            session,
            merchant_id=conversation.merchant_id,
            conversation_id=conversation.id,
            before=before,
            after=after,
        )
    except VersionGone as gone:
        raise StaleConversation(conversation.id) from gone
