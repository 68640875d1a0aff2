"""What a messenger lets us say unasked: so many messages in a window that people open by doing
something, or one for each time they granted it.

An allowance is used up by one conditional update, so two couriers never spend the same one.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.orm import Session

from data.delivery.models import Allowance
from data.kernel.database import changed


class Place(NamedTuple):
    """Whose chat it is."""

    merchant_id: str
    chat_id: str


_TRIES = 5  # another courier may take the one we saw, each time


def open_window(
    session: Session, *, place: Place, source: str, uses: int, until: datetime, now: datetime
) -> None:
    """They did something (`source`: wrote, pressed the menu, …) that lets us say `uses` things
    until then. The same again opens it anew; windows of different sources stand side by side."""
    session.execute(
        delete(Allowance).where(Allowance.chat_id == place.chat_id, Allowance.source == source)
    )
    _add(session, place, source, uses, until, now)


def grant(session: Session, *, place: Place, source: str, now: datetime) -> None:
    """One message of this kind (a template) whenever we like; each grant counts."""
    _add(session, place, source, 1, None, now)


def spend(session: Session, *, chat_id: str, sources: Collection[str], now: datetime) -> str | None:
    """Use one up, the one that ends first; its source, or None where nothing is allowed."""
    for _ in range(_TRIES):
        found = session.execute(_open(chat_id, sources, now).limit(1)).one_or_none()
        if found is None:
            return None
        if _take(session, found.id):
            source: str = found.source
            return source
    return None


def give_back(session: Session, *, chat_id: str, source: str) -> None:
    """It was not used after all: the messenger could not be reached."""
    newest = (
        select(Allowance.id)
        .where(Allowance.chat_id == chat_id, Allowance.source == source)
        .order_by(Allowance.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    session.execute(
        update(Allowance)
        .where(Allowance.id == newest)
        .values(remaining=Allowance.remaining + 1)
        .execution_options(synchronize_session=False)
    )


def revoke(session: Session, *, chat_id: str, sources: Collection[str]) -> None:
    """They took it back, or the messenger says that it is none: nothing of it is left."""
    session.execute(
        delete(Allowance).where(Allowance.chat_id == chat_id, Allowance.source.in_(sources))
    )


def left(session: Session, *, chat_id: str, sources: Collection[str], now: datetime) -> int:
    """How many messages may still be said."""
    rows = session.execute(_open(chat_id, sources, now))
    return sum(row.remaining for row in rows)


def _open(chat_id: str, sources: Collection[str], now: datetime) -> Select[int, str, int]:
    """Those that end first come first; a grant does not end."""
    ends = Allowance.expires_at
    return (
        select(Allowance.id, Allowance.source, Allowance.remaining)
        .where(
            Allowance.chat_id == chat_id,
            Allowance.source.in_(sources),
            Allowance.remaining > 0,
            or_(ends.is_(None), ends > now),
        )
        .order_by(ends.is_(None), ends, Allowance.id)
    )


def _take(session: Session, allowance_id: int) -> bool:
    return bool(
        changed(
            session.execute(
                update(Allowance)
                .where(Allowance.id == allowance_id, Allowance.remaining > 0)
                .values(remaining=Allowance.remaining - 1)
                .execution_options(synchronize_session=False)
            )
        )
    )


def _add(
    session: Session, place: Place, source: str, uses: int, until: datetime | None, now: datetime
) -> None:
    row = Allowance(source=source, remaining=uses, expires_at=until, opened_at=now)
    row.merchant_id, row.chat_id = place
    session.add(row)
    session.flush()
