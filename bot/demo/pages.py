"""The demo's page and its routes: talk, stream, clock. Only on loopback, and only in the demo."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from bot.app import Tuanzi
from bot.demo import stream, talking
from bot.demo.cast import VISITOR, set_language
from bot.demo.clock import pending, turn
from bot.demo.doors import guard
from bot.demo.seeding import GROUP, read_shop
from bot.play.lengths import later
from bot.web.templates import Pages
from bot.web.wording import for_script
from data.kernel.errors import Invalid
from data.kernel.locales import Locale

PAGES = Pages(Path(__file__).parent / "templates")
LANGUAGE = "demo_language"
_SEE_OTHER = 303

page = APIRouter(include_in_schema=False, dependencies=[Depends(guard)])
router = APIRouter(prefix="/demo", tags=["demo"], dependencies=[Depends(guard)])


class TurnClock(BaseModel):
    """`{"advance": "7 days"}` or `{"now": "2026-12-01T10:00:00+08:00"}`."""

    advance: str | None = None
    now: datetime | None = None


@router.get("/clock")
async def clock(request: Request) -> dict[str, Any]:
    """What time it is here, and how much is still to be done at or before now."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    waiting = await asyncio.to_thread(pending, tuanzi)
    return {"now": tuanzi.clock.now().isoformat(), "pending": waiting}


@router.post("/clock")
async def turn_clock(body: TurnClock, request: Request) -> dict[str, Any]:
    """Answers when everything that fell due on the way has been done."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    try:
        to = body.now or later(tuanzi.clock.now(), body.advance or "")
    except (ValueError, OverflowError) as error:
        raise Invalid("advance") from error
    if to.tzinfo is None or to < tuanzi.clock.now():
        raise Invalid("now")
    await turn(tuanzi, to=to)
    return await clock(request)


@page.get("/")
def show(request: Request) -> HTMLResponse:
    """The whole demo on one page."""
    locale = _locale(request)
    shop = read_shop()
    html = PAGES.render(
        "demo.html",
        locale=locale,
        shop=shop,
        people=shop["group"]["people"],
        visitor=VISITOR,
        group={"id": GROUP, "title": shop["group"]["title"]},
        words=for_script(locale, "chat", "demo_page"),
        home=request.app.state.tuanzi.settings.public_url,
    )
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


@page.post("/demo/language")
def choose_language(request: Request, locale: Annotated[Locale, Form()]) -> RedirectResponse:
    """The page's language, and the one the shop speaks with the visitor."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    with tuanzi.database.transaction() as session:
        set_language(session, person_id=VISITOR, locale=locale, now=tuanzi.clock.now())
    answer = RedirectResponse("/", status_code=_SEE_OTHER)
    answer.set_cookie(LANGUAGE, locale, httponly=True, samesite="lax")
    return answer


def _locale(request: Request) -> Locale:
    """Chosen once, else what the browser prefers."""
    wanted = request.cookies.get(LANGUAGE) or request.headers.get("accept-language", "")
    return Locale.closest(wanted.split(",")[0].split(";")[0].strip())


def install(site: FastAPI) -> None:
    """Open the demo's routes on a site."""
    for routes in (page, router, talking.router, stream.router):
        site.include_router(routes)
