"""The same state again from what was recorded: nothing is understood anew, no action is run."""

from collections.abc import Callable, Iterable

from data.kernel.ids import FlowSha
from dialogs.engine.inputs import Change
from dialogs.engine.moving_on import move_on
from dialogs.engine.recording import Recorded, Unplayable
from dialogs.engine.state import State
from dialogs.engine.step import step
from dialogs.engine.work import Flows
from dialogs.format.flow import FlowSet


def replay(
    recorded: Iterable[Recorded],
    flows_for: Callable[[FlowSha], FlowSet],
    *,
    state: State | None = None,
) -> State:
    """Where a conversation stands after these inputs, each on the version that was live then."""
    now = state or State()
    for each in recorded:
        before = now._replace(chat_kind=each.chat)
        flows = Flows(each.live, flows_for)
        if isinstance(each.given, Change):
            now = move_on(before, each.given, flows).state
            continue
        try:
            outcome = step(before, each.given, flows)
        except ValueError as error:
            raise Unplayable(str(error)) from error
        if outcome.failed is not None:  # a turn that failed was taken back, and its record with it
            raise Unplayable(outcome.failed)
        now = outcome.state
    return now
