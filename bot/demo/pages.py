"""The demo's own routes: its clock, its page. Only on loopback, and only in the demo."""

import asyncio
from datetime import datetime
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel

from bot.app import Tuanzi
from bot.demo.clock import later, pending, turn
from data.kernel.errors import Invalid

router = APIRouter(prefix="/demo", tags=["demo"])


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
    except ValueError as error:
        raise Invalid("advance") from error
    if to.tzinfo is None or to < tuanzi.clock.now():
        raise Invalid("now")
    await turn(tuanzi, to=to)
    return await clock(request)


def install(site: FastAPI) -> None:
    site.include_router(router)
