"""A group that goes on under another chat takes its teams with it, their cards, and the offers that
are for it alone."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from data.conversations.moving import ChatMoved
from data.group_buys.models import CampaignChat, Team
from data.group_buys.place_models import TeamPlace
from data.kernel.facts import Fact

_UNSEEN = {"synchronize_session": False}  # the objects are read anew


def listen(session: Session, fact: Fact, _now: datetime) -> None:
    """Of two cards of a team, or two names of one offer, that of the chat which stays is kept."""
    if not isinstance(fact, ChatMoved):
        return
    session.flush()
    _move(session, Team, fact)
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
        session.execute(doubled.execution_options(**_UNSEEN))
    _move(session, TeamPlace, fact)
    _move(session, CampaignChat, fact)
    session.expire_all()


def _move(session: Session, kind: type[Team | TeamPlace | CampaignChat], fact: ChatMoved) -> None:
    session.execute(
        update(kind)
        .where(kind.chat_id == fact.chat_id)
        .values(chat_id=fact.into_id)
        .execution_options(**_UNSEEN)
    )
