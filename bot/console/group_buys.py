"""Group-buys: what is offered to teams, how the teams do, a form to offer more."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.responses import Response

from bot.api.paging import Where
from bot.api.reads import group_buys as reads
from bot.api.reads.shelf import all_variants
from bot.console.desk import AtDesk, Desk, Form
from bot.console.pages import FormProblems, go, page, read_form, typed, wrong
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.group_buys import (
    CampaignTerms,
    end_campaign,
    pause_campaign,
    resume_campaign,
    start_campaign,
)
from data.kernel.errors import Invalid, NotFound
from data.kernel.money import Money

router = APIRouter(prefix="/group-buys")
_TURNS: Mapping[str, Callable[..., None]] = {
    "pause": pause_campaign,
    "resume": resume_campaign,
    "end": end_campaign,
}
# What the domain calls a term that makes no sense, and the field it was typed into.
_FIELDS = {"window": "hours", "ends_at": "days", "amount": "team_price", "variant": "variant_id"}


class CampaignForm(BaseModel):
    variant_id: str
    team_size: int = Field(ge=2, le=500)
    team_price: Decimal = Field(gt=0, max_digits=16)
    hours: int = Field(ge=1, le=720)
    days: int = Field(ge=1, le=365)
    per_person_limit: int = Field(default=1, ge=1, le=100)
    stock_limit: int | None = Field(default=None, ge=2)

    def terms(self, desk: Desk) -> CampaignTerms:
        return CampaignTerms(
            team_size=self.team_size,
            team_price=Money.of(self.team_price, desk.currency),
            window=timedelta(hours=self.hours),
            starts_at=desk.now,
            ends_at=desk.now + timedelta(days=self.days),
            per_person_limit=self.per_person_limit,
            stock_limit=self.stock_limit,
        )


@router.get("")
def list_campaigns(
    desk: AtDesk, shop: Shop, after: Annotated[str | None, Query()] = None
) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        found = reads.list_campaigns(
            session, merchant_id=desk.merchant_id, where=Where(after, limit=20)
        )
        views = [reads.view_campaign(session, campaign) for campaign in found.items]
        return page("group_buys.html", desk, views=views, following=found.next)


@router.get("/new")
def new_campaign(desk: AtDesk, shop: Shop) -> Response:
    return page("campaign_form.html", desk, **_choices(desk, shop))


@router.post("")
def open_campaign(desk: AtDesk, shop: Shop, form: Form) -> Response:
    try:
        terms = read_form(CampaignForm, form)
        with changing(shop.database, desk.merchant_id) as session:
            campaign = start_campaign(
                session,
                merchant_id=desk.merchant_id,
                variant_id=terms.variant_id,
                terms=terms.terms(desk),
                now=desk.now,
            )
    except FormProblems as problems:
        return _again(desk, shop, form, problems.fields)
    except (Invalid, NotFound) as error:
        return _again(desk, shop, form, {_FIELDS.get(error.detail, error.detail)})
    return go(f"/group-buys/{campaign.id}", done="campaign_started")


@router.get("/{campaign_id}")
def show_campaign(
    campaign_id: str, desk: AtDesk, shop: Shop, after: Annotated[str | None, Query()] = None
) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        campaign = reads.find_campaign(
            session, merchant_id=desk.merchant_id, campaign_id=campaign_id
        )
        teams = reads.list_teams(
            session, merchant_id=desk.merchant_id, campaign_id=campaign.id, where=Where(after)
        )
        view = reads.view_campaign(session, campaign)
        return page("campaign.html", desk, view=view, teams=teams)


@router.post("/{campaign_id}/{turn}")
def turn_campaign(campaign_id: str, turn: str, desk: AtDesk, shop: Shop) -> Response:
    """Pause, resume or end: no new teams; the open ones run on."""
    if turn not in _TURNS:
        raise NotFound("turn")
    with changing(shop.database, desk.merchant_id) as session:
        _turn(session, desk, campaign_id, _TURNS[turn])
    return go(f"/group-buys/{campaign_id}", done="saved")


def _turn(session: Session, desk: Desk, campaign_id: str, act: Callable[..., None]) -> None:
    reads.find_campaign(session, merchant_id=desk.merchant_id, campaign_id=campaign_id)
    act(session, merchant_id=desk.merchant_id, campaign_id=campaign_id)


def _again(desk: Desk, shop: OpenShop, form: FormData, fields: set[str]) -> Response:
    return wrong("campaign_form.html", desk, **_choices(desk, shop, typed(form), fields))


def _choices(
    desk: Desk,
    shop: OpenShop,
    given: Mapping[str, str] | None = None,
    fields: set[str] | None = None,
) -> dict[str, Any]:
    with looking(shop.database, desk.merchant_id) as session:
        variants = all_variants(session, merchant_id=desk.merchant_id)
    return {"variants": variants, "given": given or {}, "fields": fields or set()}
