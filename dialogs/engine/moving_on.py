"""What happens to a conversation between its turns: it moves to other versions, or it ends. Pure.

Nobody has said anything, so no step is taken; the log keeps it all the same, or a replay would
stand elsewhere.
"""

from dataclasses import dataclass

from data.kernel.ids import FlowSha
from dialogs.engine.ending import lapsed, restarted
from dialogs.engine.handing_on import given_away
from dialogs.engine.inputs import Change, GivenAway, Lapsed, Moved
from dialogs.engine.migrating import Passage, migrated, pinned
from dialogs.engine.outcome import Event, Unwait
from dialogs.engine.recording import Recorded
from dialogs.engine.state import State
from dialogs.engine.work import Flows


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a conversation stands, what happened on the way there (`events`, its record first),
    and the waits that are to be forgotten. `pinned`: the versions that it stood in before."""

    state: State
    events: tuple[Event, ...] = ()
    ended: tuple[Unwait, ...] = ()
    pinned: frozenset[FlowSha] = frozenset()


def move_on(state: State, change: Change, flows: Flows) -> Standing:
    """A change that changes nothing leaves no event."""
    ended: tuple[Unwait, ...] = ()
    match change:
        case Lapsed():
            after, events = lapsed(state, flows)
        case GivenAway():
            after, events, ended = given_away(state, change, flows)
        case Moved():
            after, events, ended = _moved(state, change, flows)
    if after == state and not events:
        return Standing(state)
    record = Recorded(change, flows.live, state.chat_kind).as_event()
    return Standing(after, (record, *events), ended)


def _moved(
    state: State, change: Moved, flows: Flows
) -> tuple[State, tuple[Event, ...], tuple[Unwait, ...]]:
    events: tuple[Event, ...] = ()
    for way in change.ways:
        if way.old not in pinned(state):  # its versions are kept for those who stand in them
            continue
        old, new = flows.flows_for(FlowSha(way.old)), flows.flows_for(FlowSha(way.new))
        state, moved = migrated(state, Passage(old, new, way.flows))
        events += moved
    state, again, ended = restarted(state, frozenset(change.lost) & pinned(state), flows)
    return state, events + again, ended
