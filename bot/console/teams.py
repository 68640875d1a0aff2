"""One team of a group-buy: who is in it, and what the shop may decide for it."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from bot.api.reads.group_buys import find_campaign, view_campaign
from bot.api.reads.teams import team_sheet
from bot.console.desk import AtDesk, Desk, Form
from bot.console.pages import go, page, read_form, wrong
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.group_buys import cancel_team, complete_with, revoke_shares, team_of
from data.kernel.errors import GroupBuyClosed, NotFound, WrongState

router = APIRouter(prefix="/group-buys/{campaign_id}/teams/{team_id}")


class CompleteForm(BaseModel):
    """`people`: as many as were there when the page was shown."""

    people: int = Field(ge=2, le=500)


@router.get("")
def show_team(campaign_id: str, team_id: str, desk: AtDesk, shop: Shop) -> Response:
    return page("team.html", desk, changed=False, **_sheet(desk, shop, campaign_id, team_id))


@router.post("/complete")
def complete_team(campaign_id: str, team_id: str, desk: AtDesk, shop: Shop, form: Form) -> Response:
    """With those who are there, though more were asked for."""
    people = read_form(CompleteForm, form).people
    try:
        with changing(shop.database, desk.merchant_id) as session:
            complete_with(
                session,
                merchant_id=desk.merchant_id,
                team_id=team_id,
                people=people,
                by=desk.email,
                now=desk.now,
            )
    except (GroupBuyClosed, WrongState):  # somebody joined, left or paid meanwhile
        return _changed(desk, shop, campaign_id, team_id)
    return go(f"/group-buys/{campaign_id}/teams/{team_id}", done="team_completed")


@router.post("/cancel")
def call_team_off(campaign_id: str, team_id: str, desk: AtDesk, shop: Shop) -> Response:
    """Everybody is let go, and everybody who paid gets their money back."""
    try:
        with changing(shop.database, desk.merchant_id) as session:
            cancel_team(
                session,
                merchant_id=desk.merchant_id,
                team_id=team_id,
                by=desk.email,
                now=desk.now,
            )
    except GroupBuyClosed:
        return _changed(desk, shop, campaign_id, team_id)
    return go(f"/group-buys/{campaign_id}/teams/{team_id}", done="team_cancelled")


@router.post("/links")
def close_team_links(campaign_id: str, team_id: str, desk: AtDesk, shop: Shop) -> Response:
    """Nobody comes into it by the links of before any more; who is in it stays."""
    with changing(shop.database, desk.merchant_id) as session:
        revoke_shares(session, merchant_id=desk.merchant_id, team_id=team_id, now=desk.now)
    return go(f"/group-buys/{campaign_id}/teams/{team_id}", done="links_closed")


def _changed(desk: Desk, shop: OpenShop, campaign_id: str, team_id: str) -> Response:
    """The page as it is now, and that it is no longer as it was when the button was pressed."""
    return wrong("team.html", desk, changed=True, **_sheet(desk, shop, campaign_id, team_id))


def _sheet(desk: Desk, shop: OpenShop, campaign_id: str, team_id: str) -> dict[str, Any]:
    with looking(shop.database, desk.merchant_id) as session:
        mine = {"merchant_id": desk.merchant_id}
        campaign = find_campaign(session, **mine, campaign_id=campaign_id)
        team = team_of(session, **mine, team_id=team_id)
        if team.campaign_id != campaign.id:
            raise NotFound("team")
        sheet = team_sheet(session, team, now=desk.now)
        return {"campaign": view_campaign(session, campaign), "sheet": sheet}
