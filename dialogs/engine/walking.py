"""What each kind of step does when the frame on top stands at it."""

from collections.abc import Callable, Mapping
from typing import Any

from dialogs.engine.frames import (
    begin,
    end_act,
    enter,
    finish,
    give_up_floor,
    go_on,
    reset_slots_of,
)
from dialogs.engine.outcome import GoPrivate
from dialogs.engine.own_actions import OWN_ACTIONS, OWN_ACTS
from dialogs.engine.state import Asking, ChatKind, FrameKind
from dialogs.engine.waiting import park
from dialogs.engine.work import Work
from dialogs.format.flow import (
    END,
    ActionStep,
    Call,
    Collect,
    Link,
    Noop,
    SetSlots,
    WaitStep,
)

HUMAN_HANDOFF = "pattern_human_handoff"


def advance(work: Work) -> None:
    """Walk until something is asked, an action must be run, or nothing is left to do."""
    while work.stack and not work.listening and work.pending is None:
        work.spend()
        frame = work.stack[-1]
        if frame.kind is FrameKind.ACT:
            _press(work)
        elif not frame.trail:
            _begin(work)
        elif frame.step == END:
            finish(work)
        else:
            step = work.step(frame)
            _WALK[type(step)](work, step)


def _press(work: Work) -> None:
    """One action beside all flows."""
    name = work.stack[-1].flow
    if name in OWN_ACTS:
        OWN_ACTS[name](work)
        end_act(work)
    else:
        work.request(name, Asking.ACT)


def _begin(work: Work) -> None:
    """A flow that is private as a whole takes no step where others read along."""
    frame = work.stack[-1]
    if work.chat_kind is ChatKind.GROUP and work.flow(frame).private:
        follows = frame.kind in (FrameKind.CALL, FrameKind.LINK)
        _go_private(work, work.slots if follows else {**frame.context, **frame.stash})
    else:
        begin(work)


def collect(work: Work, step: Collect, *, validated: bool = False) -> None:
    """Accept what the slot holds, or ask; a validation empties what it does not accept."""
    if validated and work.slots.get(step.slot) is None:
        work.note("answer_rejected", slot=step.slot, by=step.validate)
    if work.slots.get(step.slot) is None or (not validated and _reject(work, step)):
        _ask(work, step)
    elif step.validate and not validated:
        work.request(step.validate, Asking.VALIDATION, slot=step.slot)
    else:
        go_on(work, step)


def _reject(work: Work, step: Collect) -> bool:
    frame = work.stack[-1]
    for rejection in step.rejections:
        if rejection.condition(work.slots, work.context(frame)):
            work.say(rejection.utter, frame)
            work.slots[step.slot] = None
            work.note("answer_rejected", frame, slot=step.slot, utter=rejection.utter)
            return True
    return False


def _ask(work: Work, step: Collect) -> None:
    frame = work.stack[-1]
    if is_withheld(work, step.slot) or _is_asked_alone(work, step.ask):
        _go_private(work, work.slots, slot=step.slot)
        return
    work.note("question_asked", frame, slot=step.slot)
    if step.ask.startswith("utter_"):
        work.say(step.ask, frame, question=step.slot)
        work.listening = True
    else:
        work.request(step.ask, Asking.QUESTION, slot=step.slot)


def _go_private(work: Work, known: Mapping[str, Any], *, slot: str = "") -> None:
    """The flow leaves this chat with its values; what was below it goes on here."""
    frame = work.stack[-1]
    slots = {name: value for name, value in known.items() if value is not None}
    work.effects.append(GoPrivate(slot, frame.flow, frame.version, slots))
    work.note("sent_private", frame, slot=slot)
    root = work.root_of(len(work.stack) - 1)
    ended = work.stack[root]
    work.leave(root)
    if ended.trail:  # else it has taken no slot from those below
        reset_slots_of(work, ended)
    if ended.is_root:
        give_up_floor(work, ended, completed=False)


def _is_asked_alone(work: Work, response: str) -> bool:
    """Its answer is looked for where it is asked."""
    declared = work.flow_set().domain.responses.get(response)
    return work.chat_kind is ChatKind.GROUP and declared is not None and declared.private


def is_withheld(work: Work, slot: str) -> bool:
    """A private question is never asked, nor its answer taken, where others read along."""
    declared = work.flow_set().domain.slots.get(slot)
    return work.chat_kind is ChatKind.GROUP and declared is not None and declared.private


def _act(work: Work, step: ActionStep) -> None:
    if step.name.startswith("utter_"):
        work.say(step.name, work.stack[-1])
    elif step.name in OWN_ACTIONS:
        OWN_ACTIONS[step.name](work)
    else:
        work.request(step.name, Asking.STEP)
        return
    go_on(work, step)


def _set_slots(work: Work, step: SetSlots) -> None:
    for slot, value in step.values:
        work.set_slot(slot, value)
    go_on(work, step)


def _call(work: Work, step: Call) -> None:
    work.push(step.flow, FrameKind.CALL)


def _link(work: Work, step: Link) -> None:
    """The target goes under this flow, which then ends; only a person takes over at once."""
    enter(work, END)
    if step.flow == HUMAN_HANDOFF:
        work.push_pattern("human_handoff")
        return
    root = work.root_of(len(work.stack) - 1)
    work.stack.insert(root, work.new_frame(step.flow, FrameKind.LINK))


_WALK: Mapping[type, Callable[[Work, Any], None]] = {
    Collect: collect,
    ActionStep: _act,
    SetSlots: _set_slots,
    Noop: go_on,
    Call: _call,
    Link: _link,
    WaitStep: park,
}
