"""Group-buys: what is offered to teams, how the teams do, a form to offer more or other terms."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.responses import Response

from bot.api.paging import Where
from bot.api.reads import group_buys as reads
from bot.api.reads.shelf import all_variants
from bot.campaign_turns import TURNS
from bot.channels.registry import CHANNELS
from bot.console.campaign_form import (
    as_typed,
    fields_of,
    hours_held,
    in_order,
    read_terms,
    reasons,
    rows_of,
    tier_rows,
)
from bot.console.desk import AtDesk, Desk, Form
from bot.console.pages import FormProblems, go, page, typed, wrong
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.group_buys import (
    Campaign,
    PayMode,
    campaign_tiers,
    change_campaign,
    lacks_address,
    start_campaign,
    terms_of,
    working_mode,
)
from data.kernel.errors import Invalid, NotFound, OutOfStock, ShopError

router = APIRouter(prefix="/group-buys")
_EMPTY_ROWS = 3  # to type further prices into


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
    return page("campaign_form.html", desk, **_sheet(desk, shop))


@router.post("")
def open_campaign(desk: AtDesk, shop: Shop, form: Form) -> Response:
    try:
        with changing(shop.database, desk.merchant_id) as session:
            hold = shop.gateways.longest_hold(session, desk.merchant_id)
            campaign = start_campaign(
                session,
                merchant_id=desk.merchant_id,
                variant_id=str(form.get("variant_id", "")),
                terms=read_terms(form, desk, longest_hold=hold),
                now=desk.now,
            )
    except (FormProblems, Invalid, NotFound, OutOfStock) as error:
        return wrong("campaign_form.html", desk, **_sheet(desk, shop, form, _wrong(error)))
    return go(f"/group-buys/{campaign.id}", done="campaign_started")


@router.get("/{campaign_id}/edit")
def edit_campaign(campaign_id: str, desk: AtDesk, shop: Shop) -> Response:
    return page("campaign_form.html", desk, **_sheet(desk, shop, campaign_id=campaign_id))


@router.post("/{campaign_id}/edit")
def save_campaign(campaign_id: str, desk: AtDesk, shop: Shop, form: Form) -> Response:
    """Other terms, while no team of it is open."""
    try:
        with changing(shop.database, desk.merchant_id) as session:
            campaign = _found(session, desk, campaign_id)
            hold = shop.gateways.longest_hold(session, desk.merchant_id)
            before = terms_of(session, campaign)
            change_campaign(
                session,
                merchant_id=desk.merchant_id,
                campaign_id=campaign.id,
                terms=read_terms(form, desk, longest_hold=hold, now=before),
                now=desk.now,
            )
    except (FormProblems, Invalid, OutOfStock) as error:
        sheet = _sheet(desk, shop, form, _wrong(error), campaign_id)
        return wrong("campaign_form.html", desk, **sheet)
    return go(f"/group-buys/{campaign_id}", done="saved")


def _wrong(error: FormProblems | ShopError) -> set[str]:
    if isinstance(error, FormProblems):
        return error.fields
    return {"stock_limit"} if isinstance(error, OutOfStock) else fields_of(error.detail)


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
        waiting = {team.id for team in teams.items if lacks_address(session, team)}
        return page(
            "campaign.html",
            desk,
            view=view,
            teams=teams,
            waiting=waiting,
            groups=reads.groups_of(session, campaign),
            tiers=campaign_tiers(session, campaign)[1:],
            gets=working_mode(campaign, shop.gateways.longest_hold(session, desk.merchant_id)),
        )


@router.post("/{campaign_id}/{turn}")
def turn_campaign(campaign_id: str, turn: str, desk: AtDesk, shop: Shop) -> Response:
    """Pause, resume or end: no new teams; the open ones run on."""
    if turn not in TURNS:
        raise NotFound("turn")
    with changing(shop.database, desk.merchant_id) as session:
        _found(session, desk, campaign_id)
        TURNS[turn](session, merchant_id=desk.merchant_id, campaign_id=campaign_id, now=desk.now)
    return go(f"/group-buys/{campaign_id}", done="saved")


def _found(session: Session, desk: Desk, campaign_id: str) -> Campaign:
    return reads.find_campaign(session, merchant_id=desk.merchant_id, campaign_id=campaign_id)


def _sheet(
    desk: Desk,
    shop: OpenShop,
    form: FormData | None = None,
    fields: set[str] | None = None,
    campaign_id: str = "",
) -> dict[str, Any]:
    """What the form shows: as it was typed, as it is set, or empty."""
    with looking(shop.database, desk.merchant_id) as session:
        given, chosen = ({}, set()) if form is None else (typed(form), set(form.getlist("chats")))
        inviting = set(form.getlist("invite_channels")) if form is not None else set()
        ticked = [PayMode.CHARGE] if form is None else [str(one) for one in form.getlist("modes")]
        rows = [] if form is None else tier_rows(form)
        if campaign_id and form is None:
            terms = terms_of(session, _found(session, desk, campaign_id))
            given, chosen, rows = as_typed(terms), set(terms.chats or ()), rows_of(terms)
            inviting, ticked = set(terms.invite_channels or ()), list(terms.modes)
        hold = shop.gateways.longest_hold(session, desk.merchant_id)
        return {
            "variants": all_variants(session, merchant_id=desk.merchant_id),
            "groups": reads.groups(session, merchant_id=desk.merchant_id),
            "given": given,
            "chosen": chosen,
            "rows": [*rows, *[("", "")] * _EMPTY_ROWS],
            "modes": in_order(ticked),
            "ticked": ticked,
            "hold": hold,
            "hours_held": hours_held(hold),
            "channels": CHANNELS,
            "inviting": inviting,
            "fields": fields or set(),
            "why": reasons(fields or set()),
            "campaign_id": campaign_id,
        }
