"""What everybody in a group sees of one member's talk: whom it is said to, and nothing private."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.delivery.turns import Received
from bot.play.world import World
from bot.publishing import publish_flows
from data.conversations.said import Said
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Sender
from data.delivery.models import OutboxRow
from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from data.people import Chat, Person
from dialogs.format import shipped_sources
from dialogs.notices.herald import MOST_AN_HOUR, Herald, Notice
from dialogs.private import START_LINK
from tests.worlds import world_at

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
GROUP = ChatRef("-100", "group", "Weekend crew")

world = world_at(NOW)


@pytest.fixture
def telegram(world: World) -> ChannelAccount:
    """A door at which we may not speak first to anybody."""
    account = ChannelAccount(
        id=new_id("acc"),
        merchant_id=world.account.merchant_id,
        channel="telegram",
        external_id="4712",
        created_at=NOW,
    )
    with world.tuanzi.database.transaction() as session:
        session.add(account)
    return account


def greet_in_private_only(world: World) -> None:
    """The shop publishes flows in which its greeting is for one person alone."""
    files = shipped_sources()
    for name, text in files.items():
        if "utter_greet:\n" in text and name.startswith("language/"):
            (at,) = [text.index("utter_greet:\n") + len("utter_greet:\n")]
            files[name] = text[:at] + text[at:].replace("  - text:", _PRIVATE, 1)
    with world.tuanzi.database.transaction() as session:
        publish_flows(
            session, merchant_id=world.account.merchant_id, sources=files, by="Lan", now=NOW
        )


_PRIVATE = "  - x-private: true\n    text:"


def say(
    world: World,
    who: str,
    text: str = "",
    *,
    chat: ChatRef = GROUP,
    account: ChannelAccount | None = None,
    start: str | None = None,
    numbered: bool = False,
) -> list[Said]:
    event = InboundEvent(
        secrets.token_hex(8),
        EventKind.MESSAGE,
        chat,
        Sender(who, who, "en"),
        text=text,
        start=start,
        message_id="55",
        numbered=numbered,
    )
    return world.tuanzi.turns.answer(Received(account or world.account, event, {}))


def rows(session: Session) -> list[OutboxRow]:
    return list(session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def test_a_private_sentence_reaches_one_person_and_not_the_group(world: World) -> None:
    greet_in_private_only(world)
    (said,) = say(world, "Lan", "hello")
    assert (said.response, said.chat) == ("utter_greet", "Lan")
    assert [one.response for one in say(world, "Lan", "hello", chat=ChatRef("Lan"))] != []
    (again,) = say(world, "Lan", "hello", chat=ChatRef("Lan"))
    assert (again.response, again.chat) == ("utter_greet", "Lan")


def test_what_was_said_apart_is_not_said_again_in_the_group(world: World) -> None:
    greet_in_private_only(world)
    (apart,) = say(world, "Lan", "hello")
    again = say(world, "Lan", "say that again")
    assert [one for one in again if apart.segments[0]["text"] in str(one.segments)] == []
    (told,) = say(world, "Lan", "say that again", chat=ChatRef("Lan"))
    assert told.segments[0] == apart.segments[0]


def test_where_we_may_not_write_first_a_link_leads_to_it_once_and_for_one_person(
    world: World, telegram: ChannelAccount
) -> None:
    """T09, for a sentence instead of a flow."""
    greet_in_private_only(world)
    (offer,) = say(world, "Lan", "hello", account=telegram)
    assert (offer.response, offer.chat) == ("utter_continue_privately", GROUP.external_id)
    (url,) = [option["url"] for part in offer.segments for option in part.get("options", ())]
    start = str(url).removeprefix(START_LINK)
    for who, expected in (("Mallory", []), ("Lan", ["utter_greet"]), ("Lan", [])):
        heard = say(world, who, chat=ChatRef(who), account=telegram, start=start)
        assert [one.response for one in heard] == expected


def test_a_question_names_the_member_and_hangs_below_what_they_said(world: World) -> None:
    (asked,) = say(world, "Lan", "start a group buy")
    assert asked.segments[0]["text"].startswith("Lan: ")
    with world.tuanzi.database.reading() as session:
        (row,) = [one for one in rows(session) if one.response == "utter_ask_campaign"]
        assert row.reply_to == "55"


def test_the_first_answer_hangs_below_the_message_and_no_other(world: World) -> None:
    say(world, "Lan", "@tuanzi do you have a teapot?")
    with world.tuanzi.database.reading() as session:
        told = [one for one in rows(session) if one.response]
    assert told[0].reply_to == "55"
    assert {one.reply_to for one in told[1:]} <= {None}


def test_between_two_nobody_is_named_and_nothing_hangs_anywhere(world: World) -> None:
    say(world, "Lan", "I need a gift", chat=ChatRef("Lan"))
    with world.tuanzi.database.reading() as session:
        (row,) = rows(session)
    assert (row.response, row.reply_to) == ("utter_ask_recipient", None)
    assert "Lan" not in row.segments[0]["text"]


def test_a_live_card_belongs_to_everybody(world: World) -> None:
    say(world, "Lan", "start a group buy for the teapot")
    with world.tuanzi.database.reading() as session:
        cards = [one for one in rows(session) if one.coalesce_key]
        assert cards
        assert {one.reply_to for one in cards} == {None}


def test_a_group_that_is_called_like_a_member_is_not_their_private_chat(world: World) -> None:
    """A backend may name them so; what is private would go round and round in it."""
    group = ChatRef("Lan", "group", "Lan")
    said = say(world, "Lan", "start a group buy for the teapot", chat=group)
    told = [one.response for one in said]
    assert "utter_continue_privately" in told
    assert "utter_internal_error" not in told
    assert "utter_ask_ship_to" not in told


def test_whoever_never_spoke_to_us_joins_by_the_number_on_the_card(world: World) -> None:
    """Where there are no buttons the card's choices are lines, and the card is for all."""
    say(world, "Lan", "start a group buy for the teapot")
    (seat, *_) = [one for one in say(world, "Jun", "1", numbered=True) if one.chat == "Jun"]
    assert "A seat in" in seat.segments[0]["text"]


def test_a_group_is_told_of_itself_a_few_times_an_hour_and_no_more(world: World) -> None:
    """Many teams may end in the same minute; their cards say so anyway."""
    say(world, "Lan", "start a group buy")
    with world.tuanzi.database.transaction() as session:
        chat = session.scalars(select(Chat).where(Chat.external_id == GROUP.external_id)).one()
        lan = session.scalars(select(Person).where(Person.name == "Lan")).one()
        for hour in (0, 2):
            now = NOW + timedelta(hours=hour)
            merchant_id, flows = world.account.merchant_id, world.tuanzi.house.flows
            herald = Herald(session, flows, merchant_id, now, "https://shop.example")
            for number in range(MOST_AN_HOUR + 3):
                notice = Notice(f"{hour}:{number}", "utter_team_reached", {"title": "Teapot"})
                herald.tell_chat(chat.id, notice, speaker=lan)
        told = [row for row in rows(session) if row.response == "utter_team_reached"]
        assert len(told) == 2 * MOST_AN_HOUR
