"""Nobody keeps from others what they do not pay for (T38): who let three promises in a row lapse,
of whatever kind (a seat, a share of a present, a part of a common order), makes none for an hour.
"""

from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import bindparam, case, func, null, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.kernel.database import table_of
from data.kernel.errors import TooOften
from data.kernel.once import insert_once
from data.kernel.prepared import Prepared
from data.people.taker_models import SeatTaker

# Numbers of T38.
LAPSES_BEFORE_PAUSE = 3
PAUSE = timedelta(hours=1)

_TAKERS = table_of(SeatTaker)


@cache
def _lock(dialect_name: str) -> Prepared:
    """Theirs is made or locked, and a pause that is over forgotten; none comes back while they
    are paused."""
    now = bindparam("now", type_=_TAKERS.c.paused_until.type)
    new = (sqlite if dialect_name == "sqlite" else postgresql).insert(_TAKERS)
    free = new.on_conflict_do_update(
        index_elements=[_TAKERS.c.person_id],
        set_={"paused_until": null()},
        where=func.coalesce(_TAKERS.c.paused_until, now) <= now,
    )
    return Prepared(free.returning(_TAKERS.c.person_id), ("person_id", "merchant_id"))


def lock_taker(session: Session, merchant_id: str, person_id: str, now: datetime) -> None:
    lock = _lock(session.get_bind().dialect.name)
    if lock.scalar(session, person_id=person_id, merchant_id=merchant_id, now=now) is None:
        raise TooOften("seat_paused", until=_paused_until(session, person_id))


def refuse_paused(session: Session, *, merchant_id: str, person_id: str, now: datetime) -> None:
    """The same for whoever is locked as a person already: theirs is made, so that lapses count, and
    not locked, since whoever counts one may hold what comes after it."""
    insert_once(session, SeatTaker, person_id=person_id, merchant_id=merchant_id, lapses=0)
    until = _paused_until(session, person_id)
    if until is not None and until > now:
        raise TooOften("seat_paused", until=until)


def _paused_until(session: Session, person_id: str) -> datetime | None:
    return session.scalar(select(SeatTaker.paused_until).where(SeatTaker.person_id == person_id))


def count_lapse(session: Session, *, person_id: str, now: datetime) -> None:
    """They let something run out unpaid; the third in a row pauses them."""
    too_many = SeatTaker.lapses + 1 >= LAPSES_BEFORE_PAUSE
    session.execute(
        update(SeatTaker)
        .where(SeatTaker.person_id == person_id)
        .values(
            lapses=case((too_many, 0), else_=SeatTaker.lapses + 1),
            paused_until=case((too_many, now + PAUSE), else_=SeatTaker.paused_until),
        )
        .execution_options(synchronize_session=False)
    )


def forgive(session: Session, *, person_id: str) -> None:
    """They paid: earlier lapses no longer count."""
    session.execute(
        update(SeatTaker)
        .where(SeatTaker.person_id == person_id, SeatTaker.lapses > 0)
        .values(lapses=0)
        .execution_options(synchronize_session=False)
    )
