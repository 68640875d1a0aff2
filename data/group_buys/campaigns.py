"""Campaigns: what a merchant offers to teams, when, and at which price."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from data.catalogue import Variant, price_of
from data.group_buys.models import Campaign, CampaignState
from data.kernel.database import changed
from data.kernel.errors import Invalid, NotFound, WrongState
from data.kernel.ids import new_id
from data.kernel.money import Money

SHORTEST_WINDOW = timedelta(minutes=10)  # as long as one seat is held: no team dies before a hold
LONGEST_WINDOW = timedelta(days=30)
SMALLEST_TEAM = 2
LARGEST_TEAM = 500


@dataclass(frozen=True, slots=True)
class CampaignTerms:
    """What the merchant sets. `title` is by locale; left out, the product's title serves."""

    team_size: int
    team_price: Money
    window: timedelta
    starts_at: datetime
    ends_at: datetime
    per_person_limit: int = 1
    stock_limit: int | None = None
    title: dict[str, str] = field(default_factory=dict)


def start_campaign(
    session: Session, *, merchant_id: str, variant_id: str, terms: CampaignTerms, now: datetime
) -> Campaign:
    """Offer a variant to teams; the team price must be below the price for one."""
    variant = session.get(Variant, variant_id)
    if variant is None or variant.merchant_id != merchant_id:
        raise NotFound("variant")
    _check(terms, price_of(variant))
    campaign = Campaign(
        id=new_id("cmp"),
        merchant_id=merchant_id,
        variant_id=variant_id,
        title=dict(terms.title),
        team_size=terms.team_size,
        team_price_minor=terms.team_price.minor,
        currency=terms.team_price.currency,
        window_seconds=int(terms.window.total_seconds()),
        per_person_limit=terms.per_person_limit,
        stock_limit=terms.stock_limit,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        created_at=now,
    )
    session.add(campaign)
    session.flush()
    return campaign


def _check(terms: CampaignTerms, price_alone: Money) -> None:
    rules = {
        "team_size": SMALLEST_TEAM <= terms.team_size <= LARGEST_TEAM,
        "team_price": terms.team_price.minor > 0 and terms.team_price < price_alone,
        "window": SHORTEST_WINDOW <= terms.window <= LONGEST_WINDOW,
        "ends_at": terms.starts_at < terms.ends_at,
        "per_person_limit": terms.per_person_limit >= 1,
        "stock_limit": terms.stock_limit is None or terms.stock_limit >= terms.team_size,
    }
    for field_name, holds in rules.items():
        if not holds:
            raise Invalid(field_name)


def pause_campaign(session: Session, *, merchant_id: str, campaign_id: str) -> None:
    """No new teams for now; those already open run on."""
    _turn(session, merchant_id, campaign_id, CampaignState.ACTIVE, CampaignState.PAUSED)


def resume_campaign(session: Session, *, merchant_id: str, campaign_id: str) -> None:
    _turn(session, merchant_id, campaign_id, CampaignState.PAUSED, CampaignState.ACTIVE)


def end_campaign(session: Session, *, merchant_id: str, campaign_id: str) -> None:
    """No new teams ever; those already open run to their own deadline."""
    for state in (CampaignState.ACTIVE, CampaignState.PAUSED):
        if _moved(session, merchant_id, campaign_id, state, CampaignState.ENDED):
            return
    raise WrongState("campaign")


def _turn(
    session: Session, merchant_id: str, campaign_id: str, was: CampaignState, to: CampaignState
) -> None:
    if not _moved(session, merchant_id, campaign_id, was, to):
        raise WrongState("campaign")


def _moved(
    session: Session, merchant_id: str, campaign_id: str, was: CampaignState, to: CampaignState
) -> bool:
    return bool(
        changed(
            session.execute(
                update(Campaign)
                .where(Campaign.id == campaign_id, Campaign.merchant_id == merchant_id)
                .where(Campaign.state == was)
                .values(state=to)
                .execution_options(synchronize_session="fetch")
            )
        )
    )
