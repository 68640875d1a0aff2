"""`/g/<token>`: a team that somebody shared. Anybody who has the link sees how it stands; in WeChat
they join here, elsewhere in the shop's chat. Works without JavaScript.

Opening it changes nothing (T10), it names nobody (T16), and joining is a form of our own (T42).
"""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.pages.knocking import PAGES, answer, is_in_wechat, limit, missed, sorry
from bot.pages.sharing_in_wechat import Signed, code_for, sign_page
from bot.pages.team_view import Mine, Standing
from bot.pages.team_visit import Seen, Visit, look, onward, take_seat
from bot.pages.visitors import VISITOR_COOKIE
from bot.web import csrf
from bot.web.headers import SHARE_POLICY, WECHAT_SHARE_POLICY
from data.group_buys import REVOKED
from data.kernel.errors import AlreadyJoined, Forbidden, NotFound, Refused, ShopError

_SEE_OTHER, _NOT_FOUND, _GONE, _BAD_GATEWAY = 303, 404, 410, 502
# Why somebody may not take a seat (data/group_buys/limits.py), each in words of its own.
_LIMITS = {"seat_holds", "seat_paused", "person_limit", "new_customers_only", "first_purchase_held"}

router = APIRouter(prefix="/g", include_in_schema=False)


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def show(token: str, request: Request) -> Response:
    """How the team stands now, in three languages."""
    visit = _begin(token, request)
    try:
        seen = await asyncio.to_thread(look, visit)
    except (NotFound, Refused) as error:
        return _nothing(visit, error)
    return _page(visit, seen, signed=await _signed(visit, seen))


@router.post("/{token}/join")
async def join(token: str, request: Request) -> Response:
    """A place for who introduced themselves; whether there is one the database decides."""
    visit = _begin(token, request)
    await _refuse_foreign(request)
    try:
        await asyncio.to_thread(take_seat, visit)
    except AlreadyJoined:
        pass  # pressed twice
    except ShopError as error:
        if isinstance(error, NotFound | Forbidden) or error.detail == REVOKED:
            return _nothing(visit, error)
        seen = await asyncio.to_thread(look, visit)
        return _page(visit, seen, refusal=error)
    return RedirectResponse(f"/g/{token}", _SEE_OTHER)


@router.post("/{token}/onward")
async def go_onward(token: str, request: Request) -> Response:
    """A code for the person who holds a seat: pressed or scanned, the chat goes on with it."""
    visit = _begin(token, request)
    await _refuse_foreign(request)
    try:
        scene = await asyncio.to_thread(onward, visit)
        seen = await asyncio.to_thread(look, visit)
    except (NotFound, Refused, Forbidden) as error:
        return _nothing(visit, error)
    return await _code(visit, seen, scene=scene)


@router.get("/{token}/wechat")
async def show_code(token: str, request: Request) -> Response:
    """A code for anybody: who scans it joins in the official account's chat."""
    visit = _begin(token, request)
    try:
        seen = await asyncio.to_thread(look, visit)
    except (NotFound, Refused) as error:
        return _nothing(visit, error)
    return await _code(visit, seen, scene=token)


def _begin(token: str, request: Request) -> Visit:
    visit = Visit(request.app.state.tuanzi, request, token)
    limit(visit.tuanzi, request)
    return visit


async def _refuse_foreign(request: Request) -> None:
    """Somebody else's page may not press our buttons, nor may a form that we did not write."""
    csrf.refuse_foreign(request)
    given = (await request.form()).get(csrf.FIELD)
    cookie = request.cookies.get(VISITOR_COOKIE, "")
    written = isinstance(given, str) and csrf.matches(given, csrf.token_for(cookie))
    if not cookie or not written:
        raise Forbidden("csrf_token")


async def _signed(visit: Visit, seen: Seen) -> Signed | None:
    """Only where WeChat's script can be: a preview or another browser asks for nothing."""
    request, official = visit.request, seen.official
    if request.method != "GET" or not is_in_wechat(request) or official is None:
        return None
    return await sign_page(visit.tuanzi, request, official.account, official.secret)


async def _code(visit: Visit, seen: Seen, *, scene: str) -> Response:
    official, personal = seen.official, scene != visit.token
    if official is None:
        return sorry(visit.request, "not_found", _NOT_FOUND)
    picture = await code_for(
        visit.tuanzi, official.account, official.secret, scene=scene, personal=personal
    )
    if picture is None:
        return sorry(visit.request, "platform", _BAD_GATEWAY)
    html = PAGES.render(
        "share_code.html",
        locale=seen.locale,
        shared=seen.shared,
        picture=picture,
        token=visit.token,
        in_wechat=is_in_wechat(visit.request),
        personal=personal,
    )
    return answer(html)


def _page(
    visit: Visit, seen: Seen, *, signed: Signed | None = None, refusal: ShopError | None = None
) -> HTMLResponse:
    shared, site = seen.shared, visit.tuanzi.settings.public_url
    html = PAGES.render(
        "share.html",
        locale=seen.locale,
        seen=seen,
        shared=shared,
        team=shared.team,
        token=visit.token,
        may_join=shared.standing == Standing.OPEN and shared.mine == Mine.NONE,
        may_wait=shared.takes_waiters and shared.mine == Mine.NONE,
        in_wechat=is_in_wechat(visit.request),
        csrf=csrf.token_for(visit.request.cookies.get(VISITOR_COOKIE, "")),
        signed=signed,
        site=site,
        refusal=_reason(refusal) if refusal else "",
    )
    status = refusal.status if refusal else 200
    return answer(html, status, policy=WECHAT_SHARE_POLICY if signed else SHARE_POLICY)


def _reason(error: ShopError) -> str:
    return f"share.no.{error.detail}" if error.detail in _LIMITS else error.code


def _nothing(visit: Visit, error: ShopError) -> Response:
    """A guess, a revoked link, somebody who is not known any more."""
    if isinstance(error, NotFound):
        missed(visit.tuanzi, visit.request)
        return sorry(visit.request, "not_found", _NOT_FOUND)
    if error.detail == REVOKED:
        return sorry(visit.request, "revoked", _GONE)
    return sorry(visit.request, "stale", error.status)
