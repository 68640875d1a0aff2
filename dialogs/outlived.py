"""A question about a common order that is over by now: nobody is told so before they speak, so what
they say next is an answer only where it can be nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from data.conversations import Conversation
from data.split_orders.moving import is_running, split_now
from dialogs.engine.commands import SetSlot
from dialogs.standing import state_of
from dialogs.understanding import Context, Understood
from dialogs.understanding.answers import takes_text

_ABOUT_SPLITS = frozenset(("split_add", "split_leave", "split_off"))
_CHOSEN = frozenset(("payload", "offered"))  # one of the buttons, or of the goods shown


def is_outlived(
    session: Session, conversation: Conversation | None, context: Context, *, now: datetime
) -> bool:
    """Amid any other question the database is not asked."""
    asked = context.asked
    if context.active_flow not in _ABOUT_SPLITS or asked is None:
        return False
    split_id = state_of(conversation).slots.get("split")
    if asked.slot not in context.active_slots or not isinstance(split_id, str):
        return False
    return not is_running(split_now(session, split_id), now)


def read_anew(
    understood: Understood, context: Context, again: Callable[[Context], Understood]
) -> Understood:
    """A choice, a yes or a no stay answers, and hear that it is over; all else is understood
    `again` as if nothing were asked."""
    if understood.link in _CHOSEN or _answers(understood, context):
        return understood
    return again(replace(context, asked=None, active_flow=None, active_slots=frozenset()))


def _answers(understood: Understood, context: Context) -> bool:
    """A question for free words would take anything."""
    if context.asked is None or takes_text(context):
        return False
    said = (one for one in understood.commands if isinstance(one, SetSlot))
    return any(one.slot == context.asked.slot for one in said)
