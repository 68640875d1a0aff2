"""Where a campaign is shown: everywhere, or in named groups only; and who may join its teams.

An offer that is not shown somewhere is not known there: a guessed id finds nothing.
"""

from sqlalchemy import ColumnElement, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from data.group_buys.models import Campaign, CampaignChat, Seat, Team
from data.group_buys.places import places_of
from data.people import Chat, ChatMember


def shown_in(chat_id: str | None) -> ColumnElement[bool]:
    """Campaigns that this chat may see; without a chat, those that anybody may."""
    if chat_id is None:
        return Campaign.named_chats_only.is_(False)
    here, named = aliased(Chat), aliased(Chat)
    topic_of = named.external_id + literal("/")  # a forum's topic is a chat of its own
    among = (
        select(CampaignChat.chat_id)
        .join(named, named.id == CampaignChat.chat_id)
        .join(here, here.account_id == named.account_id)
        .where(CampaignChat.campaign_id == Campaign.id, here.id == chat_id)
        .where(
            or_(
                here.id == named.id,
                func.substr(here.external_id, 1, func.length(topic_of)) == topic_of,
            )
        )
    )
    return or_(Campaign.named_chats_only.is_(False), among.exists())


def is_shown_in(session: Session, campaign: Campaign, chat_id: str | None) -> bool:
    if not campaign.named_chats_only:
        return True
    shown = select(Campaign.id).where(Campaign.id == campaign.id, shown_in(chat_id))
    return session.scalar(shown) is not None


def chats_of(session: Session, campaign: Campaign) -> list[str]:
    """The groups it is named for, in a fixed order."""
    named = select(CampaignChat.chat_id).where(CampaignChat.campaign_id == campaign.id)
    return list(session.scalars(named.order_by(CampaignChat.chat_id)))


def welcomes(session: Session, team: Team, person_id: str) -> bool:
    """May this person join without its link? Its campaign is open to others, the card stands in a
    chat of theirs, or they had a seat before."""
    if session.get_one(Campaign, team.campaign_id).open_to_others:
        return True
    chats = [*places_of(session, team_id=team.id), *([team.chat_id] if team.chat_id else [])]
    there = select(ChatMember.chat_id).where(
        ChatMember.chat_id.in_(chats),
        ChatMember.person_id == person_id,
        ChatMember.left_at.is_(None),
    )
    before = select(Seat.id).where(Seat.team_id == team.id, Seat.person_id == person_id)
    return any(session.scalar(known.limit(1)) is not None for known in (there, before))
