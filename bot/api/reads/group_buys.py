"""Campaigns and teams of a shop, by page, with what they are about."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.api.paging import Page, Where, newest_first
from data.catalogue import Product, Variant
from data.group_buys import (
    Campaign,
    CampaignFigures,
    InviteFigures,
    Seat,
    Team,
    TeamState,
    budget_of,
    campaign_figures,
    chats_of,
    invite_budget_of,
    invite_figures,
)
from data.group_buys.reward_models import InviteBudget, RewardBudget
from data.kernel.errors import NotFound
from data.people import Chat

_MOST_GROUPS = 500  # in one list to choose from


@dataclass(frozen=True, slots=True)
class CampaignView:
    """`title` is the campaign's own, or its product's. `budget`: what leaders may get, if they
    get anything; `invite_budget` the same for inviting."""

    campaign: Campaign
    variant: Variant
    product: Product
    figures: CampaignFigures
    budget: RewardBudget | None
    inviting: InviteFigures
    invite_budget: InviteBudget | None

    @property
    def title(self) -> dict[str, str]:
        return self.campaign.title or self.product.title


def list_campaigns(session: Session, *, merchant_id: str, where: Where) -> Page[Campaign]:
    query = select(Campaign).where(Campaign.merchant_id == merchant_id)
    return newest_first(session, query, at=Campaign.created_at, key=Campaign.id, where=where)


def find_campaign(session: Session, *, merchant_id: str, campaign_id: str) -> Campaign:
    campaign = session.get(Campaign, campaign_id)
    if campaign is None or campaign.merchant_id != merchant_id:
        raise NotFound("campaign")
    return campaign


def view_campaign(session: Session, campaign: Campaign) -> CampaignView:
    variant = session.get_one(Variant, campaign.variant_id)
    figures = campaign_figures(session, merchant_id=campaign.merchant_id, campaign_id=campaign.id)
    product = session.get_one(Product, variant.product_id)
    inviting = invite_figures(session, campaign_id=campaign.id)
    budgets = budget_of(session, campaign.id), invite_budget_of(session, campaign.id)
    return CampaignView(campaign, variant, product, figures, budgets[0], inviting, budgets[1])


def groups(session: Session, *, merchant_id: str) -> Sequence[Chat]:
    """The groups a shop is in, by title."""
    mine = select(Chat).where(Chat.merchant_id == merchant_id, Chat.kind == "group")
    return session.scalars(mine.order_by(Chat.title, Chat.id).limit(_MOST_GROUPS)).all()


def groups_of(session: Session, campaign: Campaign) -> Sequence[Chat]:
    """Those a campaign is named for."""
    named = select(Chat).where(Chat.id.in_(chats_of(session, campaign)))
    return session.scalars(named.order_by(Chat.title, Chat.id)).all()


def list_teams(
    session: Session, *, merchant_id: str, campaign_id: str | None, where: Where
) -> Page[Team]:
    query = select(Team).where(Team.merchant_id == merchant_id)
    if campaign_id is not None:
        query = query.where(Team.campaign_id == campaign_id)
    return newest_first(session, query, at=Team.opened_at, key=Team.id, where=where)


def seats_of(session: Session, *, merchant_id: str, team_id: str) -> Sequence[Seat]:
    mine = select(Seat).where(Seat.merchant_id == merchant_id, Seat.team_id == team_id)
    return session.scalars(mine.order_by(Seat.created_at, Seat.id)).all()


def count_open_teams(session: Session, *, merchant_id: str) -> int:
    count = session.scalar(
        select(func.count())
        .select_from(Team)
        .where(Team.merchant_id == merchant_id, Team.state == TeamState.OPEN)
    )
    return count or 0
