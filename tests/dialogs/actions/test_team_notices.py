"""What a team's notices say of money where a member was quicker, or wants more than one; and in
which language."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from bot.demo.clock import clock_of, settle
from bot.play.world import World
from data.delivery.inbound import ChatRef
from data.delivery.models import OutboxRow
from data.group_buys import Seat, Team, expire_team, leave, place_seat_order, share_team
from data.group_buys.nudges import nudge
from data.merchants import ChannelAccount
from data.orders import OrderDetails
from tests.dialogs.actions.test_group_buying import (
    GROUP,
    link_among,
    person_called,
    say,
    telegram,
)
from tests.worlds import world_at

MORNING = datetime(2026, 11, 22, 2, tzinfo=UTC)
world = world_at(MORNING)
__all__ = ["telegram"]  # a fixture


def _told(world: World, who: str, *responses: str) -> list[OutboxRow]:
    asyncio.run(settle(world.tuanzi))
    with world.tuanzi.database.reading() as session:
        theirs = OutboxRow.person_id == person_called(session, who).id
        found = select(OutboxRow).where(theirs, OutboxRow.response.in_(responses))
        return list(session.scalars(found.order_by(OutboxRow.id)))


def _complete(world: World) -> None:
    """Two have joined first, and nobody has been asked to pay yet."""
    say(world, world.account, "Lan", GROUP, "start a group buy for the umbrella")
    say(world, world.account, "Wei", GROUP, "count me in")


def test_who_ordered_before_they_were_asked_is_not_told_that_money_could_not_be_taken(
    world: World,
) -> None:
    _complete(world)
    with world.tuanzi.database.transaction() as session:
        wei = person_called(session, "Wei").id
        seat = session.scalars(select(Seat).where(Seat.person_id == wei)).one()
        place_seat_order(session, seat_id=seat.id, details=OrderDetails(), now=MORNING)
    (asked,) = _told(world, "Wei", "utter_seat_pay_now", "utter_seat_pay_again")
    assert asked.response == "utter_seat_pay_now"


def test_a_nudge_names_what_all_the_units_cost(world: World) -> None:
    _complete(world)
    asyncio.run(settle(world.tuanzi))
    with world.tuanzi.database.transaction() as session:
        lan, wei = (person_called(session, name).id for name in ("Lan", "Wei"))
        session.scalars(select(Seat).where(Seat.person_id == wei)).one().quantity = 2
        team = session.scalars(select(Team)).one()
        nudge(session, team_id=team.id, person_id=lan, now=MORNING)
    (nudged,) = _told(world, "Wei", "utter_seat_nudge")
    assert "for CN¥198" in nudged.segments[0]["text"]


def test_a_group_hears_the_end_in_the_language_of_the_card_whoever_leads_by_then(
    world: World,
) -> None:
    say(world, world.account, "Lan", GROUP, "start a group buy for the teapot")
    say(world, world.account, "Wei", GROUP, "count me in")
    with world.tuanzi.database.transaction() as session:
        wei = person_called(session, "Wei")
        wei.locale = "zh-Hans"
        lan = person_called(session, "Lan").id
        team = session.scalars(select(Team)).one()
        leave(session, team_id=team.id, person_id=lan, now=MORNING)
        session.refresh(team)
        assert team.leader_id == wei.id
        expire_team(session, team_id=team.id, now=team.expires_at)
        found = select(OutboxRow).where(OutboxRow.response == "utter_team_failed")
        (ended,) = session.scalars(found)
    assert "did not fill in time" in ended.segments[0]["text"]


def test_who_makes_it_complete_by_words_of_their_own_chat_is_answered_there(world: World) -> None:
    say(world, world.account, "Lan", GROUP, "start a group buy for the umbrella")
    with world.tuanzi.database.transaction() as session:
        team = session.scalars(select(Team)).one()
        token = share_team(session, merchant_id=team.merchant_id, team_id=team.id, now=MORNING)
    said = say(world, world.account, "Wei", ChatRef("Wei"), start=token)
    assert [one.response for one in said if one.chat == "Wei"] == ["utter_seat_pay_now"]
    assert len(_told(world, "Wei", "utter_seat_pay_now")) == 1


def test_who_makes_it_complete_where_we_may_not_write_first_follows_a_link_to_pay(
    world: World, telegram: ChannelAccount
) -> None:
    """The window to pay in is what they are told, not what was left to fill the team."""
    say(world, telegram, "Lan", GROUP, "start a group buy for the umbrella")
    clock_of(world.tuanzi).turn_to(MORNING + timedelta(hours=20))
    said = say(world, telegram, "Wei", GROUP, "count me in")
    opened = say(world, telegram, "Wei", ChatRef("Wei"), start=link_among(said))
    assert [one.response for one in opened] == ["utter_seat_due", "utter_ask_ship_to"]
    assert "to be paid within 1 day" in opened[0].segments[0]["text"]
    asyncio.run(settle(world.tuanzi))
    clock_of(world.tuanzi).turn_to(MORNING + timedelta(hours=22))
    assert _told(world, "Wei", "utter_seat_pay_now") == []


def test_one_address_for_all_is_asked_of_nobody_who_pays(world: World) -> None:
    say(world, world.account, "Lan", GROUP, "start a group buy for the umbrella")
    with world.tuanzi.database.transaction() as session:
        session.scalars(select(Team)).one().ship_to_one = True
    say(world, world.account, "Wei", GROUP, "count me in")
    assert len(_told(world, "Wei", "utter_seat_pay_now")) == 1
    said = say(world, world.account, "Wei", ChatRef("Wei"), "pay")
    assert [one.response for one in said] == [
        "utter_seat_due", "utter_leader_gives_the_address",
        "utter_seat_summary_to_leader_due", "utter_ask_confirm_seat",
    ]  # fmt: skip
