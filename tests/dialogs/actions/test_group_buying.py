"""What a turn about a team answers, and how a group leads into a chat that only one person sees."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.delivery.turns import Received
from bot.demo.clock import clock_of
from bot.play.world import World
from data.conversations import Conversation
from data.conversations.said import Said
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Sender
from data.group_buys import SeatState, open_teams_in, unpaid_seats
from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from data.people import ChannelIdentity, Chat, Person
from dialogs.private import START_LINK
from tests.worlds import world_at

MORNING = datetime(2026, 11, 22, 2, tzinfo=UTC)
GROUP = ChatRef("-100", "group", "Weekend crew")


world = world_at(MORNING)


@pytest.fixture
def telegram(world: World) -> ChannelAccount:
    """A door at which we may not speak first to anybody."""
    account = ChannelAccount(
        id=new_id("acc"),
        merchant_id=world.account.merchant_id,
        channel="telegram",
        external_id="4711",
        created_at=MORNING,
    )
    with world.tuanzi.database.transaction() as session:
        session.add(account)
    return account


def say(
    world: World, account: ChannelAccount, who: str, chat: ChatRef, text: str = "", **more: Any
) -> list[Said]:
    kind = EventKind.ACTION if "token" in more else EventKind.MESSAGE
    sender = Sender(who, who, "en")
    event = InboundEvent(secrets.token_hex(8), kind, chat, sender, text=text, **more)
    return world.tuanzi.turns.answer(Received(account, event, {}))


def opened(world: World, account: ChannelAccount) -> str:
    """Lan opens a team; gives the token of its card's button."""
    rows = say(world, account, "Lan", GROUP, "start a group buy for the teapot")
    return token_of(card_among(rows))


def card_among(rows: list[Said]) -> dict[str, Any]:
    return next(part for row in rows for part in row.segments if part["type"] == "group_buy")


def token_of(card: dict[str, Any]) -> str:
    return str(card["options"][0]["payload"])


def link_among(rows: list[Said]) -> str:
    """What opens the private chat: the part of the link that a messenger hands back to us."""
    urls = [
        option["url"]
        for row in rows
        for part in row.segments
        for option in part.get("options", ())
        if option.get("url")
    ]
    (url,) = urls
    return str(url).removeprefix(START_LINK)


def person_called(session: Session, who: str) -> Person:
    named = ChannelIdentity.external_id == who
    return session.scalars(
        select(Person).join(ChannelIdentity, ChannelIdentity.person_id == Person.id).where(named)
    ).one()


def private(who: str) -> ChatRef:
    return ChatRef(who)


def test_the_answer_of_a_press_holds_the_card_as_it_now_is(world: World) -> None:
    token = opened(world, world.account)
    rows = say(world, world.account, "Wei", GROUP, token=token)
    assert "2 paying right now" in card_among(rows)["text"]
    assert rows[-1].response == "utter_ask_ship_to"


def test_what_somebody_else_is_told_is_no_part_of_the_answer(world: World) -> None:
    """Lan and Wei give up their seats: each learns of their own, and of nobody else's."""
    token = opened(world, world.account)
    say(world, world.account, "Wei", GROUP, token=token)
    left = say(world, world.account, "Wei", GROUP, "count me out")
    assert {row.response for row in left} == {"utter_team_card", "utter_seat_left"}
    with world.tuanzi.database.reading() as session:
        wei = person_called(session, "Wei")
        assert {row.person_id for row in left} == {None, wei.id}


def test_a_card_names_nobody(world: World) -> None:
    """T16: who is in a team is their own affair; the card counts."""
    token = opened(world, world.account)
    card = card_among(say(world, world.account, "Wei", GROUP, token=token))
    assert not [name for name in ("Lan", "Wei", GROUP.title) if name in str(card)]


def test_a_button_of_another_chat_is_no_button_here(world: World) -> None:
    """T06: a token opens nothing where it was not shown."""
    token = opened(world, world.account)
    elsewhere = ChatRef("-200", "group", "Elsewhere")
    say(world, world.account, "Wei", elsewhere, "@tuanzi hi")
    (answer,) = say(world, world.account, "Wei", elsewhere, token=token)
    assert answer.response == "utter_button_expired"


def test_where_we_may_not_write_first_a_link_leads_on_for_one_person_once(
    world: World, telegram: ChannelAccount
) -> None:
    """T09: the link stands in the group for all to see, and works for the one it was made for."""
    token = opened(world, telegram)
    rows = say(world, telegram, "Wei", GROUP, token=token)
    start = link_among(rows)
    assert {row.chat for row in rows} == {rows[0].chat}  # nothing was said in private
    stranger = say(world, telegram, "Mallory", private("Mallory"), start=start)
    assert not [row for row in stranger if row.response == "utter_ask_ship_to"]
    mine = say(world, telegram, "Wei", private("Wei"), start=start)
    assert [row.response for row in mine] == ["utter_seat_held", "utter_ask_ship_to"]


def test_a_link_from_a_group_is_good_for_ten_minutes(
    world: World, telegram: ChannelAccount
) -> None:
    """T09: an old link says nothing private, even to its own person."""
    start = link_among(say(world, telegram, "Lan", GROUP, "start a group buy for the teapot"))
    clock_of(world.tuanzi).turn_to(MORNING + timedelta(minutes=11))
    rows = say(world, telegram, "Lan", private("Lan"), start=start)
    assert "utter_ask_ship_to" not in [row.response for row in rows]


def test_an_address_typed_in_the_group_is_nobodys_answer(world: World) -> None:
    """T13: the private question is open in the private chat alone."""
    opened(world, world.account)
    said = "Lan Zhang, 13800138000, 1 Caoxi Road, Xuhui, Shanghai"
    assert say(world, world.account, "Lan", GROUP, said, addressed=False) == []
    with world.tuanzi.database.reading() as session:
        states = session.scalars(select(Conversation.snapshot)).all()
        assert "13800138000" not in str(states)


def test_a_word_joins_only_while_a_team_is_open(world: World) -> None:
    opened(world, world.account)
    assert say(world, world.account, "Wei", GROUP, "+1", addressed=False)
    clock_of(world.tuanzi).turn_to(MORNING + timedelta(hours=25))
    assert say(world, world.account, "Jun", GROUP, "+1", addressed=False) == []


def test_the_leaders_seat_is_held_before_anybody_has_said_anything_more(world: World) -> None:
    opened(world, world.account)
    with world.tuanzi.database.reading() as session:
        lan = person_called(session, "Lan")
        (seat,) = unpaid_seats(session, merchant_id=lan.merchant_id, person_id=lan.id)
        chat = session.scalars(select(Chat).where(Chat.external_id == GROUP.external_id)).one()
        (team,) = open_teams_in(session, chat_id=chat.id, now=MORNING)
        assert (seat.state, seat.team_id, team.leader_id) == (SeatState.HELD, team.id, lan.id)


def test_who_is_pointed_at_a_team_that_runs_joins_it_with_as_many_as_they_said(
    world: World,
) -> None:
    say(world, world.account, "Lan", GROUP, "start a group buy for the oolong")
    rows = say(world, world.account, "Wei", GROUP, "start a group buy for two oolongs")
    assert rows[0].response == "utter_team_runs_already"
    (join, _another) = rows[0].segments[-1]["options"]
    say(world, world.account, "Wei", GROUP, token=str(join["payload"]))
    with world.tuanzi.database.reading() as session:
        wei = person_called(session, "Wei")
        held = unpaid_seats(session, merchant_id=wei.merchant_id, person_id=wei.id)
        assert [seat.quantity for seat in held] == [2]


def test_the_card_keeps_its_language_when_somebody_else_leads(world: World) -> None:
    token = opened(world, world.account)
    say(world, world.account, "Wei", GROUP, token=token)
    with world.tuanzi.database.transaction() as session:
        person_called(session, "Wei").locale = "zh-Hant"
    left = say(world, world.account, "Lan", GROUP, "count me out")
    assert "teapot" in card_among(left)["text"].lower()
