"""When a live card is told anew because of the time alone: at marks, and never after the end."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from bot.demo.clock import settle, turn
from bot.play.world import World
from data.delivery.models import Job, OutboxRow
from data.group_buys import Team, TeamState
from dialogs.notices.clocks import CARD_CLOCK
from tests.dialogs.actions.test_group_buying import GROUP, say
from tests.worlds import world_at

MORNING = datetime(2026, 11, 22, 2, tzinfo=UTC)
world = world_at(MORNING)


def _cards(world: World) -> Sequence[OutboxRow]:
    """Told by the clock."""
    with world.tuanzi.database.reading() as session:
        told = select(OutboxRow).where(OutboxRow.key.contains(":clock:"))
        return session.scalars(told.order_by(OutboxRow.id)).all()


def _wound(world: World) -> int:
    with world.tuanzi.database.reading() as session:
        due = select(Job).where(Job.kind == CARD_CLOCK, Job.state == "due")
        return len(session.scalars(due).all())


def _go_on(world: World, by: timedelta) -> None:
    asyncio.run(turn(world.tuanzi, to=world.tuanzi.clock.now() + by))


def test_a_team_that_joined_first_and_pays_now_has_its_clock_wound_for_that(world: World) -> None:
    say(world, world.account, "Lan", GROUP, "start a group buy for the umbrella")
    asyncio.run(settle(world.tuanzi))
    assert _wound(world) == 1
    _go_on(world, timedelta(hours=13))
    assert [row.response for row in _cards(world)] == ["utter_team_card"]
    say(world, world.account, "Wei", GROUP, "count me in")
    asyncio.run(settle(world.tuanzi))
    with world.tuanzi.database.reading() as session:
        assert session.scalars(select(Team.state)).all() == [TeamState.PAYING]
    _go_on(world, timedelta(hours=12))
    assert "12 hours left" in _cards(world)[-1].segments[0]["text"]
    _go_on(world, timedelta(hours=13))
    assert _wound(world) == 0
    told = len(_cards(world))
    _go_on(world, timedelta(days=2))
    assert len(_cards(world)) == told


def test_what_is_over_before_its_mark_is_told_no_time(world: World) -> None:
    say(world, world.account, "Lan", GROUP, "start a group buy for the teapot")
    _go_on(world, timedelta(days=2))  # nobody paid, and all is over after ten minutes
    assert _cards(world) == []
    assert _wound(world) == 0
