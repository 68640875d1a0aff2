"""The line of a full team where a messenger is strange: we may not write first, a group moves, a
shop's flows are older than the line, a button is old."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.demo.clock import clock_of, settle
from bot.play.world import World
from bot.publishing import publish_flows
from data.conversations.moving import move_chat
from data.conversations.said import Said
from data.delivery.inbound import ChatRef
from data.delivery.messages import Purpose
from data.delivery.models import OutboxRow
from data.group_buys import EntryState, Team, WaitEnded, WaitlistEntry, open_teams_in
from data.kernel.facts import announce
from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from data.people import ChannelIdentity, Chat, ChatMember
from dialogs.format import shipped_sources
from tests.dialogs.actions.test_group_buying import (
    GROUP,
    card_among,
    link_among,
    private,
    say,
)
from tests.worlds import world_at

MORNING = datetime(2026, 11, 22, 2, tzinfo=UTC)
MOVED = ChatRef("-1001", "group", "Weekend crew")
world = world_at(MORNING)


@pytest.fixture
def telegram(world: World) -> ChannelAccount:
    """A door at which we may not speak first to anybody."""
    account = ChannelAccount(
        id=new_id("acc"),
        merchant_id=world.account.merchant_id,
        channel="telegram",
        external_id="4713",
        created_at=MORNING,
    )
    with world.tuanzi.database.transaction() as session:
        session.add(account)
    return account


def fill(world: World, account: ChannelAccount, chat: ChatRef = GROUP) -> list[Said]:
    """Two of two; gives what the second was told."""
    say(world, account, "Lan", chat, "start a group buy for the oolong")
    return say(world, account, "Wei", chat, "count me in")


def rows(world: World, *responses: str) -> list[OutboxRow]:
    asyncio.run(settle(world.tuanzi))
    with world.tuanzi.database.reading() as session:
        found = select(OutboxRow).where(OutboxRow.response.in_(responses)).order_by(OutboxRow.id)
        return list(session.scalars(found))


def offers(world: World) -> list[OutboxRow]:
    return rows(world, "utter_seat_offered", "utter_seat_offered_here")


def chat_of(world: World, row: OutboxRow) -> str:
    with world.tuanzi.database.reading() as session:
        return session.get_one(Chat, row.chat_id).external_id


def option_of(row: OutboxRow) -> str:
    (option,) = [one for part in row.segments for one in part.get("options", ())]
    return str(option["payload"])


def in_line(world: World) -> int:
    with world.tuanzi.database.reading() as session:
        waiting = select(WaitlistEntry).where(WaitlistEntry.state == EntryState.WAITING)
        return len(session.scalars(waiting).all())


def test_who_opened_a_private_chat_is_told_of_their_turn_there_and_not_in_the_group(
    world: World, telegram: ChannelAccount
) -> None:
    fill(world, telegram)
    told = say(world, telegram, "Jun", GROUP, "waitlist me")
    place = say(world, telegram, "Jun", private("Jun"), start=link_among(told))
    assert [row.response for row in place] == ["utter_line_place"]
    say(world, telegram, "Wei", GROUP, "count me out")
    (offer,) = offers(world)
    assert (chat_of(world, offer), offer.purpose) == ("Jun", Purpose.TRANSACTIONAL)


def test_whom_we_may_not_write_to_is_called_in_the_group_and_led_on_by_a_press(
    world: World, telegram: ChannelAccount
) -> None:
    """Only they may press; it leads to their own chat, by a link of theirs (T05, T09)."""
    fill(world, telegram)
    say(world, telegram, "Jun", GROUP, "waitlist me")
    say(world, telegram, "Wei", GROUP, "count me out")
    (offer,) = offers(world)
    assert (offer.response, chat_of(world, offer)) == ("utter_seat_offered_here", "-100")
    assert "Jun, a place in" in offer.segments[0]["text"]
    token = option_of(offer)
    (refused,) = say(world, telegram, "Qi", GROUP, token=token)
    assert refused.response == "utter_not_your_button"
    led = say(world, telegram, "Jun", GROUP, token=token)
    mine = say(world, telegram, "Jun", private("Jun"), start=link_among(led))
    assert [row.response for row in mine] == ["utter_seat_held", "utter_ask_ship_to"]


def test_who_has_left_the_group_is_not_called_there(world: World, telegram: ChannelAccount) -> None:
    fill(world, telegram)
    say(world, telegram, "Jun", GROUP, "waitlist me")
    with world.tuanzi.database.transaction() as session:
        here = ChannelIdentity.account_id == telegram.id
        of_jun = (ChannelIdentity.external_id == "Jun", here)
        jun = session.scalars(select(ChannelIdentity.person_id).where(*of_jun)).one()
        member = session.scalars(select(ChatMember).where(ChatMember.person_id == jun)).one()
        member.left_at = MORNING
    say(world, telegram, "Wei", GROUP, "count me out")
    assert offers(world) == []


def test_in_a_group_that_moved_the_line_goes_on_where_it_is_now(
    world: World, telegram: ChannelAccount
) -> None:
    fill(world, telegram)
    say(world, telegram, "Jun", GROUP, "waitlist me")
    with world.tuanzi.database.transaction() as session:
        before, after = GROUP.external_id, MOVED.external_id
        move_chat(session, account_id=telegram.id, before=before, after=after, now=MORNING)
    card = card_among(say(world, telegram, "Qi", MOVED, "waitlist me"))
    assert "2 in line for a place" in card["text"]
    say(world, telegram, "Qi", MOVED, "leave the line")
    say(world, telegram, "Wei", MOVED, "count me out")
    (offer,) = offers(world)
    assert (chat_of(world, offer), in_line(world)) == (MOVED.external_id, 0)


def test_a_child_gets_in_no_line_and_is_told_so_alone(world: World) -> None:
    fill(world, world.account)
    say(world, world.account, "Jun", private("Jun"), "I am 12 years old")
    told = say(world, world.account, "Jun", GROUP, "waitlist me")
    assert {row.chat for row in told} == {"Jun"}
    assert in_line(world) == 0


def test_an_old_button_gets_nobody_in_line_for_a_team_that_is_over(world: World) -> None:
    card = card_among(fill(world, world.account))
    token = str(card["options"][0]["payload"])
    clock_of(world.tuanzi).turn_to(MORNING + timedelta(hours=25))
    asyncio.run(settle(world.tuanzi))
    (told,) = say(world, world.account, "Jun", GROUP, token=token)
    assert told.response == "utter_team_is_over"
    assert in_line(world) == 0


def test_a_place_that_came_free_meanwhile_is_taken_by_the_press_on_the_line(
    world: World,
) -> None:
    card = card_among(fill(world, world.account))
    token = str(card["options"][0]["payload"])
    assert card["options"][0]["title"] == "Get in line"
    say(world, world.account, "Wei", GROUP, "count me out")
    told = say(world, world.account, "Jun", GROUP, token=token)
    assert "utter_seat_held" in [row.response for row in told]
    assert in_line(world) == 0


def test_the_fourth_line_is_one_too_many(world: World) -> None:
    chats = [ChatRef(f"-{number}", "group", "Crew") for number in range(900, 904)]
    for chat in chats:
        lan, wei = f"Lan {chat.external_id}", f"Wei {chat.external_id}"
        say(world, world.account, lan, chat, "start a group buy for the oolong")
        say(world, world.account, wei, chat, "count me in")
    told = [say(world, world.account, "Jun", chat, "waitlist me") for chat in chats]
    assert [row.response for row in told[-1]] == ["utter_too_many_lines"]
    assert in_line(world) == 3


@pytest.mark.parametrize(
    ("why", "response"),
    [
        (None, "utter_wait_over"),
        ("seat_holds", "utter_wait_too_many_seats"),
        ("seat_paused", "utter_wait_paused"),
        ("person_limit", "utter_wait_person_limit"),
        ("new_customers_only", "utter_wait_new_customers_only"),
        ("first_purchase_held", "utter_wait_first_purchase_held"),
        ("stock", "utter_wait_out_of_stock"),
        ("error_refused", "utter_wait_passed"),
    ],
)
def test_why_somebody_waits_no_longer_is_said_to_them_alone(
    world: World, why: str | None, response: str
) -> None:
    fill(world, world.account)
    say(world, world.account, "Jun", GROUP, "waitlist me")
    with world.tuanzi.database.transaction() as session:
        entry = session.scalars(select(WaitlistEntry)).one()
        chat = session.get_one(Team, entry.team_id).chat_id
        ended = WaitEnded(
            merchant_id=entry.merchant_id,
            team_id=entry.team_id,
            chat_id=chat,
            entry_id=entry.id,
            person_id=entry.person_id,
            why=why,
        )
        announce(session, ended, now=MORNING)
    (told,) = rows(world, response)
    assert (chat_of(world, told), told.purpose) == ("Jun", Purpose.TRANSACTIONAL)
    assert "Oolong for two" in told.segments[0]["text"]


def without_the_line(world: World) -> None:
    """The shop's flows were published before there was a line."""
    files: dict[str, Any] = dict(shipped_sources())
    young = ("utter_team_line", "utter_line", "utter_team_full_line", "utter_team_card_waiting")
    young += ("utter_seat_offered", "utter_wait_", "utter_leave_line", "utter_which_line")
    young += ("utter_too_many_lines", "utter_not_in_line", "utter_nothing_to_wait_for")
    for name, text in files.items():
        kept, drops = [], False
        for line in str(text).splitlines(keepends=True):
            drops = line.startswith(young) or (drops and line.startswith(" "))
            kept += [] if drops else [line]
        files[name] = "".join(kept)
    with world.tuanzi.database.transaction() as session:
        publish_flows(
            session, merchant_id=world.account.merchant_id, sources=files, by="Lan", now=MORNING
        )


def test_flows_without_words_for_the_line_go_on_as_they_did(world: World) -> None:
    without_the_line(world)
    card = card_among(fill(world, world.account))
    assert [one["title"] for one in card["options"]] == ["Join", "Invite"]
    (full,) = say(world, world.account, "Jun", GROUP, "count me in")
    assert full.response == "utter_team_is_full"
    assert say(world, world.account, "Jun", GROUP, "waitlist me") == []
    assert in_line(world) == 0


def test_a_shop_that_went_back_to_such_flows_still_seats_who_waits(
    world: World, telegram: ChannelAccount
) -> None:
    """Without a word, for it has none: they find their seat where they ask for one."""
    fill(world, telegram)
    say(world, telegram, "Jun", GROUP, "waitlist me")
    without_the_line(world)
    say(world, telegram, "Wei", GROUP, "count me out")
    assert (offers(world), in_line(world)) == ([], 0)
    again = say(world, telegram, "Jun", GROUP, "count me in")
    assert "utter_already_in_unpaid" in [row.response for row in again]


def test_the_card_of_a_line_names_nobody(world: World) -> None:
    """T16: who waits is their own affair; the card counts."""
    fill(world, world.account)
    card = card_among(say(world, world.account, "Jun", GROUP, "waitlist me"))
    assert "1 in line for a place" in card["text"]
    assert not [name for name in ("Lan", "Wei", "Jun") if name in str(card)]
    with world.tuanzi.database.reading() as session:
        chat = session.scalars(select(Chat).where(Chat.external_id == GROUP.external_id)).one()
        assert len(open_teams_in(session, chat_id=chat.id, now=MORNING)) == 1
