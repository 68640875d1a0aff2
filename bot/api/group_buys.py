"""/api/v1/group-buys: campaigns a shop offers, and the teams that people make of them."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from bot.api.access import Known
from bot.api.paging import DEFAULT_LIMIT, After, Limit, Where
from bot.api.reads import group_buys as reads
from bot.api.shapes import Listed, MoneyIn, MoneyOut, listed
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.group_buys import Campaign, CampaignTerms, Seat, Team, start_campaign, team_of

router = APIRouter(prefix="/group-buys", tags=["group-buys"])


class CampaignOut(BaseModel):
    """`title` is empty where the product's own serves."""

    id: str
    variant_id: str
    title: dict[str, str]
    team_size: int
    team_price: MoneyOut
    window_seconds: int
    per_person_limit: int
    stock_limit: int | None
    taken: int
    starts_at: datetime
    ends_at: datetime
    state: str

    @classmethod
    def of(cls, campaign: Campaign) -> "CampaignOut":
        return cls(
            id=campaign.id,
            variant_id=campaign.variant_id,
            title=campaign.title,
            team_size=campaign.team_size,
            team_price=MoneyOut.of(campaign.team_price),
            window_seconds=campaign.window_seconds,
            per_person_limit=campaign.per_person_limit,
            stock_limit=campaign.stock_limit,
            taken=campaign.taken,
            starts_at=campaign.starts_at,
            ends_at=campaign.ends_at,
            state=campaign.state,
        )


class NewCampaign(BaseModel):
    """`title` by locale; left out, the product's title serves."""

    variant_id: str
    team_size: int = Field(ge=2, le=500)
    team_price: MoneyIn
    window_seconds: int = Field(ge=600, le=30 * 86_400)
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    per_person_limit: int = Field(default=1, ge=1)
    stock_limit: int | None = Field(default=None, ge=2)
    title: dict[str, str] = Field(default_factory=dict)

    def terms(self) -> CampaignTerms:
        return CampaignTerms(
            team_size=self.team_size,
            team_price=self.team_price.money(),
            window=timedelta(seconds=self.window_seconds),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            per_person_limit=self.per_person_limit,
            stock_limit=self.stock_limit,
            title=self.title,
        )


class TeamOut(BaseModel):
    """`have` have paid, `held` hold a place (the paid ones among them), of `need`."""

    id: str
    campaign_id: str
    state: str
    have: int
    held: int
    need: int
    price: MoneyOut
    opened_at: datetime
    deadline: datetime

    @classmethod
    def of(cls, team: Team) -> "TeamOut":
        return cls(
            id=team.id,
            campaign_id=team.campaign_id,
            state=team.state,
            have=team.paid,
            held=team.held,
            need=team.target,
            price=MoneyOut.of(team.price),
            opened_at=team.opened_at,
            deadline=team.expires_at,
        )


class SeatOut(BaseModel):
    customer_id: str
    order_id: str | None
    state: str
    quantity: int

    @classmethod
    def of(cls, seat: Seat) -> "SeatOut":
        return cls(
            customer_id=seat.person_id,
            order_id=seat.order_id,
            state=seat.state,
            quantity=seat.quantity,
        )


class TeamDetail(TeamOut):
    seats: list[SeatOut] = Field(default_factory=list)


@router.get("/campaigns")
def list_campaigns(
    client: Known, shop: Shop, after: After = None, limit: Limit = DEFAULT_LIMIT
) -> Listed[CampaignOut]:
    with looking(shop.database, client.merchant_id) as session:
        where = Where(after, limit)
        page = reads.list_campaigns(session, merchant_id=client.merchant_id, where=where)
        return listed(page, CampaignOut.of)


@router.get("/campaigns/{campaign_id}")
def get_campaign(campaign_id: str, client: Known, shop: Shop) -> CampaignOut:
    with looking(shop.database, client.merchant_id) as session:
        return CampaignOut.of(
            reads.find_campaign(session, merchant_id=client.merchant_id, campaign_id=campaign_id)
        )


@router.post("/campaigns", status_code=201)
def create_campaign(body: NewCampaign, client: Known, shop: Shop) -> CampaignOut:
    with changing(shop.database, client.merchant_id) as session:
        campaign = start_campaign(
            session,
            merchant_id=client.merchant_id,
            variant_id=body.variant_id,
            terms=body.terms(),
            now=client.now,
        )
        return CampaignOut.of(campaign)


@router.get("/teams")
def list_teams(
    client: Known,
    shop: Shop,
    campaign_id: Annotated[str | None, Query()] = None,
    after: After = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Listed[TeamOut]:
    with looking(shop.database, client.merchant_id) as session:
        if campaign_id is not None:
            reads.find_campaign(session, merchant_id=client.merchant_id, campaign_id=campaign_id)
        page = reads.list_teams(
            session,
            merchant_id=client.merchant_id,
            campaign_id=campaign_id,
            where=Where(after, limit),
        )
        return listed(page, TeamOut.of)


@router.get("/teams/{team_id}")
def get_team(team_id: str, client: Known, shop: Shop) -> TeamDetail:
    with looking(shop.database, client.merchant_id) as session:
        team = team_of(session, merchant_id=client.merchant_id, team_id=team_id)
        seats = reads.seats_of(session, merchant_id=client.merchant_id, team_id=team.id)
        shown = TeamOut.of(team).model_dump()
        return TeamDetail(**shown, seats=[SeatOut.of(seat) for seat in seats])
