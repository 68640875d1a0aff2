"""While an action runs between turns: its frame stands still, and only its own answer moves it.

Messages wait outside (the conversation's lane). Should one come here all the same, or a start from
elsewhere, it changes nothing. An event makes its parked flow ready, which goes on afterwards.
"""

from dialogs.engine.correcting import go_back
from dialogs.engine.frames import activate, cancel
from dialogs.engine.inputs import ActionFailed, Failed, Heard, Input, StartPattern
from dialogs.engine.state import Asking, FrameKind, Mode, Pending
from dialogs.engine.waiting import give_up, ready
from dialogs.engine.work import PATTERN, Work
from dialogs.format.flow import END, Collect

NEED_THE_FLOOR = (Heard, StartPattern, Failed)
_APOLOGY = PATTERN + "internal_error"


def note_held(work: Work, event: Input) -> None:
    work.note("not_now", input=type(event).__name__)
    work.listening = True


def is_answered(work: Work, call: int) -> bool:
    """Late, repeated, or its frame is gone: the number tells, and nothing is changed."""
    pending = work.pending
    if pending is None or pending.call != call:
        work.note("answer_ignored", call=call)
        work.listening = True
        return False
    if _stands(work, pending):
        return True
    work.pending = None  # its flow was moved to another version meanwhile: go on from there
    work.note("answer_ignored", call=call)
    return False


def _stands(work: Work, pending: Pending) -> bool:
    if not work.stack or work.stack[-1].id != pending.frame:
        return False
    frame = work.stack[-1]
    if pending.why is Asking.ACT:
        return frame.kind is FrameKind.ACT
    if frame.step == END:
        return False
    step = work.step(frame)
    return isinstance(step, Collect) or getattr(step, "name", None) == pending.action


def fail(work: Work, event: ActionFailed) -> None:
    """The question before it is open again; a flow that has none ends. Then we apologise."""
    pending = work.pending
    assert pending is not None  # noqa: S101  # `is_answered` has looked; mypy needs it said
    work.pending = None
    work.note("action_failed", action=pending.action, call=event.call, reason=event.reason)
    if event.hopeless:
        drop_all(work)
        return
    apologising = any(frame.flow == _APOLOGY for frame in work.stack)
    _leave(work, pending)
    if work.mode is not Mode.HUMAN and not apologising:
        work.push_pattern("internal_error", {"reason": event.reason})


def drop_all(work: Work) -> None:
    """With what was to go on now: it may be what broke, and would break every later turn."""
    work.leave(0, why="flow_cancelled")
    give_up(work, ready(work))
    work.slots.clear()


def _leave(work: Work, pending: Pending) -> None:
    step = None if pending.why is Asking.ACT else work.step(work.stack[-1])
    if pending.why is Asking.VALIDATION and isinstance(step, Collect):
        work.slots[step.slot] = None  # not known to be right, so it is asked again
    elif pending.why is not Asking.STEP or not go_back(work):
        _end(work)


def _end(work: Work) -> None:
    """The flow, pattern or press in which it happened."""
    root = work.root_of(len(work.stack) - 1)
    if work.stack[root].is_root:
        cancel(work, silent=True)
        return
    work.leave(root)
    if work.stack:
        activate(work)
