"""What a person of the shop has to know about a payment that was made: raised once, then closed."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from data.kernel.errors import NotFound
from data.kernel.money import Money
from data.kernel.once import insert_once
from data.payments.models import PaymentAttempt
from data.payments.standing_models import Alarm, PaymentAlarm

# What it is enough to know of; the others end when what they warn of does.
TOLD = frozenset(
    {
        Alarm.REFUNDED_THERE,
        Alarm.REFUND_UNTOLD,
        Alarm.REFUND_NO_ROOM,
        Alarm.DISPUTE_LOST,
    }
)
_LONGEST_NAME, _LONGEST_ABOUT = 120, 128


def raise_alarm(
    session: Session,
    attempt: PaymentAttempt,
    what: Alarm,
    *,
    about: str,
    amount: Money | None,
    now: datetime,
) -> bool:
    """False: it was raised before. One that settled itself may come back, one that somebody has
    looked at does not."""
    about = about[:_LONGEST_ABOUT]
    number = insert_once(
        session,
        PaymentAlarm,
        merchant_id=attempt.merchant_id,
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        what=what,
        about=about,
        amount_minor=amount.minor if amount else None,
        currency=amount.currency if amount else None,
        raised_at=now,
        closed_by="",
    )
    if number is not None:
        return True
    known = session.scalars(_one(attempt.id, what, about)).one()
    if known.closed_at is None or known.closed_by:
        return False
    known.raised_at, known.closed_at = now, None
    session.flush()
    return True


def settle_alarm(
    session: Session, attempt_id: str, what: Alarm, *, about: str, now: datetime
) -> None:
    """What it warned of is over by itself."""
    known = session.scalar(_one(attempt_id, what, about[:_LONGEST_ABOUT]))
    if known is not None and known.closed_at is None:
        known.closed_at = now
        session.flush()


def dismiss_alarm(
    session: Session, *, merchant_id: str, alarm_id: int, by: str, now: datetime
) -> None:
    """Somebody has looked. NotFound: not this shop's, closed already, or not over by looking."""
    mine = select(PaymentAlarm).filter_by(id=alarm_id, merchant_id=merchant_id, closed_at=None)
    told = mine.where(PaymentAlarm.what.in_(TOLD))
    alarm = session.scalar(told.with_for_update())
    if alarm is None:
        raise NotFound("payment_alarm")
    alarm.closed_at, alarm.closed_by = now, by[:_LONGEST_NAME]
    session.flush()


def _one(attempt_id: str, what: Alarm, about: str) -> Select[PaymentAlarm]:
    return select(PaymentAlarm).filter_by(attempt_id=attempt_id, what=what, about=about)
