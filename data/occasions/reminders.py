"""What happens when the alarm for a reminder rings.

Whoever turns the row from due to sent says it: one UPDATE decides. A return that is over before
any alarm could ring (the clock was turned, the house was dark) is skipped, never made up for.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data.conversations.handing import is_with_a_person
from data.delivery.jobs import JobRunner
from data.delivery.messages import Purpose
from data.delivery.models import Job
from data.kernel.database import changed
from data.kernel.facts import announce
from data.occasions.calendar import CalendarKind
from data.occasions.facts import ReminderDue
from data.occasions.models import Occasion, Reminder, ReminderState
from data.occasions.schedule import JOB_KIND, schedule_next, set_alarm
from data.occasions.subjects import subject_of
from data.people import Answer, Chat, Person, Verdict, private_chat_of, speak_first
from data.people.quiet_hours import local_day, zone_of

_NOWHERE = Verdict(Answer.NEVER, "unreachable")
_OVER = Verdict(Answer.NEVER, "over")
# While somebody of the shop has the chat we do not speak between; they rarely have it for days.
_LOOK_AGAIN = timedelta(hours=1)


def fire_reminder(
    session: Session, *, occasion_id: str, year: int, lead: int, now: datetime
) -> ReminderDue | None:
    """Announce the reminder if it is still to be said, and set the next alarm.

    None: somebody was faster, or it was moved, forgotten, put off or may not be said. The fact
    is announced here, once; it is returned only to be looked at.
    """
    # The lock keeps an edit of the same occasion from crossing.
    occasion = session.get(Occasion, occasion_id, with_for_update=True)
    if occasion is None:
        return None
    reminder = _claim(session, occasion, year=year, lead=lead, now=now)
    if reminder is None:
        return None
    person = session.get_one(Person, occasion.person_id)
    chat = private_chat_of(session, person=person)
    verdict = _leave_to_speak(session, person, chat, _days_left(occasion, reminder, now), now)
    if chat is None or verdict.answer is not Answer.NOW:
        _give_back(session, occasion, reminder, verdict, now)
        return None
    schedule_next(session, occasion=occasion, now=now)
    fact = _fact(session, occasion, reminder, chat, now)
    announce(session, fact, now=now)
    return fact


def _run_reminder(session: Session, job: Job, now: datetime) -> None:
    fire_reminder(session, **job.args, now=now)


JOBS: dict[str, JobRunner] = {JOB_KIND: _run_reminder}


def _claim(
    session: Session, occasion: Occasion, *, year: int, lead: int, now: datetime
) -> Reminder | None:
    this = (
        Reminder.occasion_id == occasion.id,
        Reminder.year == year,
        Reminder.lead == lead,
    )
    claimed = session.execute(
        update(Reminder)
        .where(*this, Reminder.state == ReminderState.DUE, Reminder.due_at <= now)
        .values(state=ReminderState.SENT, sent_at=now)
        .execution_options(synchronize_session=False)
    )
    if not changed(claimed):
        return None
    fresh = select(Reminder).where(*this).execution_options(populate_existing=True)
    return session.scalars(fresh).one()


def _leave_to_speak(
    session: Session, person: Person, chat: Chat | None, days_left: int, now: datetime
) -> Verdict:
    if days_left < 0:
        return _OVER
    if chat is None:
        return _NOWHERE
    if is_with_a_person(session, chat_id=chat.id, person_id=person.id):
        return Verdict(Answer.LATER, "with_a_person", now + _LOOK_AGAIN)
    return speak_first(session, person=person, chat=chat, purpose=Purpose.REMINDER, now=now)


def _give_back(
    session: Session, occasion: Occasion, reminder: Reminder, verdict: Verdict, now: datetime
) -> None:
    """Put it off while its day is still ahead; else let it go and look to the next year."""
    reminder.sent_at = None
    if verdict.at is not None and _days_left(occasion, reminder, verdict.at) >= 0:
        reminder.state, reminder.due_at = ReminderState.DUE, verdict.at
        session.flush()
        set_alarm(session, occasion=occasion, reminder=reminder, now=now)
        return
    reminder.state = ReminderState.SKIPPED
    session.flush()
    schedule_next(session, occasion=occasion, now=now, at_once=True)


def _days_left(occasion: Occasion, reminder: Reminder, moment: datetime) -> int:
    return (reminder.falls_on - local_day(moment, zone_of(occasion.timezone))).days


def _fact(
    session: Session, occasion: Occasion, reminder: Reminder, chat: Chat, now: datetime
) -> ReminderDue:
    return ReminderDue(
        merchant_id=occasion.merchant_id,
        occasion_id=occasion.id,
        person_id=occasion.person_id,
        chat_id=chat.id,
        kind=occasion.kind,
        relation=occasion.relation,
        subject=subject_of(session, occasion),
        on=reminder.falls_on,
        year=reminder.year,
        days_left=_days_left(occasion, reminder, now),
        turns=None if occasion.year is None else reminder.year - occasion.year,
        lunar=occasion.calendar == CalendarKind.LUNAR,
    )
