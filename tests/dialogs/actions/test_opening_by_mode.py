"""Who opens a team of a campaign with several ways to pay gets the first that the shop's providers
can do, at the SIMULATED bank."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.play.world import World
from data.group_buys import Campaign, PayMode, Team
from data.payments.sandbox_bank import HOLD, SANDBOX
from tests.dialogs.actions.test_shared_teams import presses
from tests.worlds import world_at

MORNING = datetime(2026, 11, 22, 2, tzinfo=UTC)
world = world_at(MORNING)


def _opens(world: World, *modes: PayMode, window: timedelta = timedelta(hours=24)) -> str:
    """Gives the mode of the team that somebody opened."""
    with world.tuanzi.database.transaction() as session:
        campaign = session.scalars(select(Campaign).limit(1)).one()
        campaign.modes = list(modes)
        campaign.window_seconds = int(window.total_seconds())
        campaign_id = campaign.id
    presses(world, "lan", f"/Act(action_share_team, campaign={campaign_id})")
    with world.tuanzi.database.reading() as session:
        return session.scalars(select(Team.mode).where(Team.campaign_id == campaign_id)).one()


@pytest.mark.parametrize(
    ("modes", "window", "got"),
    [
        ((PayMode.HOLD, PayMode.CHARGE), timedelta(hours=24), PayMode.HOLD),
        ((PayMode.HOLD, PayMode.JOIN_FIRST), HOLD, PayMode.JOIN_FIRST),
        ((PayMode.CHARGE, PayMode.HOLD), timedelta(hours=24), PayMode.CHARGE),
        ((PayMode.HOLD,), HOLD, PayMode.HOLD),
    ],
    ids=["it can", "not for so long", "the first", "there is no other"],
)
def test_a_team_opens_with_the_first_mode_that_works(
    world: World, modes: tuple[PayMode, ...], window: timedelta, got: PayMode
) -> None:
    assert _opens(world, *modes, window=window) == got


def test_a_shop_whose_providers_hold_nothing_opens_with_another_mode(world: World) -> None:
    del world.tuanzi.gateways.house[SANDBOX]
    assert _opens(world, PayMode.HOLD, PayMode.JOIN_FIRST) == PayMode.JOIN_FIRST
