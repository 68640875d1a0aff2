"""A wait that a flow begins, written down by the events that end it and by what they are about."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from data.conversations import Awaited, Conversation, NewWait, begin_wait
from dialogs.engine import Wait
from dialogs.format.wait_events import WAIT_EVENTS, About


def begin_to_wait(
    session: Session, conversation: Conversation, wait: Wait, *, now: datetime
) -> None:
    new = NewWait(
        wait.wait,
        _awaited(wait, conversation.id),
        timedelta(seconds=wait.timeout),
        wait.frame,
        wait.after,
    )
    begin_wait(session, conversation=conversation, new=new, now=now)


def _awaited(wait: Wait, conversation_id: str) -> list[Awaited]:
    """What is about this conversation needs no slot to say so; what is about nothing only passes.
    An older version may name an event that is told no more."""
    keys = {About.TIME: "", About.CONVERSATION: conversation_id}
    told = {name: WAIT_EVENTS[name] for name in wait.events if name in WAIT_EVENTS}
    awaited = (
        Awaited(name, keys.get(event.about, wait.key), event.lasting)
        for name, event in told.items()
    )
    return [one for one in awaited if one.key]
