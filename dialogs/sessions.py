"""Who comes for the first time, or back after long, and only says hello is told what we can do."""

from datetime import datetime, timedelta

from data.delivery.inbound import InboundEvent
from dialogs.engine import StartPattern
from dialogs.hearing import Hearing
from dialogs.house import Stage
from dialogs.standing import state_of

PATTERN = "pattern_session_start"
LONG = timedelta(days=30)  # as long as an open flow is kept for somebody who says nothing
_START = "/start"  # what a messenger sends for the button that opens a chat with us


def opening(
    stage: Stage, event: InboundEvent, hearing: Hearing, *, now: datetime
) -> StartPattern | None:
    """In place of an answer to the greeting. Whoever comes with a wish gets that, and no speech."""
    understood, conversation = hearing.understood, stage.conversation
    if stage.chat.kind == "group" or understood is None or understood.intent != "greet":
        return None
    is_new = conversation.rev == 0
    is_back = now - conversation.last_at > LONG
    if state_of(conversation).lapsed:  # what was put aside is told instead
        return None
    if not (is_new or is_back or event.text.strip() == _START):
        return None
    return StartPattern(PATTERN, {"returning": not is_new})
