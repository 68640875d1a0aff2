"""How flows begin, hand the floor to each other, and end; and which values each one keeps."""

from collections.abc import Mapping, Set
from typing import Any

from dialogs.engine.state import Frame, FrameKind, Mode
from dialogs.engine.work import Work
from dialogs.format.flow import END, Collect, Step


def begin(work: Work) -> None:
    """The frame on top takes its first step."""
    frame = work.stack[-1]
    for slot, value in work.flow_set(frame).initial_values:
        work.slots.setdefault(slot, value)
    work.note("flow_started", frame, kind=frame.kind.value)
    if frame.kind is not FrameKind.CALL:
        _drop_what_no_longer_fits(work, frame)
        activate(work)
    enter(work, frame.step)


def _drop_what_no_longer_fits(work: Work, frame: Frame) -> None:
    """A value kept from a flow of another version may be none of this one's."""
    for slot in work.flow_set(frame).owned[frame.flow]:
        if slot in work.slots and not work.allows(slot, work.slots[slot]):
            work.reset_slot(slot)


def activate(work: Work) -> None:
    """The group on top takes the floor: the groups below put away the values of slots that both
    use, and of all that it brings values for, and it gets back its own."""
    top = work.root_of(len(work.stack) - 1)
    owned = work.flow_set(work.stack[top]).owned.get(work.stack[top].flow, frozenset())
    for index in range(top):
        if work.stack[index].kind not in (FrameKind.CALL, FrameKind.ACT):
            _put_away(work, index, owned, brought=work.stack[top].stash.keys())
    for slot, value in work.stack[top].stash.items():
        _put_back(work, slot, value)
    if work.stack[top].stash:
        work.change(top, stash={})


def _put_away(work: Work, index: int, wanted: frozenset[str], *, brought: Set[str]) -> None:
    frame, flow_set = work.stack[index], work.flow_set(work.stack[index])
    both = flow_set.owned[frame.flow] & wanted | flow_set.takes[frame.flow] & brought
    shared = both - frame.stash.keys()
    if not shared or not frame.trail:
        return
    work.change(index, stash={**frame.stash, **{s: work.slots.get(s) for s in shared}})
    for slot in shared:
        work.reset_slot(slot)


def _put_back(work: Work, slot: str, value: Any) -> None:
    if value is None:
        work.slots.pop(slot, None)
    else:
        work.slots[slot] = value


def enter(work: Work, target: str) -> None:
    """The frame on top goes to a step (or to its end)."""
    frame = work.stack[-1]
    if target == END:
        work.change(-1, step=END)
        return
    trail = frame.trail if target in frame.trail else (*frame.trail, target)
    frame = work.change(-1, step=target, trail=trail)
    work.note("step_entered", frame)
    step = work.step(frame)
    if isinstance(step, Collect) and step.ask_before_filling:
        work.slots[step.slot] = None


def go_on(work: Work, step: Step) -> None:
    """The frame on top has done `step`: take the first branch that is open."""
    frame = work.stack[-1]
    context = work.context(frame)
    for branch in step.next:
        if branch.condition is None or branch.condition(work.slots, context):
            enter(work, branch.target)
            return
    enter(work, END)


def finish(work: Work) -> None:
    """The frame on top has reached its end."""
    frame = work.stack.pop()
    work.note("flow_completed", frame, kind=frame.kind.value)
    if frame.kind is FrameKind.CALL:
        go_on(work, work.step(work.stack[-1]))
        return
    reset_slots_of(work, frame)
    if work.mode is Mode.HUMAN or (frame.quiet and work.waits_for_answer()):
        work.listening = True
    if frame.is_root:
        give_up_floor(work, frame, completed=True)
    elif work.stack:
        activate(work)


def end_act(work: Work, *, goes_on: bool = False) -> None:
    """A press is done; where it was all that was said, the open question is not asked again."""
    quiet = work.stack.pop().quiet and not goes_on
    if work.stack:
        activate(work)
    work.listening = quiet and work.waits_for_answer()


def reset_slots_of(work: Work, frame: Frame) -> None:
    for slot in work.flow_set(frame).reset[frame.flow]:
        work.reset_slot(slot)


def give_up_floor(work: Work, ended: Frame, *, completed: bool, silent: bool = False) -> None:
    """What comes after a group has ended, been cancelled or been parked."""
    if not work.stack:
        if completed and work.flow(ended).run_pattern_completed:
            work.push_pattern("completed", {"flow": ended.flow})
        return
    root = work.root_of(len(work.stack) - 1)
    below = work.stack[root]
    if not below.trail:
        return
    kept = work.flow_set(ended).flows[ended.flow].persisted if completed else frozenset()
    stash = {slot: value for slot, value in below.stash.items() if slot not in kept}
    work.change(root, stash=stash)
    activate(work)
    if below.is_root and below.step != END:  # at its end there is nothing to go on with
        work.note_each("flow_resumed", work.stack[root:])
        if ended.kind is not FrameKind.REGULAR and not silent:
            work.push_pattern("continue_interrupted", {"flow": below.flow})


def top_user_root(work: Work) -> int | None:
    """Index of the root of the uppermost flow that the person is in."""
    for index in range(len(work.stack) - 1, -1, -1):
        if work.stack[index].is_root:
            return index
    return None


def cancel(work: Work, *, silent: bool = False) -> Mapping[str, Any]:
    """Pop the person's flow with all that stands on it; the context for pattern_cancel_flow."""
    root = top_user_root(work)
    if root is None:
        work.leave(0)
        return {"nothing": True}
    ended = work.stack[root]
    work.leave(root, why="flow_cancelled")
    reset_slots_of(work, ended)
    give_up_floor(work, ended, completed=False, silent=silent)
    return {"flow": ended.flow, "nothing": False}


def start(work: Work, flow: str, values: Mapping[str, Any]) -> None:
    """Put a flow on top, with values that were said together with it."""
    kind = FrameKind.REGULAR
    if work.stack:
        kind = FrameKind.INTERRUPT
        interrupt(work, flow)
    work.push(flow, kind, stash=values)


def interrupt(work: Work, by: str) -> None:
    """For the log: the flow that the person is in stands back for another one."""
    work.note_each("flow_interrupted", work.spoken_with(), by=by)


def raise_group(work: Work, root: int, values: Mapping[str, Any]) -> None:
    """A flow further down comes to the top again."""
    end = root + 1
    while end < len(work.stack) and work.stack[end].kind is FrameKind.CALL:
        end += 1
    group = work.stack[root:end]
    del work.stack[root:end]
    interrupt(work, group[0].flow)
    kind = FrameKind.INTERRUPT if work.stack else group[0].kind
    group[0] = group[0]._replace(kind=kind, stash={**group[0].stash, **values})
    work.stack += group
    if group[0].trail:
        activate(work)
        work.note_each("flow_resumed", work.spoken_with())
