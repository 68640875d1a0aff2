"""`/wechat/<app id>/oauth`: who opened a shared team inside WeChat says so by the platform, which
tells us their openid and nothing else; then they are back at the team.

The state is signed, bound to the browser that set out, and works once; nobody is asked anything.
"""

import asyncio
import re
from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.console.desk import drop_cookie, set_cookie
from bot.delivery.wechat_platform import call_by, secret_of
from bot.pages import visitors
from bot.pages.knocking import account_of, language, limit, missed, sorry
from bot.pages.visitors import TRIP_COOKIE, VISITOR_COOKIE, Trip, Visitor
from bot.settings import Secret
from data.delivery.used_tokens import use_up
from data.kernel.errors import Forbidden, NotFound
from data.kernel.locales import Locale
from data.merchants import ChannelAccount, Merchant
from data.people import meet
from integrations.http import Unreachable
from integrations.wechat_errors import WeChatError
from integrations.wechat_pages import introduction

_SHARE = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_LONGEST_CODE = 512  # the vendor names no length; today's have 32
_SEE_OTHER, _NOT_FOUND, _FORBIDDEN, _BAD_GATEWAY = 303, 404, 403, 502

router = APIRouter(prefix="/wechat", include_in_schema=False)


class Side(NamedTuple):
    """Our side of an account: what signs, and what asks the platform."""

    account: ChannelAccount
    secret: Secret


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
    trip = visitors.set_out(side.secret, g, tuanzi.clock.now())
    settings = tuanzi.settings
    back = f"{settings.public_url}/wechat/{app_id}/oauth/return"
    where = introduction(settings.wechat_site, app_id, back=back, state=trip.state)
    response = RedirectResponse(where, _SEE_OTHER)
    set_cookie(response, TRIP_COOKIE, trip.cookie)
    return response


@router.get("/{app_id}/oauth/return")
async def come_back(app_id: str, request: Request, code: str = "", state: str = "") -> Response:
    """From the platform; without a code they did not want to."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    limit(tuanzi, request)
    trip = Trip(request.cookies.get(TRIP_COOKIE, ""), state)
    try:
        side = await asyncio.to_thread(_side, tuanzi, app_id)
        share = await asyncio.to_thread(_use_up, tuanzi, side, trip)
    except (NotFound, Forbidden):
        missed(tuanzi, request)
        return sorry(request, "stale", _FORBIDDEN)
    response = RedirectResponse(f"/g/{share}", _SEE_OTHER)
    drop_cookie(response, TRIP_COOKIE)
    if not 0 < len(code) <= _LONGEST_CODE:
        return response
    openid = await _openid(tuanzi, side, code)
    if openid is None:
        return sorry(request, "platform", _BAD_GATEWAY)
    cookie = await asyncio.to_thread(_welcome, tuanzi, side, openid, request)
    set_cookie(response, VISITOR_COOKIE, cookie)
    return response


def _side(tuanzi: Tuanzi, app_id: str) -> Side:
    with tuanzi.database.reading() as session:
        account = account_of(session, app_id)
        secret = secret_of(session, account)
    if secret is None or not secret.reveal():
        raise NotFound("account")
    return Side(account, secret)


def _use_up(tuanzi: Tuanzi, side: Side, trip: Trip) -> str:
    """Where the trip leads; Forbidden for one that was made, or is not this browser's."""
    now = tuanzi.clock.now()
    found = visitors.come_back(side.secret, trip, now)
    if found is None:
        raise Forbidden("state")
    share, until = found
    merchant_id = side.account.merchant_id
    with tuanzi.database.transaction() as session:
        if not use_up(
            session, merchant_id=merchant_id, token=trip.state, expires_at=until, now=now
        ):
            raise Forbidden("state")
    return share


async def _openid(tuanzi: Tuanzi, side: Side, code: str) -> str | None:
    """None: the platform does not know this code, or does not answer."""
    calls = call_by(
        tuanzi.settings, tuanzi.database, tuanzi.clock, account=side.account, secret=side.secret
    )
    try:
        async with calls as account:
            return (await account.visitor(code)).openid or None
    except (WeChatError, Unreachable):
        return None


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
