"""A day is told of once a year, at a kind hour, however the clock is turned (I13)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier, Event
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from data.delivery.models import Job
from data.kernel.database import Database
from data.merchants import ChannelAccount
from data.occasions import (
    AnnualDate,
    CalendarKind,
    DayToKeep,
    Occasion,
    OccasionKind,
    Reminder,
    ReminderDue,
    ReminderState,
    fire_reminder,
    forget_occasion,
    next_on,
    save_occasion,
)
from data.occasions.calendar import next_occurrence
from data.occasions.timing import next_morning
from data.people import Chat, ConsentPurpose, Person, grant_consent, opt_out
from data.people.quiet_hours import QuietHours
from tests.builders import NOW
from tests.data.occasions.household import ASKED, Listener, a_chat, a_customer, answer_alarms

MID_AUTUMN = AnnualDate(CalendarKind.LUNAR, 8, 15)
THIRD_OF_MAY = AnnualDate(CalendarKind.SOLAR, 5, 3)
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Asia/Taipei"]


def mums(when: AnnualDate, *, lead_days: int = 7, timezone: str | None = None) -> DayToKeep:
    return DayToKeep(
        OccasionKind.BIRTHDAY, when, relation="mother", lead_days=lead_days, timezone=timezone
    )


def keep(session: Session, person: Person, day: DayToKeep, now: datetime = NOW) -> Occasion:
    return save_occasion(session, person=person, day=day, now=now)


def the_due(session: Session, occasion: Occasion) -> Reminder:
    return session.scalars(
        select(Reminder).where(
            Reminder.occasion_id == occasion.id, Reminder.state == ReminderState.DUE
        )
    ).one()


def at(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone))  # type: ignore[misc,arg-type]  # year, month, day …


def test_seven_days_before_at_half_past_nine_a_reminder_is_announced(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        hears = Listener().listen_to(session)
        person = a_customer(session)
        occasion = keep(session, person, mums(MID_AUTUMN))
        due = at("Asia/Shanghai", 2027, 9, 8, 9, 30)  # Mid-Autumn 2027 is 15 September
        answer_alarms(session, now=due - timedelta(seconds=1))
        assert hears.heard == []
        answer_alarms(session, now=due)
        [(_, fact)] = hears.heard
        assert (fact.on, fact.days_left, fact.year) == (date(2027, 9, 15), 7, 2027)
        assert (fact.occasion_id, fact.person_id) == (occasion.id, person.id)
        assert (fact.kind, fact.relation, fact.lunar) == ("birthday", "mother", True)


@pytest.mark.parametrize("zone", ZONES)
def test_it_is_half_past_nine_on_the_wall_in_summer_and_in_winter(
    database: Database, zone: str
) -> None:
    with database.transaction() as session:
        person = a_customer(session, timezone=zone)
        summer = keep(session, person, mums(AnnualDate(CalendarKind.SOLAR, 7, 20)))
        winter = keep(
            session,
            person,
            DayToKeep(OccasionKind.ANNIVERSARY, AnnualDate(CalendarKind.SOLAR, 1, 20), "wife"),
        )
        assert the_due(session, summer).due_at == at(zone, 2027, 7, 13, 9, 30)
        assert the_due(session, winter).due_at == at(zone, 2027, 1, 13, 9, 30)


@pytest.mark.parametrize(
    ("month", "day", "saved", "half_past_nine"),
    [
        (4, 4, NOW, datetime(2027, 3, 28, 7, 30, tzinfo=UTC)),  # summer time began at night
        (11, 7, NOW + timedelta(days=30), datetime(2027, 10, 31, 8, 30, tzinfo=UTC)),  # it ended
    ],
)
def test_on_the_days_when_clocks_change_it_is_still_half_past_nine(
    database: Database, month: int, day: int, saved: datetime, half_past_nine: datetime
) -> None:
    with database.transaction() as session:
        person = a_customer(session, timezone="Europe/Berlin")
        when = AnnualDate(CalendarKind.SOLAR, month, day)
        assert the_due(session, keep(session, person, mums(when), saved)).due_at == half_past_nine


def test_a_persons_own_zone_decides_not_the_shops(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session, timezone="Asia/Shanghai")
        occasion = keep(session, person, mums(THIRD_OF_MAY, timezone="America/New_York"))
        assert the_due(session, occasion).due_at == at("America/New_York", 2027, 4, 26, 9, 30)


def test_saved_inside_the_lead_it_comes_the_next_morning(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        occasion = keep(session, person, mums(AnnualDate(CalendarKind.SOLAR, 11, 25)))
        reminder = the_due(session, occasion)
        assert reminder.falls_on == date(2026, 11, 25)
        assert reminder.due_at == at("Asia/Shanghai", 2026, 11, 23, 9, 30)


def test_saved_on_the_day_itself_after_its_morning_it_waits_for_next_year(
    database: Database,
) -> None:
    with database.transaction() as session:
        person = a_customer(session)  # now it is 22 November, 10:00
        occasion = keep(session, person, mums(AnnualDate(CalendarKind.SOLAR, 11, 22)))
        assert the_due(session, occasion).falls_on == date(2027, 11, 22)


def test_a_shop_that_opens_late_moves_the_hour(database: Database) -> None:
    with database.transaction() as session:
        late = {"contact": {"quiet": ["21:00", "10:15"]}}
        person = a_customer(session, settings=late)
        occasion = keep(session, person, mums(THIRD_OF_MAY))
        assert the_due(session, occasion).due_at == at("Asia/Shanghai", 2027, 4, 26, 10, 15)


def test_a_worker_that_wakes_at_night_waits_for_the_morning(database: Database) -> None:
    with database.transaction() as session:
        hears = Listener().listen_to(session)
        person = a_customer(session)
        keep(session, person, mums(THIRD_OF_MAY))
        answer_alarms(session, now=at("Asia/Shanghai", 2027, 4, 27, 23, 0))
        assert hears.heard == []
        answer_alarms(session, now=at("Asia/Shanghai", 2027, 4, 28, 8, 0))
        assert [fact.days_left for _, fact in hears.heard] == [5]


def test_i13_ringing_again_and_again_says_it_once(each_database: Database) -> None:
    with each_database.transaction() as session:
        hears = Listener().listen_to(session)
        person = a_customer(session)
        occasion = keep(session, person, mums(THIRD_OF_MAY))
        due = at("Asia/Shanghai", 2027, 4, 26, 9, 30)
        for hours in range(0, 200, 5):
            fire_reminder(
                session,
                occasion_id=occasion.id,
                year=2027,
                lead=7,
                now=due + timedelta(hours=hours),
            )
        assert len(hears.heard) == 1
        assert the_due(session, occasion).year == 2028


def test_i13_two_workers_with_one_alarm_say_it_once(each_database: Database) -> None:
    with each_database.transaction() as session:
        occasion_id = keep(session, a_customer(session), mums(THIRD_OF_MAY)).id
    due, start = at("Asia/Shanghai", 2027, 4, 26, 9, 30), Barrier(6)

    def worker(_number: int) -> ReminderDue | None:
        start.wait()
        with each_database.transaction() as session:
            return fire_reminder(session, occasion_id=occasion_id, year=2027, lead=7, now=due)

    with ThreadPoolExecutor(6) as pool:
        facts = list(pool.map(worker, range(6)))
    assert sum(fact is not None for fact in facts) == 1
    with each_database.transaction() as session:
        states = session.scalars(select(Reminder.state).order_by(Reminder.year)).all()
        assert states == [ReminderState.SENT, ReminderState.DUE]


def test_i13_an_edit_waits_for_an_alarm_that_is_ringing(each_database: Database) -> None:
    with each_database.transaction() as session:
        person = a_customer(session)
        person_id, occasion_id = person.id, keep(session, person, mums(THIRD_OF_MAY)).id
    due, ringing = at("Asia/Shanghai", 2027, 4, 26, 9, 30), Event()

    def edit() -> None:
        ringing.wait()
        with each_database.transaction() as session:
            saver = session.get_one(Person, person_id)
            keep(session, saver, mums(AnnualDate(CalendarKind.SOLAR, 5, 13)), now=due)

    with ThreadPoolExecutor(1) as pool:
        edited = pool.submit(edit)
        with each_database.transaction() as session:
            fire_reminder(session, occasion_id=occasion_id, year=2027, lead=7, now=due)
            ringing.set()
            with pytest.raises(TimeoutError):
                edited.result(timeout=0.3)
        edited.result()
    with each_database.transaction() as session:
        assert session.scalars(select(Reminder.year).where(Reminder.state == "sent")).all() == [
            2027
        ]
        upcoming = the_due(session, session.get_one(Occasion, occasion_id))
        assert upcoming.falls_on == date(2028, 5, 13)


@pytest.mark.parametrize("lead_days", [3, 7])
def test_i13_a_corrected_date_moves_the_alarm_and_the_old_one_rings_for_nothing(
    database: Database, lead_days: int
) -> None:
    with database.transaction() as session:
        hears = Listener().listen_to(session)
        person = a_customer(session)
        occasion = keep(session, person, mums(THIRD_OF_MAY))
        keep(session, person, mums(AnnualDate(CalendarKind.SOLAR, 6, 13), lead_days=lead_days))
        answer_alarms(session, now=at("Asia/Shanghai", 2027, 4, 26, 9, 30))
        assert hears.heard == []
        answer_alarms(session, now=at("Asia/Shanghai", 2027, 6, 13 - lead_days, 9, 30))
        assert [fact.on for _, fact in hears.heard] == [date(2027, 6, 13)]
        assert the_due(session, occasion).falls_on == date(2028, 6, 13)


def test_i13_a_date_corrected_there_and_back_still_rings(database: Database) -> None:
    with database.transaction() as session:
        hears = Listener().listen_to(session)
        person = a_customer(session)
        for when in (THIRD_OF_MAY, AnnualDate(CalendarKind.SOLAR, 6, 13), THIRD_OF_MAY):
            keep(session, person, mums(when))
        answer_alarms(session, now=at("Asia/Shanghai", 2027, 4, 26, 9, 30))
        assert len(hears.heard) == 1


def test_i13_a_longer_lead_after_the_reminder_brings_no_second_one(database: Database) -> None:
    with database.transaction() as session:
        hears = Listener().listen_to(session)
        person = a_customer(session)
        keep(session, person, mums(THIRD_OF_MAY))
        due = at("Asia/Shanghai", 2027, 4, 26, 9, 30)
        answer_alarms(session, now=due)
        keep(session, person, mums(THIRD_OF_MAY, lead_days=3), now=due)
        for days in range(20):
            answer_alarms(session, now=due + timedelta(days=days))
        assert len(hears.heard) == 1


def test_i13_three_years_of_days_bring_three_reminders_in_any_calendar(database: Database) -> None:
    dates = {
        "29 February": AnnualDate(CalendarKind.SOLAR, 2, 29),
        "leap sixth month": AnnualDate(CalendarKind.LUNAR, 6, 15, leap=True),
        "day 30 of the twelfth": AnnualDate(CalendarKind.LUNAR, 12, 30),
        "first of the twelfth": AnnualDate(CalendarKind.LUNAR, 12, 1),
        "New Year's Eve": AnnualDate(CalendarKind.SOLAR, 12, 31),
    }
    with database.transaction() as session:
        hears = Listener().listen_to(session)
        person = a_customer(session, timezone="America/New_York")
        for name, when in dates.items():
            keep(session, person, DayToKeep(OccasionKind.OTHER, when, subject=name))
        for days in range(3 * 365 + 9):
            answer_alarms(session, now=NOW + timedelta(days=days, hours=15))
        told = [(fact.subject, fact.year) for _, fact in hears.heard]
        assert len(told) == len(set(told))
        for name, when in dates.items():
            on = [fact.on for _, fact in hears.heard if fact.subject == name]
            assert len(on) == 3
            assert on[0] == next_on(when, after=NOW.date())
            assert on[1:] == [next_on(when, after=day) for day in on[:-1]]


def test_the_fourth_reminder_of_a_day_comes_the_next_morning(database: Database) -> None:
    with database.transaction() as session:
        hears = Listener().listen_to(session)
        person = a_customer(session)
        for name in ("Wei", "Jun", "Qi", "Min"):
            keep(session, person, DayToKeep(OccasionKind.BIRTHDAY, THIRD_OF_MAY, subject=name))
        due = at("Asia/Shanghai", 2027, 4, 26, 9, 30)
        answer_alarms(session, now=due)
        assert len(hears.heard) == 3
        answer_alarms(session, now=due + timedelta(days=1))
        assert len({fact.subject for _, fact in hears.heard}) == len(hears.heard) == 4


def test_after_opting_out_nothing_comes_and_the_next_year_still_can(database: Database) -> None:
    with database.transaction() as session:
        hears = Listener().listen_to(session)
        person = a_customer(session)
        occasion = keep(session, person, mums(THIRD_OF_MAY))
        opt_out(session, person=person, now=NOW)
        due = at("Asia/Shanghai", 2027, 4, 26, 9, 30)
        answer_alarms(session, now=due)
        assert hears.heard == []
        grant_consent(
            session, person=person, purpose=ConsentPurpose.REMINDERS, asked=ASKED, now=due
        )
        answer_alarms(session, now=due + timedelta(days=366))
        assert [fact.year for _, fact in hears.heard] == [2028]
        assert the_due(session, occasion).year == 2029


def test_saved_again_after_opting_back_in_this_years_reminder_comes(database: Database) -> None:
    with database.transaction() as session:
        hears = Listener().listen_to(session)
        person = a_customer(session)
        keep(session, person, mums(THIRD_OF_MAY))
        opt_out(session, person=person, now=NOW)
        due = at("Asia/Shanghai", 2027, 4, 26, 9, 30)
        answer_alarms(session, now=due)
        grant_consent(
            session, person=person, purpose=ConsentPurpose.REMINDERS, asked=ASKED, now=due
        )
        keep(session, person, mums(THIRD_OF_MAY), now=due)
        answer_alarms(session, now=due + timedelta(days=1))
        assert [(fact.year, fact.days_left) for _, fact in hears.heard] == [(2027, 6)]


def test_somebody_we_cannot_reach_alone_is_not_told_in_the_group(database: Database) -> None:
    with database.transaction() as session:
        hears = Listener().listen_to(session)
        person = a_customer(session)
        keep(session, person, mums(THIRD_OF_MAY))
        account = session.scalars(select(ChannelAccount)).one()
        a_chat(session, account, person, kind="group")
        session.execute(update(Chat).where(Chat.kind == "private").values(reachable=False))
        answer_alarms(session, now=at("Asia/Shanghai", 2027, 4, 26, 9, 30))
        assert hears.heard == []


def test_a_forgotten_day_rings_for_nothing(database: Database) -> None:
    with database.transaction() as session:
        hears = Listener().listen_to(session)
        person = a_customer(session)
        occasion = keep(session, person, mums(THIRD_OF_MAY))
        forget_occasion(session, person=person, occasion_id=occasion.id)
        answer_alarms(session, now=at("Asia/Shanghai", 2027, 4, 26, 9, 30))
        assert hears.heard == []
        assert session.scalar(select(func.count()).select_from(Reminder)) == 0


def test_the_age_is_told_when_the_year_is_known(database: Database) -> None:
    with database.transaction() as session:
        hears = Listener().listen_to(session)
        person = a_customer(session)
        born = AnnualDate(CalendarKind.LUNAR, 8, 15, year=1960)
        keep(session, person, mums(born))
        answer_alarms(session, now=at("Asia/Shanghai", 2027, 9, 8, 9, 30))
        assert [fact.turns for _, fact in hears.heard] == [67]


def annual_dates() -> st.SearchStrategy[AnnualDate]:
    solar = st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(
        lambda day: AnnualDate(CalendarKind.SOLAR, day.month, day.day)
    )
    lunar = st.builds(
        AnnualDate,
        st.just(CalendarKind.LUNAR),
        st.integers(1, 12),
        st.integers(1, 30),
        leap=st.booleans(),
    )
    return st.one_of(solar, lunar)


# Where the clock stands still: which return (0: the first), how many days before it, which hour.
# Days and hours are drawn so that most runs tell of something and leap over something else.
_STOPS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(-2, 12), st.integers(0, 23)), min_size=4, max_size=20
)


@given(
    when=annual_dates(),
    places=_STOPS,
    saved=st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # Hypothesis wants its bounds naive
    zone=st.sampled_from(ZONES),
    lead=st.sampled_from([0, 1, 7, 14, 30, 90]),
)
@example(
    when=THIRD_OF_MAY,
    places=[(5, 90, 9), (6, 5, 3), (6, 4, 10)],
    saved=NOW,
    zone="Asia/Shanghai",
    lead=7,
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_i13_each_return_is_told_once_unless_the_clock_leaps_over_it(
    database: Database,
    when: AnnualDate,
    places: list[tuple[int, int, int]],
    saved: datetime,
    zone: str,
    lead: int,
) -> None:
    """Told: every return for which the clock stood still once, by day, between its lead day
    (when saved later: the morning after) and the end of the day itself. No other; none twice."""
    stops = [saved, *_moments(when, ZoneInfo(zone), places, saved)]
    with database.transaction() as session:
        hears = Listener().listen_to(session)
        person = a_customer(session, timezone=zone)
        keep(session, person, mums(when, lead_days=lead), now=saved)
        for stop in stops:
            answer_alarms(session, now=stop)
        session.rollback()
    told = [(fact.year, moment) for moment, fact in hears.heard]
    assert told == _expected(when, ZoneInfo(zone), lead, stops)
    event(f"told {min(len(told), 3)} times")


def _moments(
    when: AnnualDate, zone: ZoneInfo, places: list[tuple[int, int, int]], saved: datetime
) -> list[datetime]:
    returns = [next_on(when, after=saved.date())]
    for _ in range(6):
        returns.append(next_on(when, after=returns[-1]))
    moments = {
        at(zone.key, day.year, day.month, day.day, hour).astimezone(UTC)
        for number, before, hour in places
        for day in [returns[number] - timedelta(days=before)]
    }
    return sorted(moment for moment in moments if moment > saved)


def _expected(
    when: AnnualDate, zone: ZoneInfo, lead: int, stops: list[datetime]
) -> list[tuple[int, datetime]]:
    """The same promise without a database: for each return the first stop by day in its window."""
    told = []
    occurrence = next_occurrence(when, after=stops[0].date() - timedelta(days=2))
    while occurrence.on - timedelta(days=lead) <= stops[-1].astimezone(zone).date():
        lead_day = datetime.combine(
            occurrence.on - timedelta(days=lead), time(9, 30), tzinfo=zone
        ).astimezone(UTC)
        opens = lead_day if lead_day > stops[0] else next_morning(stops[0], zone)
        for stop in stops:
            local = stop.astimezone(zone)
            by_day = QuietHours().next_allowed(stop, zone) == stop
            if stop >= opens and by_day and local.date() <= occurrence.on:
                told.append((occurrence.year, stop))
                break
        occurrence = next_occurrence(when, after=occurrence.on)
    return told


def test_the_alarm_belongs_to_the_persons_lane(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        occasion = keep(session, person, mums(THIRD_OF_MAY))
        job = session.scalars(select(Job)).one()
        assert (job.lane, job.kind) == (f"person:{person.id}", "reminder_due")
        assert job.args == {"occasion_id": occasion.id, "year": 2027, "lead": 7}
        assert job.merchant_id == person.merchant_id
