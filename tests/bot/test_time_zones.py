"""A person is reminded by their own clock, not by the shop's."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.channels.rest import RestMessage, RestMetadata, parse
from bot.delivery.turns import Received
from bot.play.world import World
from data.kernel.locales import Locale
from data.occasions import Occasion, Reminder
from data.people import ChannelIdentity, Person
from tests.worlds import world_at

NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")
DAY = "remind me: my mum's birthday is 3 May"


world = world_at(NOW)


def say(world: World, text: str, timezone: str | None) -> None:
    about = RestMetadata(locale=Locale.EN, timezone=timezone)
    body = RestMessage(sender="ann", message=text, metadata=about)
    world.tuanzi.turns.answer(Received(world.account, parse(body), {}))


def zone_of_ann(world: World) -> str | None:
    ann = select(ChannelIdentity.person_id).where(ChannelIdentity.external_id == "ann")
    with world.tuanzi.database.reading() as session:
        return session.scalar(select(Person.timezone).where(Person.id.in_(ann)))


def test_a_reminder_comes_in_the_morning_of_where_the_person_is(world: World) -> None:
    say(world, "hi", "America/New_York")
    say(world, DAY, "America/New_York")
    with world.tuanzi.database.reading() as session:
        occasion = session.scalars(select(Occasion)).one()
        reminder = session.scalars(select(Reminder)).one()
    assert occasion.timezone == "America/New_York"
    there = reminder.due_at.astimezone(ZoneInfo("America/New_York"))
    assert (there.date().isoformat(), there.hour) == ("2027-04-26", 9)


@pytest.mark.parametrize("unknown", [None, "Atlantis/Centre", "../../etc/passwd"])
def test_a_zone_that_does_not_exist_says_nothing(world: World, unknown: str | None) -> None:
    say(world, "hi", unknown)
    assert zone_of_ann(world) == "Asia/Shanghai"


def test_who_travels_takes_their_clock_along(world: World) -> None:
    for zone in ("Europe/London", "Asia/Tokyo", None):
        say(world, "hi", zone)
    assert zone_of_ann(world) == "Asia/Tokyo"
