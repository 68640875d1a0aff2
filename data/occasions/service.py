"""Remembering days for a person, and forgetting them. Nobody but that person reads them (T52)."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from data.kernel.errors import Invalid, NotFound, Refused
from data.kernel.ids import OccasionId, new_id
from data.occasions.calendar import AnnualDate
from data.occasions.models import Occasion, OccasionKind, Reminder, ReminderState
from data.occasions.schedule import schedule_next
from data.occasions.subjects import same_name, seal_subject, subject_of
from data.people import Person, stop_profile
from data.people.quiet_hours import local_day, zone_of

LEAD_DAYS = 7  # time to choose, and for a parcel to arrive; our decision
_LONGEST_LEAD = 90  # our decision: a season ahead; must stay under the shortest lunar year (353)
_LONGEST_NAME = 80
_LONGEST_RELATION = 40
_MOST_OCCASIONS = 200  # our decision: more is not a family, it is a list of customers
_ADULT = 18


@dataclass(frozen=True, slots=True)
class DayToKeep:
    """What the person told: whose day (`subject` a name, or empty; `relation` a code), and when.

    `timezone` is where they want to be reminded; their own when not told.
    """

    kind: OccasionKind
    when: AnnualDate
    relation: str = ""
    subject: str = ""
    lead_days: int = LEAD_DAYS
    timezone: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.lead_days <= _LONGEST_LEAD:
            raise Invalid("lead_days")
        if not (self.subject or self.relation) and self.kind is not OccasionKind.FESTIVAL:
            raise Invalid("occasion_of_nobody")
        if len(self.subject) > _LONGEST_NAME or len(self.relation) > _LONGEST_RELATION:
            raise Invalid("occasion_name")


def save_occasion(session: Session, *, person: Person, day: DayToKeep, now: datetime) -> Occasion:
    """Keep the day and set its reminder. The same day of the same subject again corrects it."""
    if person.minor_since is not None or person.erased_at is not None:
        raise Refused("no_profile")
    zone = zone_of(day.timezone or person.timezone)
    # Two chats of one person could save the same day at once; their row lets one in at a time.
    session.get_one(Person, person.id, with_for_update=True)
    occasion = _the_same(session, person, day) or _begin(session, person, day, now)
    occasion.lead_days = day.lead_days
    occasion.timezone = zone.key
    occasion.when = _without_a_childs_year(day, local_day(now, zone).year)
    occasion.updated_at = now
    session.flush()
    _reconsider_skipped(session, occasion)
    schedule_next(session, occasion=occasion, now=now)
    return occasion


def occasions_of(session: Session, *, person: Person) -> list[Occasion]:
    """Everything this person has us remember, oldest first."""
    return list(
        session.scalars(
            select(Occasion)
            .where(Occasion.person_id == person.id, Occasion.merchant_id == person.merchant_id)
            .order_by(Occasion.created_at, Occasion.id)
        )
    )


def occasion_of(session: Session, *, person: Person, occasion_id: str) -> Occasion:
    """One of theirs; somebody else's looks exactly like one that does not exist."""
    occasion = session.get(Occasion, occasion_id)
    if occasion is None or (occasion.person_id, occasion.merchant_id) != (
        person.id,
        person.merchant_id,
    ):
        raise NotFound("occasion")
    return occasion


def forget_occasion(session: Session, *, person: Person, occasion_id: str) -> None:
    """Gone, with its reminders; an alarm that still rings finds nothing."""
    occasion = occasion_of(session, person=person, occasion_id=occasion_id)
    _delete(session, [occasion.id])


def forget_occasions(session: Session, *, person: Person) -> int:
    """All of them: the person leaves, or may not be profiled."""
    theirs = [occasion.id for occasion in occasions_of(session, person=person)]
    _delete(session, theirs)
    return len(theirs)


def protect_minor(session: Session, *, person: Person, now: datetime) -> None:
    """They said "I am 12": nothing is remembered and nobody writes to them first (T54)."""
    forget_occasions(session, person=person)
    stop_profile(session, person=person, now=now)


def _the_same(session: Session, person: Person, day: DayToKeep) -> Occasion | None:
    candidates = session.scalars(
        select(Occasion)
        .where(
            Occasion.person_id == person.id,
            Occasion.merchant_id == person.merchant_id,
            Occasion.kind == day.kind,
            Occasion.relation == day.relation,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return next((o for o in candidates if same_name(subject_of(session, o), day.subject)), None)


def _begin(session: Session, person: Person, day: DayToKeep, now: datetime) -> Occasion:
    if len(occasions_of(session, person=person)) >= _MOST_OCCASIONS:
        raise Refused("occasions_full")
    occasion = Occasion(
        id=OccasionId(new_id("occ")),
        merchant_id=person.merchant_id,
        person_id=person.id,
        kind=day.kind,
        relation=day.relation,
        created_at=now,
    )
    seal_subject(session, occasion, day.subject)
    session.add(occasion)
    return occasion


def _without_a_childs_year(day: DayToKeep, this_year: int) -> AnnualDate:
    """Of a child we keep the name and the day, never the year."""
    born = day.when.year if day.kind is OccasionKind.BIRTHDAY else None
    child = born is not None and this_year - born <= _ADULT
    return replace(day.when, year=None) if child else day.when


def _reconsider_skipped(session: Session, occasion: Occasion) -> None:
    """A return that was let go unsaid may be told of after all: they have just asked for it."""
    session.execute(
        delete(Reminder).where(
            Reminder.occasion_id == occasion.id, Reminder.state == ReminderState.SKIPPED
        )
    )


def _delete(session: Session, ids: list[str]) -> None:
    session.execute(delete(Reminder).where(Reminder.occasion_id.in_(ids)))
    session.execute(delete(Occasion).where(Occasion.id.in_(ids)))
