"""A call of a merchant's own action: a turn begins it, and none is open while it is made.

What such an action may see is decided in dialogs/actions/contract.py.
"""

from sqlalchemy.orm import Session

from data.actions import NewCall, begin_call
from data.conversations import Conversation, Mode
from data.delivery.jobs import NewJob, enqueue
from dialogs.actions.contract import payload_of
from dialogs.actions.turn import PrivateStart
from dialogs.engine import RunAction
from dialogs.format import FlowSet
from dialogs.house import Cause, Stage

BEGIN = "begin"  # the job kind; args: conversation_id, flow, slots, version


def is_calling(conversation: Conversation | None) -> bool:
    """What is said now waits for the answer. Where a person of the shop listens, nothing waits."""
    return (
        conversation is not None
        and conversation.mode == Mode.BOT
        and "pending" in conversation.snapshot
    )


def call_action(
    session: Session, stage: Stage, cause: Cause, *, wanted: RunAction, flow_set: FlowSet, said: str
) -> None:
    """It is made when the turn is committed. `said`: the words that led here, if they are told."""
    known = wanted._replace(slots={**wanted.slots, **wanted.values})
    payload = payload_of(known, flow_set.domain, sender=stage.conversation.id, text=said)
    new = NewCall(wanted.call, wanted.name, wanted.version, payload, cause.inbox_id)
    begin_call(session, conversation=stage.conversation, new=new, now=cause.now)


def begin_later(session: Session, *, stage: Stage, start: PrivateStart, cause: Cause) -> None:
    """A flow that another chat wants to go on with here, as soon as the call is over."""
    conversation = stage.conversation
    job = NewJob(
        lane=f"chat:{conversation.chat_id}",
        kind=BEGIN,
        key=f"{BEGIN}:{conversation.id}:{cause.key}",
        run_at=cause.now,
        args={
            "conversation_id": conversation.id,
            "flow": start.flow,
            "slots": dict(start.slots),
            "version": start.version,
        },
        merchant_id=conversation.merchant_id,
    )
    enqueue(session, job, now=cause.now)
