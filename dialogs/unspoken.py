"""What comes without a word of the person: an event from outside, a chat given back by staff, a
flow that had to wait before it could begin.

Where it breaks all of it is undone and apologised for, as a message's turn is: neither the job that
brought it nor the console may break with it.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from data.conversations import StaleConversation
from dialogs.engine import Failed, HandBack, Happened, Input
from dialogs.house import Cause, House, Stage
from dialogs.play import Play, TurnFailed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unspoken:
    """`opening`: a response to be said before all that comes of it, also before an apology."""

    taken: Input
    notes: Sequence[dict[str, Any]] = ()
    opening: str = ""


def take_unspoken(
    session: Session, house: House, *, stage: Stage, given: Unspoken, cause: Cause
) -> None:
    """Where even the apology breaks, all is dropped: nobody stands in a chat that is stuck."""

    def perform(what: Input, opening: str = given.opening) -> None:
        play = Play(session, house, stage, cause)
        if opening:
            play.answer(opening)
        play.perform(what, given.notes)

    # What begins or is taken over only now waits nowhere here: undone, it is gone.
    waited = given.taken if isinstance(given.taken, Happened | HandBack) else None
    reason = broke(session, stage, lambda: perform(given.taken))
    if reason and broke(session, stage, lambda: perform(Failed(reason, waited))):
        perform(Failed(reason, waited, hopeless=True), opening="")


def broke(session: Session, stage: Stage, act: Callable[[], None]) -> str:
    """Why the turn broke, with all of it undone; "" where it did not. What a stranger's answer or
    flow breaks is broken again by the same, so nobody waits for another try."""
    try:
        with session.begin_nested():
            act()
    except (StaleConversation, SQLAlchemyError):  # somebody was first, or the database is away
        raise
    except TurnFailed as failure:
        log.warning("turn of %s failed: %s", stage.conversation.id, failure)
        return str(failure) or "failed"
    except Exception as error:
        log.exception("turn of %s", stage.conversation.id)
        return type(error).__name__
    return ""
