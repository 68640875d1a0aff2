"""Days to remember, where a story cannot look: time zones, proofs of consent, long lists."""

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from bot.channels.rest import RestMetadata
from bot.demo import clock
from bot.play.world import Said, World
from data.delivery.models import OutboxRow
from data.occasions import Occasion
from data.people import Consent, ConsentPurpose, Person
from tests.worlds import world_at

START = datetime(2027, 4, 20, 2, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
LONDON = ZoneInfo("Europe/London")


world = world_at(START)


def say(world: World, text: str) -> list[Said]:
    """What Ann is answered."""
    before = len(world.heard)
    world.say(who="Ann", where="private", text=text, about=RestMetadata(locale="en"))
    return world.heard[before:]


def live_in(world: World, zone: ZoneInfo) -> None:
    with world.tuanzi.database.transaction() as session:
        session.execute(update(Person).where(Person.name == "Ann").values(timezone=zone.key))


def turn_to(world: World, moment: datetime) -> None:
    asyncio.run(clock.turn(world.tuanzi, to=moment.astimezone(UTC)))


def reminders(world: World) -> list[OutboxRow]:
    with world.tuanzi.database.reading() as session:
        told = select(OutboxRow).where(OutboxRow.response == "utter_reminder")
        return list(session.scalars(told.order_by(OutboxRow.id)))


def test_a_reminder_comes_in_the_morning_of_the_person_not_of_the_shop(world: World) -> None:
    say(world, "hi")
    live_in(world, NEW_YORK)
    say(world, "remind me of my dad's birthday, 3 May")
    turn_to(world, datetime(2027, 4, 26, 9, 29, tzinfo=NEW_YORK))
    assert reminders(world) == []
    turn_to(world, datetime(2027, 4, 26, 9, 30, tzinfo=NEW_YORK))
    (told,) = reminders(world)
    assert told.created_at.astimezone(NEW_YORK).hour == 9


def test_who_moves_meanwhile_is_not_woken_at_night(world: World) -> None:
    """9:30 in Shanghai is half past two in London: it waits for eight o'clock there."""
    say(world, "remind me of my dad's birthday, 3 May")
    live_in(world, LONDON)
    turn_to(world, datetime(2027, 4, 26, 7, 59, tzinfo=LONDON))
    assert reminders(world) == []
    turn_to(world, datetime(2027, 4, 26, 8, 0, tzinfo=LONDON))
    assert len(reminders(world)) == 1


def test_the_message_that_asked_for_it_is_the_proof_of_consent(world: World) -> None:
    say(world, "remind me of my dad's birthday, 3 May")
    say(world, "remind me of my mum's birthday, 4 May")
    with world.tuanzi.database.reading() as session:
        rows = session.scalars(select(Consent)).all()
    assert {row.purpose for row in rows} == {ConsentPurpose.REMINDERS, ConsentPurpose.OCCASIONS}
    assert len(rows) == 2
    for row in rows:
        assert (row.locale, row.channel, row.revoked_at) == ("en", "rest", None)
        assert row.text_version
        assert row.message_id


def test_of_a_child_the_year_is_never_kept(world: World) -> None:
    (told, *_rest) = say(world, "my son was born on March 8 2020, remind me of his birthday")
    assert told.response == "utter_day_kept"
    with world.tuanzi.database.reading() as session:
        assert [one.year for one in session.scalars(select(Occasion))] == [None]


def test_a_name_is_kept_in_clear_only_where_it_was_said_to_its_owner(world: World) -> None:
    say(world, "set a reminder")
    say(world, "my friend")
    say(world, "9 June")
    say(world, "remember my friend's birthday, 3 May")
    (told, *_rest) = say(world, "Balthasar")
    assert told.text.startswith("Noted: Balthasar's birthday")
    with world.tuanzi.database.reading() as session:
        connection = session.connection().connection.driver_connection
        assert connection is not None
        rows = [line for line in connection.iterdump() if "Balthasar" in line]
    tables = {row.split('"')[1] for row in rows}
    assert tables == {"outbox", "offered_options"}  # the answer itself


def test_a_long_list_shows_the_nearest_ten_and_counts_the_rest(world: World) -> None:
    for day in range(1, 13):
        say(world, f"remember Person{chr(64 + day)}'s birthday, June {day}")
    (told, *_rest) = say(world, "show my reminders")
    assert "10. PersonJ's birthday: June 10" in told.text
    assert told.text.endswith("… and 2 more later in the year.")
    assert len(told.message["buttons"]) == 10
