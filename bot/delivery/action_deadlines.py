"""Jobs around a call of an action: its deadline, and a flow that waited for it to begin."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.delivery.waking import stage_of
from data.actions import wait_for_call
from data.conversations import Conversation, StaleConversation
from data.delivery.models import Job
from data.personal.parting import heir_of
from dialogs.actions.contract import Reason
from dialogs.actions.turn import PrivateStart
from dialogs.answering import give_up
from dialogs.calling import is_calling
from dialogs.house import Cause, House
from dialogs.turn import begin


def end_at_deadline(session: Session, house: House, job: Job, now: datetime) -> None:
    """`args`: conversation_id, call. Nobody answered in time; the conversation goes on."""
    stage = stage_of(session, job.args["conversation_id"])
    cause = Cause(f"job:{job.id}", now)
    call = job.args["call"]
    give_up(session, house, stage=stage, call=call, reason=Reason.TIMEOUT, cause=cause)


def begin_at_last(session: Session, house: House, job: Job, now: datetime) -> None:
    """`args`: conversation_id, flow, slots, version (dialogs/calling.py)."""
    asked = session.get_one(Conversation, job.args["conversation_id"])
    heir = heir_of(session, conversation=asked)
    if heir is None:
        return
    stage = stage_of(session, heir.id)
    conversation = stage.conversation
    if not is_calling(conversation):
        version = job.args.get("version")
        start = PrivateStart(stage.person.id, job.args["flow"], job.args["slots"], version)
        begin(session, house, stage=stage, start=start, cause=Cause(f"job:{job.id}", now))
    elif not wait_for_call(session, conversation_id=conversation.id, job_id=job.id, now=now):
        raise StaleConversation(conversation.id)
