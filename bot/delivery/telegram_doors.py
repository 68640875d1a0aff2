"""Opens every Telegram bot that the shops have connected; each stands or falls by itself."""

import asyncio
import logging
from dataclasses import dataclass, replace

from bot.channels.adapter import Channel
from bot.delivery.telegram_accounts import Connected, connected
from bot.delivery.telegram_door import TelegramDoor
from bot.settings import Settings
from data.kernel.clock import Clock
from data.kernel.database import Database

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TelegramDoors:
    """Read once, when the process starts; `channels` is the courier's."""

    settings: Settings
    database: Database
    clock: Clock
    channels: dict[str, Channel]
    listens: bool = True

    async def run(self) -> None:
        """Until cancelled; ends by itself where no bot is connected."""
        bots = await asyncio.to_thread(self._bots)
        await asyncio.gather(*(self._keep_open(bot) for bot in bots))

    def _bots(self) -> list[Connected]:
        """Without the one the environment names: that has its door."""
        given = self.settings.telegram_token
        taken = given.reveal().partition(":")[0] if given else ""
        with self.database.reading() as session:
            return [bot for bot in connected(session) if str(bot.bot_id) != taken]

    async def _keep_open(self, bot: Connected) -> None:
        settings = replace(self.settings, telegram_token=bot.token, telegram_secret=bot.secret)
        door = TelegramDoor(
            settings, self.database, self.clock, self.channels, bot.token, listens=self.listens
        )
        try:
            await door.run()
        except Exception:
            log.exception("telegram: bot %s", bot.bot_id)
