"""Carries out a plan on the stack. What is pushed last is said first."""

from dialogs.engine.cleaning import CONTINUE_INTERRUPTED, Plan
from dialogs.engine.commands import Act
from dialogs.engine.correcting import correct, go_back
from dialogs.engine.frames import cancel, raise_group, start
from dialogs.engine.state import FrameKind
from dialogs.engine.work import Work
from dialogs.format.flow import Collect


def carry_out(work: Work, plan: Plan) -> None:
    """Answers and corrections, then cancel, then new flows, then everything that is only said."""
    if plan.restart:
        restart(work)
        return
    corrected = _take_values(work, plan)
    silent = bool(plan.starts) or plan.handoff
    cancelled = cancel(work, silent=silent) if plan.cancel else None
    for flow in reversed(plan.starts):
        _start(work, flow, plan)
    if plan.handoff:
        work.push_pattern("human_handoff")
        return
    _push_asides(work, plan)
    if corrected is not None:
        work.push_pattern("correction", corrected)
    if cancelled is not None:
        work.push_pattern("cancel_flow", cancelled)
    for response in reversed(plan.chats):
        work.push_pattern("chitchat", {"response": response})
    _push_acts(work, plan)


def restart(work: Work) -> None:
    """Forget everything but what waits for an event: money may be on its way."""
    work.leave(0, why="flow_cancelled")
    work.slots.clear()
    work.push_pattern("restart")


def _take_values(work: Work, plan: Plan) -> dict[str, object] | None:
    """Gives the context of pattern_correction if there is something to say."""
    question = work.question()
    for slot, value in plan.answers.items():
        work.set_slot(slot, value, "question_answered")
    if question is not None and not plan.answers and not plan.handoff:
        _leave_question(work, plan, question)
    done = correct(work, plan.sets, plan.corrections)
    spoken = [slot for slot in plan.corrections if slot not in (*done.refused, *done.asked)]
    if done.refused or spoken:
        return {"refused": bool(done.refused), "slots": done.refused or spoken}
    return None


def _leave_question(work: Work, plan: Plan, question: Collect) -> None:
    """Skip it where the flow says what that means; go back where there is something before."""
    if plan.back and go_back(work):
        return
    if plan.skip and question.if_skipped is not None:
        work.set_slot(question.slot, question.if_skipped, "question_skipped")
    elif plan.skip:
        work.push_pattern("skip_question", {"slot": question.slot})


def _start(work: Work, flow: str, plan: Plan) -> None:
    values = plan.starts[flow]
    while work.stack and work.stack[-1].flow == CONTINUE_INTERRUPTED:
        work.leave(-1)  # naming a flow is an answer to "shall we go on?"
    index = next((i for i, frame in enumerate(work.stack) if frame.flow == flow), None)
    if index is None:
        start(work, flow, values)
        return
    root = work.root_of(index)
    is_on_top = root == work.root_of(len(work.stack) - 1)
    if not is_on_top and work.stack[root].is_root:
        raise_group(work, root, values)


def _push_asides(work: Work, plan: Plan) -> None:
    if plan.cannot is not None:
        idle = not work.stack  # no question comes after it
        work.push_pattern("cannot_handle", {"reason": plan.cannot, "idle": idle})
    if plan.candidates:
        work.push_pattern("clarification", {"flows": list(plan.candidates)}, quiet=True)
    if plan.repeat:
        work.push_pattern("repeat_bot_messages", quiet=True)


def _push_acts(work: Work, plan: Plan) -> None:
    """Presses on shared objects; with nothing else said, the open question is not asked again."""
    first, quiet = True, plan.is_quiet
    acts: list[Act] = list(reversed(plan.acts))
    for act in acts:
        work.push(act.action, FrameKind.ACT, context=act.values, quiet=quiet and first)
        first = False
