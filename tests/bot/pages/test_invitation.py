"""The page of a member's own link, and joining there in WeChat."""

import re
from dataclasses import replace

from sqlalchemy import select

from data.group_buys import Inviting, Team, invite
from data.group_buys.invitation_models import InvitedSeat
from data.group_buys.reward_models import InviteBudget
from tests.bot.pages.shared_team import Shared
from tests.builders import NOW

_SIGNED = re.compile(r'data-(nonce|signature)="\w+"')  # for WeChat's script, anew each time


def test_a_members_link_tells_of_no_reward_and_of_nobody_and_wechat_earns_none(
    shared: Shared,
) -> None:
    """The page may be opened in WeChat, whose rules forbid what would make people share."""
    with shared.tuanzi.database.transaction() as session:
        team = session.get_one(Team, shared.team)
        by = Inviting(team.leader_id, "telegram")
        session.add(
            InviteBudget(
                campaign_id=team.campaign_id,
                merchant_id=team.merchant_id,
                each_minor=321,
                budget_minor=9630,
                spent_minor=0,
                currency=team.currency,
                enabled=True,
                channels=None,
            )
        )
        token = invite(session, merchant_id=team.merchant_id, team_id=team.id, by=by, now=NOW)
    browser = shared.introduced("ann")
    for language in ("en", "zh-Hans", "zh-Hant"):
        plain, theirs = (
            _SIGNED.sub("", browser.get(f"/g/{one}?lang={language}").text)
            for one in (shared.token, token)
        )
        assert theirs.replace(token, shared.token) == plain
        assert "3.21" not in theirs
    invited = replace(shared, token=token)
    assert invited.press(browser, "join").status_code in (200, 303)
    with shared.tuanzi.database.reading() as session:
        (noted,) = session.scalars(select(InvitedSeat)).all()
        assert (noted.inviter_id, noted.level, noted.rewarded) == (by.person_id, 1, False)
