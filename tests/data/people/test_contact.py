"""When a shop may speak first: consent, quiet hours, caps, ways to say no (I12, T51, T54)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.delivery.messages import OutboundMessage, Purpose, Text
from data.delivery.models import OutboxRow
from data.delivery.outbox import Letter, Origin, post
from data.kernel.database import Database
from data.kernel.errors import Refused
from data.merchants import ChannelAccount
from data.people import (
    Answer,
    Chat,
    Consent,
    ConsentPurpose,
    Person,
    ProactiveCount,
    Verdict,
    grant_consent,
    has_consent,
    may_contact,
    opt_out,
    private_chat_of,
    revoke_consent,
    speak_first,
    start_nudges,
    stop_nudges,
    stop_profile,
)
from data.people.contact import A_DAY, NEW_SHOP_A_DAY, NEW_SHOP_FOR
from tests.builders import NOW
from tests.data.occasions.household import ASKED, a_chat, a_customer

BOTH = (ConsentPurpose.REMINDERS, ConsentPurpose.MARKETING)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def home(session: Session, person: Person) -> Chat:
    chat = private_chat_of(session, person=person)
    assert chat is not None
    return chat


def ask(
    session: Session, person: Person, purpose: Purpose = Purpose.REMINDER, now: datetime = NOW
) -> Verdict:
    return may_contact(session, person=person, chat=home(session, person), purpose=purpose, now=now)


def say(
    session: Session, person: Person, purpose: Purpose = Purpose.REMINDER, now: datetime = NOW
) -> Verdict:
    return speak_first(session, person=person, chat=home(session, person), purpose=purpose, now=now)


def test_an_answer_is_always_allowed_even_at_night_and_after_opting_out(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        opt_out(session, person=person, now=NOW)
        midnight = datetime(2026, 11, 23, 0, 0, tzinfo=SHANGHAI)
        for purpose in (Purpose.REPLY, Purpose.TRANSACTIONAL):
            for _ in range(A_DAY + 2):
                assert say(session, person, purpose, midnight).answer is Answer.NOW
        assert session.scalar(select(func.count()).select_from(ProactiveCount)) == 0


def test_a_nudge_needs_no_consent_and_whoever_wants_none_gets_none(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session, agreed=())
        assert ask(session, person, Purpose.NUDGE) == Verdict(Answer.NOW)
        stop_nudges(session, person=person, now=NOW)
        assert ask(session, person, Purpose.NUDGE) == Verdict(Answer.NEVER, "nudges_off")
        assert ask(session, person, Purpose.REPLY).answer is Answer.NOW
        start_nudges(session, person=person)
        assert say(session, person, Purpose.NUDGE).answer is Answer.NOW
        opt_out(session, person=person, now=NOW)
        assert ask(session, person, Purpose.NUDGE) == Verdict(Answer.NEVER, "opted_out")


def test_a_nudge_is_counted_with_everything_else_and_waits_out_no_night(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        midnight = datetime(2026, 11, 23, 0, 0, tzinfo=SHANGHAI)
        assert say(session, person, Purpose.NUDGE, midnight).reason == "quiet_hours"
        for purpose in (Purpose.REMINDER, *[Purpose.NUDGE] * (A_DAY - 1)):
            assert say(session, person, purpose).answer is Answer.NOW
        assert say(session, person, Purpose.NUDGE).reason == "cap_reached"


def test_who_has_to_be_reminded_is_never_reminded_before_others(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        account = session.scalars(select(ChannelAccount)).one()
        group = a_chat(session, account, person, kind="group")
        verdict = may_contact(session, person=person, chat=group, purpose=Purpose.NUDGE, now=NOW)
        assert verdict == Verdict(Answer.NEVER, "not_private")


def test_nothing_at_all_is_said_to_somebody_who_was_erased(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        chat = home(session, person)
        person.erased_at = NOW
        for purpose in Purpose:
            verdict = may_contact(session, person=person, chat=chat, purpose=purpose, now=NOW)
            assert verdict == Verdict(Answer.NEVER, "erased")


def test_each_purpose_needs_its_own_consent(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session, agreed=[ConsentPurpose.REMINDERS])
        assert ask(session, person, Purpose.REMINDER).answer is Answer.NOW
        assert ask(session, person, Purpose.MARKETING) == Verdict(Answer.NEVER, "no_consent")


def test_at_night_it_waits_for_the_persons_own_morning(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        person.timezone = "America/New_York"  # the shop is in Shanghai, where it is 10:00
        verdict = ask(session, person, now=datetime(2026, 11, 22, 4, 0, tzinfo=ZoneInfo("UTC")))
        morning = datetime(2026, 11, 22, 8, 0, tzinfo=ZoneInfo("America/New_York"))
        assert verdict == Verdict(Answer.LATER, "quiet_hours", morning)


def test_t51_the_cap_ends_a_day_and_the_next_one_begins_anew(each_database: Database) -> None:
    with each_database.transaction() as session:
        person = a_customer(session, agreed=BOTH)
        said = [say(session, person, purpose) for purpose in [*Purpose][2:] * A_DAY]
        assert [verdict.answer for verdict in said].count(Answer.NOW) == A_DAY
        tomorrow = datetime(2026, 11, 23, 8, 0, tzinfo=SHANGHAI)
        assert said[-1] == Verdict(Answer.LATER, "cap_reached", tomorrow)
        assert say(session, person, now=tomorrow).answer is Answer.NOW


def test_t51_a_second_chat_gives_a_shop_no_second_helping(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        account = session.scalars(select(ChannelAccount)).one()
        chats = [home(session, person), a_chat(session, account, person)]
        answers = [
            speak_first(
                session, person=person, chat=chats[i % 2], purpose=Purpose.REMINDER, now=NOW
            ).answer
            for i in range(2 * A_DAY)
        ]
        assert answers.count(Answer.NOW) == A_DAY


def test_t51_a_shop_may_be_quieter_than_the_house_but_never_louder(database: Database) -> None:
    loud = {"contact": {"a_day": 99, "quiet": ["23:30", "05:00"]}}
    quiet = {"contact": {"a_day": 1, "quiet": ["20:00", "10:30"]}}
    with database.transaction() as session:
        pushy, shy = a_customer(session, settings=loud), a_customer(session, settings=quiet)
        late = datetime(2026, 11, 22, 22, 30, tzinfo=SHANGHAI)
        assert ask(session, pushy, now=late).reason == "quiet_hours"
        answers = [say(session, pushy).answer for _ in range(10)]
        assert answers.count(Answer.NOW) == A_DAY
        half_past_ten = datetime(2026, 11, 22, 10, 30, tzinfo=SHANGHAI)
        assert ask(session, shy) == Verdict(Answer.LATER, "quiet_hours", half_past_ten)
        assert say(session, shy, now=half_past_ten).answer is Answer.NOW
        assert say(session, shy, now=half_past_ten).reason == "cap_reached"


def test_t51_a_new_shop_speaks_first_fifty_times_a_day_and_an_old_one_more(
    database: Database,
) -> None:
    with database.transaction() as session:
        first = a_customer(session)
        account = session.scalars(select(ChannelAccount)).one()
        people = [first, *(_another(session, first, account, n) for n in range(NEW_SHOP_A_DAY))]
        answers = [say(session, person).answer for person in people]
        assert answers == [Answer.NOW] * NEW_SHOP_A_DAY + [Answer.LATER]
        month_later = NOW + NEW_SHOP_FOR
        assert all(say(session, p, now=month_later).answer is Answer.NOW for p in people)


def _another(session: Session, first: Person, account: ChannelAccount, n: int) -> Person:
    person = Person(
        id=f"per_{n}",
        merchant_id=first.merchant_id,
        locale="en",
        timezone=first.timezone,
        created_at=NOW,
    )
    session.add(person)
    session.flush()
    a_chat(session, account, person)
    grant_consent(session, person=person, purpose=ConsentPurpose.REMINDERS, asked=ASKED, now=NOW)
    return person


def test_t51_a_refused_message_takes_no_place_anywhere(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        for _ in range(A_DAY + 5):
            say(session, person)
        counts = session.scalars(select(ProactiveCount)).all()
        assert {count.whom[:3] for count in counts} == {"per", "cht", "mer"}
        assert {count.n for count in counts} == {A_DAY}


def test_t52_a_reminder_never_goes_to_a_group(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session, agreed=BOTH)
        account = session.scalars(select(ChannelAccount)).one()
        group = a_chat(session, account, person, kind="group", now=NOW + timedelta(hours=1))
        verdict = may_contact(session, person=person, chat=group, purpose=Purpose.REMINDER, now=NOW)
        assert verdict == Verdict(Answer.NEVER, "not_private")
        assert home(session, person).id != group.id


def test_the_newest_private_chat_that_still_reaches_them_is_chosen(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        account = session.scalars(select(ChannelAccount)).one()
        old = home(session, person)
        new = a_chat(session, account, person, now=NOW + timedelta(days=1))
        assert home(session, person).id == new.id
        new.reachable = False
        assert home(session, person).id == old.id
        old.reachable = False
        assert private_chat_of(session, person=person) is None


def test_opting_out_ends_consent_and_stops_what_is_queued(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session, agreed=BOTH)
        account = session.scalars(select(ChannelAccount)).one()
        account.channel = "telegram"  # a channel whose messages wait for the courier
        for purpose in Purpose:
            message = OutboundMessage((Text("…"),), purpose=purpose)
            letter = Letter(home(session, person).id, message)
            post(session, [letter], account=account, origin=Origin(purpose), now=NOW)
        opt_out(session, person=person, now=NOW)
        states = {row.purpose: row.state for row in session.scalars(select(OutboxRow))}
        assert states == {
            Purpose.REPLY: "pending",
            Purpose.TRANSACTIONAL: "pending",
            Purpose.REMINDER: "skipped",
            Purpose.MARKETING: "skipped",
            Purpose.NUDGE: "skipped",
        }
        assert ask(session, person) == Verdict(Answer.NEVER, "opted_out")


def test_a_new_yes_after_opting_out_counts_for_its_purpose_alone(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session, agreed=BOTH)
        opt_out(session, person=person, now=NOW)
        grant_consent(
            session, person=person, purpose=ConsentPurpose.REMINDERS, asked=ASKED, now=NOW
        )
        assert ask(session, person, Purpose.REMINDER).answer is Answer.NOW
        assert ask(session, person, Purpose.MARKETING) == Verdict(Answer.NEVER, "no_consent")


def test_consents_are_added_and_dated_but_never_deleted(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        later = NOW + timedelta(days=1)
        yes = {"person": person, "purpose": ConsentPurpose.REMINDERS}
        grant_consent(session, **yes, asked=ASKED, now=later)  # a second yes adds nothing
        assert revoke_consent(session, **yes, now=later)
        assert not revoke_consent(session, **yes, now=later)
        assert not has_consent(session, **yes)
        grant_consent(session, **yes, asked=ASKED, now=later)
        rows = session.scalars(select(Consent).order_by(Consent.id)).all()
        assert [(row.granted_at, row.revoked_at) for row in rows] == [(NOW, later), (later, None)]
        assert (rows[0].text_version, rows[0].message_id) == ("reminders-1", "m1")


def test_t54_a_child_is_asked_for_nothing_and_written_to_by_nobody(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session, agreed=tuple(ConsentPurpose))
        stop_profile(session, person=person, now=NOW)
        assert not any(has_consent(session, person=person, purpose=p) for p in ConsentPurpose)
        assert ask(session, person) == Verdict(Answer.NEVER, "minor")
        assert ask(session, person, Purpose.REPLY).answer is Answer.NOW
        with pytest.raises(Refused):
            grant_consent(
                session, person=person, purpose=ConsentPurpose.MODEL, asked=ASKED, now=NOW
            )


def test_t51_eight_workers_at_once_never_say_more_than_the_cap(each_database: Database) -> None:
    with each_database.transaction() as session:
        person_id = a_customer(session).id
    start = Barrier(8)

    def worker(_number: int) -> Answer:
        start.wait()
        with each_database.transaction() as session:
            return say(session, session.get_one(Person, person_id)).answer

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(worker, range(8)))
    assert answers.count(Answer.NOW) == A_DAY
    with each_database.transaction() as session:
        assert set(session.scalars(select(ProactiveCount.n))) == {A_DAY}


_STEPS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from([Purpose.REMINDER, Purpose.MARKETING])),
    st.tuples(st.just("wait"), st.integers(1, 40)),  # hours
    st.tuples(st.sampled_from(["stop", "agree"]), st.none()),
)


@given(steps=st.lists(_STEPS, min_size=5, max_size=40))
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_t51_under_any_sequence_there_are_few_messages_by_day_and_none_after_stop(
    database: Database, steps: list[tuple[str, object]]
) -> None:
    now, stopped, by_day = NOW, False, dict[object, int]()
    with database.transaction() as session:
        person = a_customer(session, timezone="Europe/Berlin", agreed=BOTH)
        for step, value in steps:
            match step, value:
                case "wait", int(hours):
                    now += timedelta(hours=hours)
                case "stop", _:
                    opt_out(session, person=person, now=now)
                    stopped = True
                case "agree", _:
                    for purpose in BOTH:
                        grant_consent(session, person=person, purpose=purpose, asked=ASKED, now=now)
                    stopped = False
                case "say", Purpose() as purpose:
                    local = now.astimezone(ZoneInfo("Europe/Berlin"))
                    if say(session, person, purpose, now).answer is Answer.NOW:
                        assert not stopped
                        assert 8 <= local.hour < 22
                        by_day[local.date()] = by_day.get(local.date(), 0) + 1
        assert max(by_day.values(), default=0) <= A_DAY
        session.rollback()
