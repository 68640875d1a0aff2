"""`/my-data/<token>`: a person takes along what the shop knows of them, once; works without script.

Opening it changes nothing, however often a preview does (T10); the button gives the file (T53).
"""

import asyncio
import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from bot.app import Tuanzi
from bot.web.guesses import Guesses
from bot.web.headers import PAY_POLICY
from bot.web.templates import Pages
from data.kernel.errors import Forbidden, NotFound
from data.kernel.locales import Locale
from data.personal.exporting import find_export, take_export

PAGES = Pages(Path(__file__).parent / "templates")
_GUESSES = Guesses(30)  # a page for one person
_POLICY = {"Content-Security-Policy": PAY_POLICY}

router = APIRouter(prefix="/my-data", include_in_schema=False)


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def show(token: str, request: Request) -> HTMLResponse:
    tuanzi: Tuanzi = request.app.state.tuanzi
    _GUESSES.look(request, now=tuanzi.clock.now())
    try:
        locale = await asyncio.to_thread(_locale, tuanzi, token)
    except NotFound:
        return _sorry(tuanzi, request)
    return HTMLResponse(PAGES.render("my_data.html", locale=locale, token=token), headers=_POLICY)


@router.post("/{token}")
async def take(token: str, request: Request) -> Response:
    """The file, and the link is good no more."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    _GUESSES.look(request, now=tuanzi.clock.now())
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("my_data")
    try:
        file = await asyncio.to_thread(_file, tuanzi, token)
    except NotFound:
        return _sorry(tuanzi, request)
    return as_file(file)


def as_file(file: dict[str, Any]) -> Response:
    """For saving, not for showing, and kept by nobody on the way."""
    text = json.dumps(file, ensure_ascii=False, indent=1, default=str)
    headers = {
        "Content-Disposition": 'attachment; filename="my-data.json"',
        "Cache-Control": "no-store",
    }
    return Response(text, media_type="application/json", headers=headers)


def _locale(tuanzi: Tuanzi, token: str) -> Locale:
    with tuanzi.database.reading() as session:
        return Locale(find_export(session, token=token, now=tuanzi.clock.now()).locale)


def _file(tuanzi: Tuanzi, token: str) -> dict[str, Any]:
    with tuanzi.database.transaction() as session:
        return take_export(session, token=token, now=tuanzi.clock.now())


def _sorry(tuanzi: Tuanzi, request: Request) -> HTMLResponse:
    """The same for a guess and for a link that is used or too old."""
    _GUESSES.missed(request, now=tuanzi.clock.now())
    locale = Locale.closest(request.headers.get("accept-language"))
    return HTMLResponse(PAGES.render("my_data_gone.html", locale=locale), 404, headers=_POLICY)
