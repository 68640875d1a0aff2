"""Fetches what customers said at a desk of WeCom: when the bell rang, and now and then without it,
for a bell may have been missed while we were away."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Protocol

from bot.delivery.bell import Bell, heard
from bot.delivery.wecom_inbox import WeComInbox
from data.delivery.token_models import Pass
from integrations.http import Unreachable
from integrations.wechat_errors import WeChatError, WordRefused
from integrations.wecom import News

log = logging.getLogger(__name__)
# The bell of another process is seen in the database. Without a word WeCom limits how often it may
# be asked (vendor's page of kf/sync_msg: "strictly", it gives no number).
_LOOK_SECONDS, UNASKED_SECONDS = 1.0, 600.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_BUSY = -1  # vendor's page of all return codes


class Desk(Protocol):
    async def news(self, cursor: str, word: str) -> News: ...


@dataclass(slots=True)
class Listening:
    desk: Desk
    inbox: WeComInbox
    bell: Bell
    _asked_at: float | None = None
    _pause: float = field(default=_FIRST_PAUSE)

    async def run(self) -> None:
        """Until cancelled; what is away for a moment is asked again."""
        with self.bell.listening(Pass.__tablename__) as rung:
            while True:
                rung.clear()
                if await self._tried():
                    await heard(rung, _LOOK_SECONDS)
                else:
                    await asyncio.sleep(self._pause)
                    self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    async def _tried(self) -> bool:
        try:
            await self.step()
        except (Unreachable, WeChatError) as error:
            log.warning("wecom: %s %s", type(error).__name__, error)
        except Exception:
            log.exception("wecom")
        else:
            self._pause = _FIRST_PAUSE
            return True
        return False

    async def step(self) -> None:
        """One look: whatever there is now, to its end."""
        bell, now = await asyncio.to_thread(self.inbox.bell), asyncio.get_running_loop().time()
        if bell is None and self._asked_at is not None and now < self._asked_at + UNASKED_SECONDS:
            return
        try:
            await self._fetch(bell.text if bell else "")
        except WordRefused:
            await self._fetch("")
        self._asked_at = now
        if bell is not None:
            await asyncio.to_thread(self.inbox.followed, bell)

    async def _fetch(self, word: str) -> None:
        """Page by page; an empty one may have others behind it."""
        before = await asyncio.to_thread(self.inbox.position)
        while True:
            news = await self._news(before, word)
            await asyncio.to_thread(self.inbox.store, news, before)
            if not news.has_more:
                return
            there = await asyncio.to_thread(self.inbox.position)
            if there == before:
                log.warning("wecom: cursor stuck")
                return
            before = there

    async def _news(self, before: str | None, word: str) -> News:
        """Which number a refused cursor has no page of the vendor's tells. What nothing else
        explains and is gone without the cursor was about it: then all of the last three days comes
        again (vendor's page of kf/sync_msg), and what is known by its number has no effect."""
        try:
            return await self.desk.news(before or "", word)
        except WeChatError as error:
            if before is None or type(error) is not WeChatError or error.code == _BUSY:
                raise
            news = await self.desk.news("", word)
            log.warning("wecom: cursor refused: %s", error)
            return news
