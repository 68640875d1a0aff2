"""A `wake` job: an event from outside reaches the flow that waits for it. Of a person who has no
chat with us any more it waits until they have one again, for a month.
"""

import logging
from datetime import datetime

from sqlalchemy.orm import Session

from data.delivery.jobs import NewJob
from data.delivery.models import Job
from data.delivery.patience import try_later
from data.personal.parting import heir_of
from dialogs.engine import Happened
from dialogs.handing_on import hand_on
from dialogs.house import Cause, House, stage_of
from dialogs.unspoken import Unspoken, take_unspoken

log = logging.getLogger(__name__)
__all__ = ["stage_of", "wake_conversation"]


def wake_conversation(session: Session, house: House, job: Job, now: datetime) -> None:
    """`args`: conversation_id, event, key, payload, wait, number (data/conversations/waits.py)."""
    args = job.args
    happened = Happened(
        args["event"], args["key"], args["payload"], args["wait"], args.get("number", 0)
    )
    stage, cause = stage_of(session, args["conversation_id"]), Cause(f"job:{job.id}", now)
    heir = heir_of(session, conversation=stage.conversation)
    if heir is None:
        _try_later(session, job, stage.conversation.person_id, now)
    elif heir.id == stage.conversation.id:
        take_unspoken(session, house, stage=stage, given=Unspoken(happened), cause=cause)
    else:
        here = stage_of(session, heir.id)
        hand_on(session, house, there=stage, here=here, told=happened, cause=cause)


def _try_later(session: Session, job: Job, person_id: str, now: datetime) -> None:
    """In a lane of theirs, for the chat's is a stranger's by now; it ends when they are erased."""
    told = f"{job.args['conversation_id']}:{job.args['wait']}:{job.args['event']}"
    again = NewJob(
        lane=f"person:{person_id}",
        kind=job.kind,
        key=f"unheard:{told}:{job.args.get('number', 0)}",
        run_at=now,
        args=job.args,
        merchant_id=job.merchant_id,
    )
    if not try_later(session, again, now=now):
        log.warning("unheard wake %s", job.id)
