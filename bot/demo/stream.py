"""Server-sent events: the page hears of everything at once, by the bell and not by asking.

Closing the page, or the process, ends the stream; coming back goes on where it stopped.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from bot.app import Tuanzi
from bot.delivery.bell import heard
from bot.demo.bank import bills
from bot.demo.cast import languages, web_account
from bot.demo.doors import guard
from bot.demo.news import News, read_news
from bot.web.cursors import Cursor, read_cursor
from bot.web.leaving import Leaving

router = APIRouter(prefix="/demo", tags=["demo"], dependencies=[Depends(guard)])
# A line now and then, or a proxy would think nobody is there (30 s is the shortest we know).
_KEEP_ALIVE_SECONDS = 15.0
_RETRY_MS = 1000
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.get("/stream", response_class=StreamingResponse)
async def stream(
    request: Request,
    chats: Annotated[str, Query(max_length=400)],
    after: Annotated[str, Query(max_length=40)] = "",
    last_event_id: Annotated[str, Header()] = "",
) -> StreamingResponse:
    """`said`, `message`, `turn` and `state` events of these chats (names, with commas between)."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    names = [name for name in chats.split(",") if name]
    cursor = read_cursor(last_event_id) or read_cursor(after)
    told = tell(tuanzi, request.app.state.leaving, names, cursor)
    return StreamingResponse(told, media_type="text/event-stream", headers=_HEADERS)


async def tell(
    tuanzi: Tuanzi, leaving: Leaving, chats: list[str], cursor: Cursor | None
) -> AsyncIterator[str]:
    """Until the reader goes (then this is cancelled) or the process does."""
    yield f"retry: {_RETRY_MS}\n\n"
    known: dict[str, Any] = {}
    with tuanzi.bell.listening() as rung:
        while not leaving.now:
            rung.clear()
            news, state = await asyncio.to_thread(_look, tuanzi, chats, cursor)
            for kind, body in news.items:
                yield _event(kind, body)
            if state != known or news.cursor != cursor:
                yield _event("state", {**state, "now": tuanzi.clock.now().isoformat()}, news.cursor)
            known, cursor = state, news.cursor
            await heard(rung, _KEEP_ALIVE_SECONDS)
            if not rung.is_set():
                yield ": still here\n\n"


def _look(tuanzi: Tuanzi, chats: list[str], cursor: Cursor | None) -> tuple[News, dict[str, Any]]:
    with tuanzi.database.reading() as session:
        news = read_news(session, chats=chats, after=cursor)
        state = {
            "bills": bills(session, chats=chats, now=tuanzi.clock.now()),
            "languages": languages(session, web_account(session)),
        }
    return news, state


def _event(kind: str, body: dict[str, Any], cursor: Cursor | None = None) -> str:
    """The cursor closes a batch: who was cut off inside it is told all of it again."""
    head = f"id: {cursor}\n" if cursor is not None else ""
    return f"{head}event: {kind}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"
