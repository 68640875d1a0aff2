"""Price ladders: the more people pay, the less each of them pays in the end.

Everybody pays the first tier's price, which is never less than the last. What a team came to is
written by the very UPDATE that decides its success, from those who have paid at that moment; each
of them gets the difference back, once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import ColumnElement, SQLColumnExpression, bindparam, delete, func, select
from sqlalchemy.orm import Session

from data.group_buys.models import Campaign, Team
from data.group_buys.tier_models import CampaignTier, TeamTier
from data.kernel.money import Money
from data.kernel.prepared import Prepared

_OF_TEAM = Prepared(
    select(TeamTier.min_size, TeamTier.price_minor)
    .where(TeamTier.team_id == bindparam("team"))
    .order_by(TeamTier.min_size)
)


@dataclass(frozen=True, slots=True)
class Tier:
    """From `min_size` people on, each pays `price`."""

    min_size: int
    price: Money


def is_ladder(tiers: Sequence[Tier]) -> bool:
    """Sizes strictly rise, prices strictly fall: who adds a friend never pays more for it."""
    return all(
        low.min_size < high.min_size and Money(0, low.price.currency) < high.price < low.price
        for low, high in pairwise(tiers)
    )


def keep_tiers(session: Session, campaign: Campaign, further: Sequence[Tier]) -> None:
    """These instead of those it had."""
    session.execute(delete(CampaignTier).where(CampaignTier.campaign_id == campaign.id))
    session.add_all(
        CampaignTier(
            campaign_id=campaign.id,
            min_size=tier.min_size,
            merchant_id=campaign.merchant_id,
            price_minor=tier.price.minor,
        )
        for tier in further
    )
    session.flush()


def copy_tiers(session: Session, team: Team, tiers: Sequence[Tier]) -> None:
    """Of its campaign, all of them: the team keeps those after the first."""
    session.add_all(
        TeamTier(
            team_id=team.id,
            min_size=tier.min_size,
            merchant_id=team.merchant_id,
            price_minor=tier.price.minor,
        )
        for tier in tiers[1:]
    )
    session.flush()


def campaign_tiers(session: Session, campaign: Campaign) -> tuple[Tier, ...]:
    """All of them, the smallest team first."""
    rows = session.execute(
        select(CampaignTier.min_size, CampaignTier.price_minor)
        .where(CampaignTier.campaign_id == campaign.id)
        .order_by(CampaignTier.min_size)
    )
    further = (Tier(size, Money(minor, campaign.currency)) for size, minor in rows)
    return (Tier(campaign.team_size, campaign.team_price), *further)


def team_tiers(session: Session, team: Team) -> tuple[Tier, ...]:
    """All of them, the smallest team first; the last one's size is its target."""
    is_ladder = team.target > team.minimum
    rows = _OF_TEAM.rows(session, team=team.id) if is_ladder else []
    further = (Tier(size, Money(minor, team.currency)) for size, minor in rows)
    return (Tier(team.minimum, team.price), *further)


def reached(tiers: Sequence[Tier], size: int) -> Tier:
    """The best of them for so many people; for too few, the first."""
    return next((tier for tier in reversed(tiers) if tier.min_size <= size), tiers[0])


def price_for(size: SQLColumnExpression[int | None]) -> ColumnElement[int]:
    """What each of so many pays, to be worked out by an UPDATE of the team."""
    reached_by = TeamTier.min_size <= size
    cheapest = (
        select(func.min(TeamTier.price_minor))
        .where(TeamTier.team_id == Team.id, reached_by)
        .correlate(Team)
        .scalar_subquery()
    )
    return func.coalesce(cheapest, Team.price_minor)
