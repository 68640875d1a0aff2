"""Where a messenger lets us write first, only who asks for something in a group is written to."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.delivery.turns import Received
from bot.play.world import World
from data.conversations.said import Said
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Sender
from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from data.people import Chat, Person
from data.people.membership import set_reachable
from dialogs.private import private_chat
from tests.worlds import world_at

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
GROUP = ChatRef("!crew:loop.test", "group", "Weekend crew")
LAN = "@lan:loop.test"

world = world_at(NOW)


@pytest.fixture
def matrix(world: World) -> ChannelAccount:
    account = ChannelAccount(
        id=new_id("acc"),
        merchant_id=world.account.merchant_id,
        channel="matrix",
        external_id="@shop:loop.test",
        created_at=NOW,
    )
    with world.tuanzi.database.transaction() as session:
        session.add(account)
    return account


def say(world: World, account: ChannelAccount, text: str, name: str) -> list[Said]:
    sender = Sender(LAN, "Lan", "en")
    event = InboundEvent(name, EventKind.MESSAGE, GROUP, sender, text=text, message_id=name)
    return world.tuanzi.turns.answer(Received(account, event, {}))


def reached(world: World, account: ChannelAccount) -> Chat | None:
    """Where a notice would be told to her."""
    with world.tuanzi.database.reading() as session:
        person = session.scalars(select(Person).where(Person.name == "Lan")).one()
        return private_chat(session, account=account, person=person, now=NOW)


def test_who_asks_for_a_seat_is_told_in_a_chat_of_their_own(
    world: World, matrix: ChannelAccount
) -> None:
    said = say(world, matrix, "start a group buy for the teapot", "$1")
    assert ("utter_seat_held", LAN) in [(one.response, one.chat) for one in said]
    chat = reached(world, matrix)
    assert chat is not None
    assert (chat.external_id, chat.kind) == (LAN, "private")


def test_who_only_talks_in_a_group_is_not_written_to(world: World, matrix: ChannelAccount) -> None:
    say(world, matrix, "hello", "$1")
    assert reached(world, matrix) is None


def test_who_declined_is_left_alone_until_they_ask_again(
    world: World, matrix: ChannelAccount
) -> None:
    say(world, matrix, "start a group buy for the teapot", "$1")
    with world.tuanzi.database.transaction() as session:
        set_reachable(session, account=matrix, external_id=LAN, reachable=False)
    say(world, matrix, "hello", "$2")
    assert reached(world, matrix) is None
    say(world, matrix, "something for my brother, he climbs, under $50", "$3")
    assert reached(world, matrix) is not None
