"""`/pay/<token>/as/<account>`: inside WeChat the payer says by the platform who they are, for
WeChat Pay wants to know; back from there WeChat's own sheet opens. Whatever goes wrong on the way,
they are at their bill again, where the other ways are."""

import asyncio
from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from bot.app import Tuanzi
from bot.console.desk import set_cookie
from bot.pages.handing_over import going_on, take_way
from bot.pages.introducing import SEE_OTHER, Side, depart, side_of
from bot.pages.pay import UNKNOWN, UNWILLING, answer, is_foreign, look, missed, sorry
from bot.pages.payers import PAYER_COOKIE, Bill, note_payer
from bot.pages.ways import Payer, ways_of
from data.kernel.errors import Forbidden, NotFound, ShopError
from data.orders import Order
from data.payments import order_behind

_FORBIDDEN = 403

router = APIRouter(prefix="/pay", include_in_schema=False)


@router.get("/{token}/as/{account_id}")
async def introduce(token: str, account_id: str, request: Request) -> Response:
    """To the platform; where this way asks for nobody's name any more, back to the bill."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    look(tuanzi, request)
    if is_foreign(request):
        raise Forbidden("pay")
    try:
        side = await asyncio.to_thread(_side, tuanzi, token, account_id, Payer.of(request))
    except NotFound:
        missed(tuanzi, request)
        raise
    except ShopError:
        side = None  # revoked or too old: the page says so
    if side is None:
        return RedirectResponse(f"/pay/{token}", SEE_OTHER)
    return depart(tuanzi, side, Bill(token, account_id).name)


async def back_at_bill(
    tuanzi: Tuanzi, request: Request, side: Side, openid: str | None, bill: Bill
) -> Response:
    """With who they are the way that they chose goes on; `openid` empty: they did not want to;
    None: nobody could tell us."""
    if not openid:
        said = UNKNOWN if openid is None else UNWILLING
        return RedirectResponse(f"/pay/{bill.token}?wechat={said}", SEE_OTHER)
    try:
        cookie = await asyncio.to_thread(_note, tuanzi, side, openid, bill)
        payer = replace(Payer.of(request), note=cookie)
        await take_way(tuanzi, bill.token, bill.account_id, payer)
    except ShopError:  # closed, paid, revoked or sold out meanwhile: the page says so
        return RedirectResponse(f"/pay/{bill.token}?asked=1", SEE_OTHER)
    response = going_on(bill.token)
    set_cookie(response, PAYER_COOKIE, cookie)
    return response


def stale_at_bill(request: Request, bill: Bill) -> Response:
    """The link to the platform was used before, is too old, or is another browser's. `bill` is by
    this browser's own word, and nothing but a link."""
    return answer(sorry(request, "stale", bill.token), _FORBIDDEN)


def _side(tuanzi: Tuanzi, token: str, account_id: str, payer: Payer) -> Side | None:
    now = tuanzi.clock.now()
    with tuanzi.database.reading() as session:
        order = session.get_one(Order, order_behind(session, token=token, now=now))
        offered = ways_of(tuanzi, session, order, payer)
        app = next((one.introduce for one in offered if one.account.id == account_id), None)
        if app is None:
            raise NotFound("way_to_pay")
        return side_of(session, app) if app else None


def _note(tuanzi: Tuanzi, side: Side, openid: str, bill: Bill) -> str:
    now, app = tuanzi.clock.now(), side.account.external_id
    with tuanzi.database.reading() as session:
        order = session.get_one(Order, order_behind(session, token=bill.token, now=now))
        return note_payer(session, order, app=app, openid=openid, now=now)
