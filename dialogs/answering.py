"""What an action answered between two turns, taken as an input of its conversation, once.

The end of the call and the turn it makes possible commit together. What dialogs/actions/answers.py
does not let through is no answer: then the flow goes back to its last question, with an apology.
"""

from dataclasses import replace
from itertools import count

from sqlalchemy.orm import Session

from data.actions import CallState, DueCall, end_call
from data.delivery.messages import OutboundMessage
from data.delivery.outbox import Letter
from dialogs.actions.answers import read_answer, refusal_of, result_of
from dialogs.actions.contract import CallFailed
from dialogs.engine import ActionAnswered, ActionFailed, ActionResult, Input
from dialogs.house import Cause, House, Stage
from dialogs.play import Play
from dialogs.standing import state_of
from dialogs.unspoken import broke


def take_answer(
    session: Session,
    house: House,
    *,
    stage: Stage,
    call: DueCall,
    answer: object,
    cause: Cause,
) -> CallFailed | None:
    """`answer`: as it came, or the CallFailed that says why none came. Gives what was wrong."""
    try:
        result = _result(session, house, stage, call.version, answer)
    except CallFailed as failed:
        give_up(session, house, stage=stage, call=call.call, reason=failed.reason, cause=cause)
        return failed
    if not _end(session, stage, call.call, CallState.ANSWERED, cause):
        return None
    answered = ActionAnswered(call.call, result)
    reason = _broke(session, house, stage, answered, cause)
    if reason:
        _apologise(session, house, stage, ActionFailed(call.call, reason), cause)
    return None


def give_up(
    session: Session, house: House, *, stage: Stage, call: int, reason: str, cause: Cause
) -> None:
    """No answer, or none in time; harmless where one was taken before."""
    if _end(session, stage, call, CallState.FAILED, cause, reason):
        _apologise(session, house, stage, ActionFailed(call, reason), cause)


def pass_over(session: Session, house: House, *, stage: Stage, cause: Cause) -> None:
    """A rehearsal calls nobody: as if each action had answered, and had nothing to say."""
    for number in count(1):
        pending = state_of(stage.conversation).pending
        if pending is None or not _end(session, stage, pending.call, CallState.ANSWERED, cause):
            return
        numbered = replace(cause, key=f"{cause.key}:{number}")
        silent = ActionAnswered(pending.call, ActionResult({"refusal": None}))
        Play(session, house, stage, numbered).perform(silent, [])


def _result(
    session: Session, house: House, stage: Stage, version: str, answer: object
) -> ActionResult:
    if isinstance(answer, CallFailed):
        refusal = refusal_of(answer)
        if refusal is None:
            raise answer
        return refusal
    flow_set = house.flows.get(session, merchant_id=stage.merchant.id, sha=version)

    def letter(message: OutboundMessage) -> Letter:
        return Letter(stage.chat.id, message, person_id=stage.person.id)

    said = read_answer(answer, flow_set.domain)
    slots = state_of(stage.conversation).slots
    return result_of(said, flow_set=flow_set, slots=slots, letter=letter)


def _end(  # whose, which, how
    session: Session, stage: Stage, call: int, state: CallState, cause: Cause, reason: str = ""
) -> bool:
    return end_call(
        session,
        conversation_id=stage.conversation.id,
        call=call,
        state=state,
        now=cause.now,
        reason=reason,
    )


def _apologise(
    session: Session, house: House, stage: Stage, failed: ActionFailed, cause: Cause
) -> None:
    """Where even that breaks, all is dropped: nobody stands in a conversation that is stuck."""
    if _broke(session, house, stage, failed, cause):
        hopeless = ActionFailed(failed.call, failed.reason, hopeless=True)
        Play(session, house, stage, cause).perform(hopeless, [])


def _broke(session: Session, house: House, stage: Stage, given: Input, cause: Cause) -> str:
    play = Play(session, house, stage, cause)
    return broke(session, stage, lambda: play.perform(given))
