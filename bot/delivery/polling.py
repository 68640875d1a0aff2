"""Updates fetched by ourselves, where no webhook reaches us: a laptop, the demo.

Taken as raw JSON: the library would parse a whole batch, and one poisoned update would stop
everything for ever. The offset moves only past what is committed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.channels.adapter import Undeliverable
from bot.channels.telegram_client import Client
from data.kernel.errors import Invalid, TooOften

log = logging.getLogger(__name__)
_PAUSE_SECONDS = 2.0
Raw = dict[str, Any]


@dataclass(slots=True)
class Polling:
    """`store` tells whether an update was new; `acknowledge` is for new ones only."""

    client: Client
    store: Callable[[Raw], bool]
    acknowledge: Callable[[Raw], Awaitable[None]]
    _offset: int | None = None

    async def run(self) -> None:
        """Until cancelled; a messenger or a database that is away is asked again."""
        while True:
            try:
                await self._take(await self.client.raw_updates(self._offset))
            except Undeliverable as problem:
                log.warning("polling: %s", problem)
                await asyncio.sleep(_PAUSE_SECONDS)
            except Exception:
                log.exception("polling")
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _take(self, updates: list[Raw]) -> None:
        for raw in updates:
            try:
                new = await asyncio.to_thread(self.store, raw)
            except TooOften:  # this chat must wait, and with it what comes after
                await asyncio.sleep(_PAUSE_SECONDS)
                return
            except Invalid:
                log.warning("polling: no update")
                continue
            self._offset = raw["update_id"] + 1
            if new:
                await self.acknowledge(raw)
