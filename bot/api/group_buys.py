"""/api/v1/group-buys: campaigns a shop offers, and the teams that people make of them."""

from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.orm import Session

from bot.api.access import Client, Known
from bot.api.campaign_figures import FiguresOut, money_out
from bot.api.paging import DEFAULT_LIMIT, After, Limit, Where
from bot.api.reads import group_buys as reads
from bot.api.shapes import Listed, MoneyIn, MoneyOut, listed
from bot.campaign_turns import TURNS
from bot.channels.registry import rewarding_among
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.group_buys import (
    Campaign,
    CampaignTerms,
    PayMode,
    Seat,
    Team,
    Tier,
    Underpaid,
    cancel_team,
    change_campaign,
    complete_with,
    revoke_shares,
    start_campaign,
    team_of,
    terms_of,
)
from data.kernel.money import Money

router = APIRouter(prefix="/group-buys", tags=["group-buys"])
Turn = Literal["pause", "resume", "end"]


class TierOut(BaseModel):
    min_size: int
    price: MoneyOut


class TierIn(BaseModel):
    """From `min_size` people on, each pays `price`."""

    min_size: int = Field(ge=3, le=500)
    price: MoneyIn

    def tier(self) -> Tier:
        return Tier(self.min_size, self.price.money())


class CampaignOut(BaseModel):
    """`title` is empty where the product's own serves; `chats` null where all see it. `tiers`: what
    larger teams pay. `modes`: how its teams may pay, the first unless another is chosen."""

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
    key: str | None
    set_aside: bool
    new_customers_only: bool
    chats: list[str] | None
    open_to_others: bool
    ship_to: Literal["each", "one"]
    reward: MoneyOut | None
    reward_budget: MoneyOut | None
    invite_reward: MoneyOut | None
    invite_reward_budget: MoneyOut | None
    invite_channels: list[str] | None
    tiers: list[TierOut]
    modes: list[PayMode]
    pay_window_seconds: int
    underpaid: Underpaid
    figures: FiguresOut

    @classmethod
    def of(cls, session: Session, campaign: Campaign) -> "CampaignOut":
        terms = terms_of(session, campaign)
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
            key=terms.key,
            set_aside=terms.set_aside,
            new_customers_only=terms.new_customers_only,
            chats=None if terms.chats is None else list(terms.chats),
            open_to_others=terms.open_to_others,
            ship_to="one" if terms.ship_to_one else "each",
            reward=money_out(terms.reward),
            reward_budget=money_out(terms.reward_budget),
            invite_reward=money_out(terms.invite_reward),
            invite_reward_budget=money_out(terms.invite_reward_budget),
            invite_channels=None if terms.invite_channels is None else [*terms.invite_channels],
            tiers=[
                TierOut(min_size=tier.min_size, price=MoneyOut.of(tier.price))
                for tier in terms.tiers
            ],
            modes=list(terms.modes),
            pay_window_seconds=int(terms.pay_window.total_seconds()),
            underpaid=terms.underpaid,
            figures=FiguresOut.of(session, campaign),
        )


def _given(amount: MoneyIn | None) -> Money | None:
    return amount.money() if amount is not None else None


class TermsIn(BaseModel):
    """`title` by locale; left out, the product's title serves. `per_person_limit` and
    `stock_limit` count units. `chats`: the groups it is shown in; null is everywhere. `tiers`: what
    larger teams than `team_size` pay. `invite_reward` is what somebody gets for each paid order of
    whom they invited, in `invite_channels`; null: in every messenger whose rules allow it. 422
    invite_channels_forbidden for one whose rules do not. `pay_window_seconds` and `underpaid` are
    for teams that pay when they are full."""

    team_size: int = Field(ge=2, le=500)
    team_price: MoneyIn
    window_seconds: int = Field(ge=600, le=30 * 86_400)
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    per_person_limit: int = Field(default=1, ge=1)
    stock_limit: int | None = Field(default=None, ge=2)
    key: str | None = None
    set_aside: bool = False
    new_customers_only: bool = False
    chats: list[str] | None = Field(default=None, max_length=500)
    open_to_others: bool = False
    ship_to: Literal["each", "one"] = "each"
    reward: MoneyIn | None = None
    reward_budget: MoneyIn | None = None
    invite_reward: MoneyIn | None = None
    invite_reward_budget: MoneyIn | None = None
    invite_channels: list[str] | None = Field(default=None, max_length=20)
    title: dict[str, str] = Field(default_factory=dict)
    tiers: list[TierIn] = Field(default_factory=list, max_length=20)
    modes: list[PayMode] = Field(default=[PayMode.CHARGE], min_length=1, max_length=3)
    pay_window_seconds: int = Field(default=86_400, ge=3600, le=7 * 86_400)
    underpaid: Underpaid = Underpaid.FAIL

    def terms(self, longest_hold: timedelta | None) -> CampaignTerms:
        return CampaignTerms(
            team_size=self.team_size,
            team_price=self.team_price.money(),
            window=timedelta(seconds=self.window_seconds),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            per_person_limit=self.per_person_limit,
            stock_limit=self.stock_limit,
            title=self.title,
            key=self.key,
            set_aside=self.set_aside,
            new_customers_only=self.new_customers_only,
            chats=None if self.chats is None else tuple(self.chats),
            open_to_others=self.open_to_others,
            ship_to_one=self.ship_to == "one",
            reward=_given(self.reward),
            reward_budget=_given(self.reward_budget),
            invite_reward=_given(self.invite_reward),
            invite_reward_budget=_given(self.invite_reward_budget),
            invite_channels=None if self.invite_channels is None else tuple(self.invite_channels),
            rewarding_channels=rewarding_among(self.invite_channels),
            tiers=tuple(one.tier() for one in self.tiers),
            modes=tuple(self.modes),
            longest_hold=longest_hold,
            pay_window=timedelta(seconds=self.pay_window_seconds),
            underpaid=self.underpaid,
        )


class NewCampaign(TermsIn):
    variant_id: str


class TeamOut(BaseModel):
    """`have` have paid, `held` hold a place (the paid ones among them); `need` must pay for it to
    succeed, `most` can. `price` is what is paid now, or what it came to."""

    id: str
    campaign_id: str
    state: str
    have: int
    held: int
    need: int
    most: int
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
            need=team.minimum,
            most=team.target,
            price=MoneyOut.of(team.final_price or team.price),
            opened_at=team.opened_at,
            deadline=team.ends_at,
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
        return listed(page, partial(CampaignOut.of, session))


@router.get("/campaigns/{campaign_id}")
def get_campaign(campaign_id: str, client: Known, shop: Shop) -> CampaignOut:
    with looking(shop.database, client.merchant_id) as session:
        return CampaignOut.of(session, _found(session, client, campaign_id))


@router.post("/campaigns", status_code=201)
def create_campaign(body: NewCampaign, client: Known, shop: Shop) -> CampaignOut:
    with changing(shop.database, client.merchant_id) as session:
        campaign = start_campaign(
            session,
            merchant_id=client.merchant_id,
            variant_id=body.variant_id,
            terms=body.terms(_longest_hold(session, client, shop)),
            now=client.now,
        )
        return CampaignOut.of(session, campaign)


@router.put("/campaigns/{campaign_id}")
def change_terms(campaign_id: str, body: TermsIn, client: Known, shop: Shop) -> CampaignOut:
    """Other terms for the same goods; 409 while a team is open, or once it has ended."""
    with changing(shop.database, client.merchant_id) as session:
        campaign = change_campaign(
            session,
            merchant_id=client.merchant_id,
            campaign_id=campaign_id,
            terms=body.terms(_longest_hold(session, client, shop)),
            now=client.now,
        )
        return CampaignOut.of(session, campaign)


@router.post("/campaigns/{campaign_id}/{turn}")
def turn_campaign(campaign_id: str, turn: Turn, client: Known, shop: Shop) -> CampaignOut:
    """Pause, resume, or end for good: no new teams; the open ones run on."""
    with changing(shop.database, client.merchant_id) as session:
        campaign = _found(session, client, campaign_id)
        TURNS[turn](
            session, merchant_id=client.merchant_id, campaign_id=campaign_id, now=client.now
        )
        return CampaignOut.of(session, campaign)


def _found(session: Session, client: Client, campaign_id: str) -> Campaign:
    return reads.find_campaign(session, merchant_id=client.merchant_id, campaign_id=campaign_id)


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


class EnoughIn(BaseModel):
    """`people`: as many as you saw there."""

    people: int = Field(ge=2, le=500)


@router.post("/teams/{team_id}/complete")
def complete_team(team_id: str, body: EnoughIn, client: Known, shop: Shop) -> TeamOut:
    """Complete an open team with the `people` who have paid, though more were asked for; where
    people join first, with those who joined, who are asked to pay now. 409 team_changed where as
    many are not there, team_undecided while somebody is still paying or in line."""
    with changing(shop.database, client.merchant_id) as session:
        which = {"merchant_id": client.merchant_id, "team_id": team_id, "by": client.name}
        complete_with(session, **which, people=body.people, now=client.now)
        return TeamOut.of(team_of(session, merchant_id=client.merchant_id, team_id=team_id))


@router.post("/teams/{team_id}/cancel")
def cancel_open_team(team_id: str, client: Known, shop: Shop) -> TeamOut:
    """Call off a team that is open or being paid for: all money goes back. 409 once it is over."""
    with changing(shop.database, client.merchant_id) as session:
        which = {"merchant_id": client.merchant_id, "team_id": team_id, "by": client.name}
        cancel_team(session, **which, now=client.now)
        return TeamOut.of(team_of(session, merchant_id=client.merchant_id, team_id=team_id))


@router.post("/teams/{team_id}/links")
def close_team_links(team_id: str, client: Known, shop: Shop) -> TeamOut:
    """Close every link that was given out to a team, for one that fell into the wrong hands. Who is
    in it stays; its members get a fresh link when they ask the bot to invite."""
    with changing(shop.database, client.merchant_id) as session:
        revoke_shares(session, merchant_id=client.merchant_id, team_id=team_id, now=client.now)
        return TeamOut.of(team_of(session, merchant_id=client.merchant_id, team_id=team_id))


def _longest_hold(session: Session, client: Client, shop: OpenShop) -> timedelta | None:
    return shop.gateways.longest_hold(session, client.merchant_id)
