"""Where a conversation stands when its next turn begins: mostly where it stood when the last ended.

Only one that stands in a version which is not live is looked at: it may have to go on in another
version, or to begin again. That costs a turn in the live version nothing.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from data.conversations import Conversation, StaleConversation, end_wait, record_events, save
from data.flows import VersionGone, fate_of, move_pins
from data.kernel.ids import FlowSha
from dialogs.engine import Flows, Moved, Standing, State, Way, from_json, move_on, pinned, to_json


def state_of(conversation: Conversation | None) -> State:
    """As it was when the last turn ended."""
    if conversation is None or not conversation.snapshot:
        return State()
    return from_json(conversation.snapshot)


def standing(session: Session, conversation: Conversation | None, flows: Flows) -> Standing:
    """As it is now that another turn begins."""
    state = state_of(conversation)
    versions = pinned(state)
    old = versions - {flows.live}
    if conversation is None or not old:
        return Standing(state, pinned=versions)
    fate = fate_of(session, merchant_id=conversation.merchant_id, shas=old)
    ways = tuple(Way(way.from_sha, way.to_sha, way.flows) for way in fate.ways)
    moved = move_on(state, Moved(ways, tuple(sorted(fate.lost))), flows)
    return replace(moved, pinned=versions)


def pin(
    session: Session, conversation: Conversation, before: frozenset[FlowSha], state: State
) -> None:
    """Write down which versions it will stand in, where they are others than before."""
    after = pinned(state)
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


def write_change(
    session: Session, conversation: Conversation, stood: Standing, after: Standing, *, now: datetime
) -> None:
    """What happened between its turns, for the row, the log and the waits. Nobody has spoken, so
    it is no less idle than it was. StaleConversation: somebody speaks at this very moment."""
    pin(session, conversation, stood.pinned, after.state)
    for one in (*stood.ended, *after.ended):
        end_wait(session, conversation_id=conversation.id, wait=one.wait)
    events = (*stood.events, *after.events)
    notes = [{**event.to_json(), "kind": event.name} for event in events]
    record_events(session, conversation, notes, inbox_id=None, now=now)
    save(session, conversation, snapshot=to_json(after.state), now=conversation.last_at)
