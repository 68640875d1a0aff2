"""A `hand_back` job: nobody of the shop has answered, so the bot takes the chat back and says so.

The open question is asked again; the shop sees on its first page that nobody had answered.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.delivery.waking import stage_of
from data.conversations import Mode, set_mode
from data.conversations.handing import expect_staff, patience_ends
from data.delivery.models import Job
from dialogs.engine import HandBack
from dialogs.house import Cause, House
from dialogs.unspoken import Unspoken, take_unspoken

_NOTE = {"kind": "handed_back_unanswered"}


def hand_back_unanswered(session: Session, house: House, job: Job, now: datetime) -> None:
    """Staff may have answered meanwhile: then their silence is counted from there."""
    stage = stage_of(session, job.args["conversation_id"])
    until = patience_ends(session, stage.conversation)
    if until is None:
        return
    if until > now:
        expect_staff(session, conversation=stage.conversation, until=until, now=now)
        return
    conversation_id = stage.conversation.id
    set_mode(session, conversation_id=conversation_id, mode=Mode.BOT, now=now, unanswered=True)
    given = Unspoken(HandBack(), [_NOTE], opening="utter_handed_back_unanswered")
    take_unspoken(session, house, stage=stage, given=given, cause=Cause(f"job:{job.id}", now))
