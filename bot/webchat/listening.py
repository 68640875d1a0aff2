"""A visitor hears: server-sent events, or one answer at a time where a proxy keeps streams back.

Both give the same batches. Who comes back tells their cursor and goes on from there.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from bot.app import Tuanzi
from bot.delivery.bell import heard
from bot.web.cursors import Cursor, read_cursor
from bot.web.leaving import Leaving
from bot.webchat.doors import Visit
from bot.webchat.history import AGAIN, News, read_news
from bot.webchat.newsroom import Newsroom
from bot.webchat.talking import Bearer, enter
from data.kernel.errors import TooOften

# A line now and then, or a proxy would think nobody is there (30 s is the shortest we know).
_KEEP_ALIVE_SECONDS = 15.0
_LONGEST_WAIT = 25.0
_LONGEST_STREAM = 3600.0  # then the visitor comes again, with a token that is still good
_MOST_LISTENERS = 12  # tabs of one visitor
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

router = APIRouter(prefix="/webchat", include_in_schema=False)
After = Annotated[str, Query(max_length=40)]


@router.get("/{account}/stream", response_class=StreamingResponse)
async def stream(
    account: str, request: Request, after: After = "", authorization: Bearer = None
) -> StreamingResponse:
    """Batches until somebody leaves; the first one at once."""
    ear = await _ear(request, account, authorization)
    told = _tell(ear, read_cursor(after))
    return StreamingResponse(told, media_type="text/event-stream", headers=_HEADERS)


@router.get("/{account}/messages")
async def messages(
    account: str,
    request: Request,
    after: After = "",
    wait: Annotated[float, Query(ge=0, le=_LONGEST_WAIT)] = 0,
    authorization: Bearer = None,
) -> dict[str, Any]:
    """One batch; with `wait` it may take so many seconds until there is one. Without, who has a
    cursor is told the last half minute again."""
    ear = await _ear(request, account, authorization)
    cursor = read_cursor(after)
    with ear.newsroom.waiting(ear.address) as rung:
        news = await ear.listen(cursor, again=wait == 0)
        if wait and not news.items and not ear.leaving.now:
            await heard(rung, wait)
            news = await ear.listen(cursor, again=False)
    return news.to_json()


@dataclass(slots=True)
class _Ear:
    """One visitor's, in one tab."""

    tuanzi: Tuanzi
    visit: Visit
    newsroom: Newsroom
    leaving: Leaving
    told: set[tuple[str, object]] = field(default_factory=set)

    @property
    def address(self) -> tuple[str, str]:
        return self.visit.site.account.id, self.visit.visitor

    async def listen(self, after: Cursor | None, *, again: bool) -> News:
        return await asyncio.to_thread(self._read, after, again=again)

    def _read(self, after: Cursor | None, *, again: bool) -> News:
        since = self.tuanzi.clock.now() - AGAIN if again and after else None
        with self.tuanzi.database.reading() as session:
            return read_news(session, self.visit, after=after, again=since)

    def unheard(self, news: News) -> News:
        """Without what this stream has told already."""
        items = [item for item in news.items if (item["kind"], item["id"]) not in self.told]
        self.told |= {(item["kind"], item["id"]) for item in items}
        return News(items, news.cursor, news.human)


async def _ear(request: Request, account: str, authorization: str | None) -> _Ear:
    tuanzi: Tuanzi = request.app.state.tuanzi
    visit = await enter(tuanzi, request, account, authorization)
    state = request.app.state
    ear = _Ear(tuanzi, visit, state.newsroom, state.leaving)
    if ear.newsroom.listeners(ear.address) >= _MOST_LISTENERS:
        raise TooOften("listeners")
    return ear


async def _tell(ear: _Ear, cursor: Cursor | None) -> AsyncIterator[str]:
    """Until the reader goes (then this is cancelled), the hour is over or the process ends."""
    until = asyncio.get_running_loop().time() + _LONGEST_STREAM
    human: bool | None = None
    with ear.newsroom.waiting(ear.address) as rung:
        while not ear.leaving.now and asyncio.get_running_loop().time() < until:
            rung.clear()
            news = ear.unheard(await ear.listen(cursor, again=True))
            if news.items or news.human != human:
                yield _event(news)
            cursor, human = news.cursor, news.human
            await heard(rung, _KEEP_ALIVE_SECONDS)
            if not rung.is_set():
                yield ": still here\n\n"


def _event(news: News) -> str:
    return f"data: {json.dumps(news.to_json(), ensure_ascii=False)}\n\n"
