"""What a yes agrees to where nothing is asked: what was offered last, as far as a word is enough.

Only a response that says of itself that it offers something (`x-offer`) is agreed to, and its first
button must begin a flow that asks before it does anything that binds, costs or forgets.
"""

from collections.abc import Collection, Iterator

from dialogs.engine.commands import Act, Command, SetSlot, StartFlow
from dialogs.format import ActionStep, Call, Collect, Flow, FlowSet, Link, Step
from dialogs.format.own_names import OWN_ACT_NAMES
from dialogs.understanding.model.reserved import RESERVED_ACTIONS
from dialogs.understanding.payload import parse_payload


def agreed_to(payload: str | None, flow_set: FlowSet) -> tuple[Command, ...]:
    """The button's commands, or nothing where it has to be pressed."""
    (command, *values) = (parse_payload(payload) if payload else None) or (None,)
    if isinstance(command, Act) and command.action in OWN_ACT_NAMES:
        return (command,)
    flow = flow_set.flows.get(command.flow) if isinstance(command, StartFlow) else None
    if command is None or flow is None or flow.is_pattern:
        return ()
    known = {one.slot for one in values if isinstance(one, SetSlot)}
    if any(map(_binds, _before_a_question(flow_set, flow, known))):
        return ()
    return (command, *values)


def _binds(step: Step) -> bool:
    return isinstance(step, ActionStep) and step.name in RESERVED_ACTIONS


def _before_a_question(flow_set: FlowSet, begun: Flow, known: Collection[str]) -> Iterator[Step]:
    """The steps that may be taken before the person has to say more, those of called flows too."""
    ahead, passed = [(begun.id, begun.first)], set[tuple[str, str]]()
    while ahead:
        flow, target = place = ahead.pop()
        step = flow_set.flows[flow].steps.get(target)
        if step is None or place in passed:
            continue
        passed.add(place)
        yield step
        if isinstance(step, Collect) and (step.slot not in known or step.ask_before_filling):
            continue
        if isinstance(step, Call | Link) and step.flow in flow_set.flows:
            ahead.append((step.flow, flow_set.flows[step.flow].first))
        ahead += [(flow, branch.target) for branch in step.next]
