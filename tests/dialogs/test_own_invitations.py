"""Who is noted as the inviter, by every way of joining: a link, a shared card, the team's own
card; and in which messengers a reward is told of."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.channels.registry import CHANNELS, rewards_inviting
from bot.play.world import World
from data.group_buys import Inviting, invite
from data.group_buys.invitation_models import InvitedSeat
from data.group_buys.places import note_place
from data.group_buys.queries import team_of
from data.group_buys.reward_models import InviteBudget
from data.kernel.tokens import fingerprint
from data.merchants import ChannelAccount
from data.people import ChannelIdentity, Person, meet_chat
from tests.dialogs.actions.test_shared_teams import opens, presses, says, team
from tests.worlds import world_at

MORNING = datetime(2026, 11, 22, 2, tzinfo=UTC)
world = world_at(MORNING)
__all__ = ["team"]


def _person(world: World, who: str) -> str:
    with world.tuanzi.database.reading() as session:
        found = select(ChannelIdentity.person_id).where(
            ChannelIdentity.external_id == who, ChannelIdentity.account_id == world.account.id
        )
        return session.scalars(found).one()


def _link(world: World, team: str, channel: str = "rest") -> str:
    by = Inviting(_person(world, "lan"), channel)
    shop = world.account.merchant_id
    with world.tuanzi.database.transaction() as session:
        return invite(session, merchant_id=shop, team_id=team, by=by, now=MORNING)


def _rewards(world: World, team: str) -> None:
    """The campaign rewards inviting from now on."""
    with world.tuanzi.database.transaction() as session:
        found = team_of(session, merchant_id=world.account.merchant_id, team_id=team)
        session.add(
            InviteBudget(
                campaign_id=found.campaign_id,
                merchant_id=found.merchant_id,
                each_minor=100,
                budget_minor=1000,
                spent_minor=0,
                currency=found.currency,
                enabled=True,
                channels=None,
            )
        )


def _noted(world: World) -> list[tuple[str, bool]]:
    with world.tuanzi.database.reading() as session:
        rows = session.scalars(select(InvitedSeat)).all()
        return [(session.get_one(Person, one.inviter_id).name, one.rewarded) for one in rows]


def test_who_opens_a_members_link_was_invited_by_them(world: World, team: str) -> None:
    _rewards(world, team)
    assert "utter_seat_held" in opens(world, "Wei", _link(world, team))
    assert _noted(world) == [("Lan", True)]


def test_a_link_from_wechat_is_counted_and_not_rewarded(world: World, team: str) -> None:
    _rewards(world, team)
    opens(world, "Wei", _link(world, team, "wechat"))
    assert _noted(world) == [("Lan", False)]


@pytest.mark.parametrize("shared", [True, False])
def test_a_card_shared_into_a_chat_keeps_whose_it_was(
    world: World, team: str, shared: bool
) -> None:
    """The press below it names the team alone once it was edited."""
    link = fingerprint(_link(world, team)) if shared else None
    shop = world.account.merchant_id
    with world.tuanzi.database.transaction() as session:
        account = session.get_one(ChannelAccount, world.account.id)
        chat = meet_chat(
            session, account=account, external_id="card", kind="group", title="", now=MORNING
        )
        found = team_of(session, merchant_id=shop, team_id=team)
        note_place(session, team=found, chat_id=chat.id, share_hash=link, now=MORNING)
    presses(world, "Wei", f"/Act(action_join_team, team={team})", chat="card", kind="group")
    assert _noted(world) == ([("Lan", False)] if shared else [])


def test_a_reward_is_told_only_where_the_messenger_allows_one(world: World, team: str) -> None:
    """The account of the test is made one of each messenger in turn."""
    _rewards(world, team)
    told = {}
    for channel in CHANNELS:
        world.account.channel = channel
        said = presses(world, "lan", f"/Act(action_invite, team={team})")
        assert "utter_invitation" in said, channel
        told[channel] = "utter_invite_reward" in said
    assert told == {
        "telegram": True,
        "matrix": True,
        "wechat": False,
        "wecom": False,
        "rest": True,
        "web": True,
    }
    assert not rewards_inviting("pager")


def test_an_inviter_hears_how_many_came_and_not_who(world: World, team: str) -> None:
    opens(world, "Wei", _link(world, team))
    said = presses(world, "lan", f"/Act(action_invite, team={team})")
    assert "utter_invitation_counts" in said
    texts = str([one.segments for one in says(world, "lan", "give me an invitation link")])
    assert "1 人，其中 0 人已付款" in texts
    assert "Wei" not in texts
