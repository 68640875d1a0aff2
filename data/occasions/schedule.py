"""Setting the alarm: which return of an occasion is told of next, and when.

The Reminder row is the truth, the job only an alarm clock: one that was moved rings for nothing.
"""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from data.delivery.jobs import NewJob, enqueue
from data.merchants import Merchant
from data.occasions.calendar import CalendarRules
from data.occasions.models import Occasion, Reminder, ReminderState
from data.occasions.timing import Rhythm, next_morning, plan_next
from data.people import ContactPolicy
from data.people.quiet_hours import zone_of

JOB_KIND = "reminder_due"


def schedule_next(
    session: Session, *, occasion: Occasion, now: datetime, at_once: bool = False
) -> Reminder:
    """Set the alarm for the next return, in place of one that is set.

    Where the lead day has passed: the next morning, for they spoke of it today; or `at_once`.
    """
    session.execute(
        delete(Reminder).where(
            Reminder.occasion_id == occasion.id, Reminder.state == ReminderState.DUE
        )
    )
    rhythm = _rhythm(session, occasion)
    planned = plan_next(
        occasion.when,
        rhythm=rhythm,
        now=now,
        done=_last_year_done(session, occasion),
        late=now if at_once else next_morning(now, rhythm.zone),
    )
    reminder = Reminder(
        merchant_id=occasion.merchant_id,
        occasion_id=occasion.id,
        year=planned.year,
        lead=occasion.lead_days,
        falls_on=planned.on,
        due_at=planned.due_at,
        state=ReminderState.DUE,
    )
    session.add(reminder)
    session.flush()
    set_alarm(session, occasion=occasion, reminder=reminder, now=now)
    return reminder


def set_alarm(session: Session, *, occasion: Occasion, reminder: Reminder, now: datetime) -> None:
    """Wake somebody at `due_at`. The moment is part of the key: a moved reminder rings again."""
    name = f"{occasion.id}:{reminder.year}:{reminder.lead}"
    enqueue(
        session,
        NewJob(
            lane=f"person:{occasion.person_id}",
            kind=JOB_KIND,
            key=f"reminder:{name}:{int(reminder.due_at.timestamp())}",
            run_at=reminder.due_at,
            args={"occasion_id": occasion.id, "year": reminder.year, "lead": reminder.lead},
            merchant_id=occasion.merchant_id,
        ),
        now=now,
    )


def _last_year_done(session: Session, occasion: Occasion) -> int | None:
    return session.scalar(
        select(func.max(Reminder.year)).where(
            Reminder.occasion_id == occasion.id, Reminder.state != ReminderState.DUE
        )
    )


def _rhythm(session: Session, occasion: Occasion) -> Rhythm:
    merchant = session.get_one(Merchant, occasion.merchant_id)
    return Rhythm(
        lead_days=occasion.lead_days,
        zone=zone_of(occasion.timezone),
        quiet=ContactPolicy.of(merchant).quiet,
        rules=CalendarRules.of(merchant.settings.get("calendar", {})),
    )
