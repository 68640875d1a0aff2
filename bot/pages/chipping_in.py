"""`/c/<token>`: the door to a present that several pay for. Nobody is known on a page, so nothing
of the present is on it, not even that there is one: who it is for may be looking (T15).

It leads into the shop's chat, where people are known. Opening it changes nothing (T10).
"""

import asyncio
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.pages.knocking import PAGES, answer, language, limit, missed, sorry
from bot.pages.team_view import TELEGRAM, doors_of
from data.kernel.errors import NotFound
from data.kernel.locales import Locale
from data.merchants import Merchant
from data.pools.sharing import shop_of_share

_NOT_FOUND = 404

router = APIRouter(prefix="/c", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class _Door:
    merchant: Merchant
    telegram: tuple[str, ...]


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def show(token: str, request: Request) -> Response:
    """The ways into the chat; for a guess and a revoked link: nothing."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    limit(tuanzi, request)
    try:
        door = await asyncio.to_thread(_look, tuanzi, token)
    except NotFound:
        missed(tuanzi, request)
        return sorry(request, "not_found", _NOT_FOUND)
    return _page(request, door)


def _look(tuanzi: Tuanzi, token: str) -> _Door:
    with tuanzi.database.reading() as session:
        merchant_id = shop_of_share(session, token=token)
        merchant = session.get_one(Merchant, merchant_id)
        return _Door(merchant, _telegram(session, merchant_id, token))


def _telegram(session: Session, merchant_id: str, token: str) -> tuple[str, ...]:
    names = [one.settings.get("username") for one in doors_of(session, merchant_id, TELEGRAM)]
    return tuple(f"https://t.me/{name}?start={token}" for name in names if name)


def _page(request: Request, door: _Door) -> HTMLResponse:
    locale = language(request, Locale(door.merchant.locale))
    return answer(PAGES.render("into_chat.html", locale=locale, door=door))
