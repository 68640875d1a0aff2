"""What just became true, told inside the transaction that made it true.

A noun announces; nouns above it, and the dialogs, listen. Who listens is wired in bot/app.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

LISTENERS = "listeners"  # the key in Session.info


@dataclass(frozen=True, slots=True)
class Fact:
    """Subclassed by each noun: OrderPaid, TeamReached, ReminderDue …"""

    merchant_id: str


Listener = Callable[[Session, Fact, datetime], None]


def announce(session: Session, fact: Fact, *, now: datetime) -> None:
    """Tell every listener, in the order they were wired; an error undoes the whole transaction."""
    listeners: Sequence[Listener] = session.info.get(LISTENERS, ())
    for listen in listeners:
        listen(session, fact, now)
