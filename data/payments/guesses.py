"""How many wrong codes one customer may try in a day, wherever they type them: one count for the
chat and the pay page, so that neither is a way around the other (T08)."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from data.kernel.errors import TooOften
from data.payments.guess_models import CodeMiss

_DAY = timedelta(days=1)
MOST = 20  # slips of the finger are far fewer; a coupon's code may be as short as three letters


def refuse_guesser(session: Session, *, person_id: str, now: datetime) -> None:
    """Raises TooOften, for the right code too."""
    missed = session.scalar(
        select(func.count())
        .select_from(CodeMiss)
        .where(CodeMiss.person_id == person_id, CodeMiss.at > now - _DAY)
    )
    if (missed or 0) >= MOST:
        raise TooOften("code")


def note_miss(session: Session, *, merchant_id: str, person_id: str, now: datetime) -> None:
    """And forget those of the days before."""
    session.execute(
        delete(CodeMiss).where(CodeMiss.person_id == person_id, CodeMiss.at <= now - _DAY)
    )
    session.add(CodeMiss(merchant_id=merchant_id, person_id=person_id, at=now))
    session.flush()
