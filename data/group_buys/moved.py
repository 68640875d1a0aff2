"""A group that goes on under another chat takes its teams with it, their cards, and the offers that
are for it alone."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from data.conversations.moving import ChatMoved, take_along
from data.group_buys.models import CampaignChat, Team
from data.group_buys.place_models import TeamPlace
from data.kernel.facts import Fact


def listen(session: Session, fact: Fact, _now: datetime) -> None:
    """Of two cards of a team, or two names of one offer, that of the chat which stays is kept."""
    if not isinstance(fact, ChatMoved):
        return
    take_along(session, Team.chat_id, fact)
    shown = select(TeamPlace.team_id).where(TeamPlace.chat_id == fact.into_id)
    own = select(Team.id).where(Team.chat_id == fact.into_id)
    named = select(CampaignChat.campaign_id).where(CampaignChat.chat_id == fact.into_id)
    for doubled in (
        delete(TeamPlace).where(
            TeamPlace.chat_id == fact.chat_id, TeamPlace.team_id.in_(shown.union(own))
        ),
        delete(CampaignChat).where(
            CampaignChat.chat_id == fact.chat_id, CampaignChat.campaign_id.in_(named)
        ),
    ):
        session.execute(doubled.execution_options(synchronize_session=False))
    take_along(session, TeamPlace.chat_id, fact)
    take_along(session, CampaignChat.chat_id, fact)
