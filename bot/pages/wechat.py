"""`/wechat/<app id>/oauth`: who opened a page of ours inside WeChat says by the platform who they
are; then they are back at the page: a shared team, or the bill that they want to pay."""

import asyncio
import re

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.console.desk import drop_cookie, set_cookie
from bot.pages import visitors
from bot.pages.introducing import SEE_OTHER, Side, arrive, depart, is_code, openid_of, side_of
from bot.pages.knocking import language, limit, missed, sorry
from bot.pages.payers import Bill, bill_named
from bot.pages.paying_in_wechat import back_at_bill, stale_at_bill
from bot.pages.visitors import TRIP_COOKIE, VISITOR_COOKIE, Trip, Visitor
from data.kernel.errors import Forbidden, NotFound
from data.kernel.locales import Locale
from data.merchants import ChannelAccount, Merchant
from data.people import meet

_SHARE = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_NOT_FOUND, _FORBIDDEN, _BAD_GATEWAY = 404, 403, 502

router = APIRouter(prefix="/wechat", include_in_schema=False)


@router.get("/{app_id}/oauth")
async def set_out(app_id: str, request: Request, g: str = "") -> Response:
    """To the platform, from the page of the shared team `g`."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    limit(tuanzi, request)
    try:
        side = await asyncio.to_thread(_side, tuanzi, app_id)
    except NotFound:
        missed(tuanzi, request)
        return sorry(request, "not_found", _NOT_FOUND)
    if not _SHARE.fullmatch(g):
        return sorry(request, "not_found", _NOT_FOUND)
    return depart(tuanzi, side, g)


@router.get("/{app_id}/oauth/return")
async def come_back(app_id: str, request: Request, code: str = "", state: str = "") -> Response:
    """From the platform; without a code they did not want to."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    limit(tuanzi, request)
    trip = Trip(request.cookies.get(TRIP_COOKIE, ""), state)
    try:
        side = await asyncio.to_thread(_side, tuanzi, app_id)
        page = await asyncio.to_thread(arrive, tuanzi, side, trip)
    except (NotFound, Forbidden):
        missed(tuanzi, request)
        bill = bill_named(visitors.page_named(trip.cookie))
        return stale_at_bill(request, bill) if bill else sorry(request, "stale", _FORBIDDEN)
    openid = await openid_of(tuanzi, side, code) if is_code(code) else ""
    bill = bill_named(page)
    response = await _welcomed(tuanzi, request, side, openid, bill or page)
    drop_cookie(response, TRIP_COOKIE)
    return response


async def _welcomed(
    tuanzi: Tuanzi, request: Request, side: Side, openid: str | None, page: Bill | str
) -> Response:
    """`openid` empty: they did not want to; None: nobody could tell us."""
    if isinstance(page, Bill):
        return await back_at_bill(tuanzi, request, side, openid, page)
    if openid is None:
        return sorry(request, "platform", _BAD_GATEWAY)
    response = RedirectResponse(f"/g/{page}", SEE_OTHER)
    if openid:
        cookie = await asyncio.to_thread(_welcome, tuanzi, side, openid, request)
        set_cookie(response, VISITOR_COOKIE, cookie)
    return response


def _side(tuanzi: Tuanzi, app_id: str) -> Side:
    with tuanzi.database.reading() as session:
        return side_of(session, app_id)


def _welcome(tuanzi: Tuanzi, side: Side, openid: str, request: Request) -> str:
    """The person behind the openid, here and in the account's chat one and the same."""
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        person = meet(
            session,
            account=session.get_one(ChannelAccount, side.account.id),
            external_id=openid,
            name="",
            locale=language(request, _shop_language(session, side.account)),
            now=now,
        )
        return visitors.note(side.secret, Visitor(person.id, side.account.id), now)


def _shop_language(session: Session, account: ChannelAccount) -> Locale:
    return Locale(session.get_one(Merchant, account.merchant_id).locale)
