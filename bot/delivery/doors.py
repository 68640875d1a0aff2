"""Opens every account that the shops have connected, each messenger in its own way, and notices
what is connected, changed or closed meanwhile. Each stands or falls by itself."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import Protocol

from sqlalchemy import select

from bot.channels.adapter import Channel
from bot.delivery.bell import Bell, heard
from bot.settings import Settings
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.merchants import ChannelAccount
from dialogs.library import FlowLibrary

log = logging.getLogger(__name__)
# Another process may have connected one: the bell is heard in its own process only.
_LOOK_SECONDS = 30.0
# Of accounts that are connected with credentials of their own, by messenger. Their library comes
# with the first of them, as in bot/channels/registry.
_OPENED_BY = {
    "telegram": "bot.delivery.telegram_door:open_door",
    "matrix": "bot.delivery.matrix_door:open_door",
    "wechat": "bot.delivery.wechat_door:open_door",
    "wecom": "bot.delivery.wecom_door:open_door",
}
# In `ChannelAccount.settings`: what the account was connected with, sealed anew each time.
CREDENTIALS = "token"


@dataclass(frozen=True, slots=True)
class Office:
    """What a door needs; `channels` is the courier's. Of several processes one `listens`: the
    others only speak."""

    settings: Settings
    database: Database
    clock: Clock
    channels: dict[str, Channel]
    listens: bool = True
    flows: FlowLibrary = field(default_factory=FlowLibrary)
    bell: Bell = field(default_factory=Bell)


class Door(Protocol):
    async def run(self) -> None:
        """Until cancelled; the account's channel is the courier's as long as it stands open."""
        ...


# None: it is another's, or its credentials cannot be read.
OpenDoor = Callable[[Office, ChannelAccount], Door | None]


@dataclass(slots=True)
class Doors:
    office: Office
    bell: Bell
    _open: dict[str, tuple[str, asyncio.Task[None]]] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled."""
        with self.bell.listening(ChannelAccount.__tablename__) as rung:
            async with asyncio.TaskGroup() as group:
                while True:
                    rung.clear()
                    self._turn_keys(await self._wanted(), group)
                    await heard(rung, _LOOK_SECONDS)

    async def _wanted(self) -> list[ChannelAccount] | None:
        """None: the database is away for a moment, and nothing changes."""
        try:
            return await asyncio.to_thread(self._connected)
        except Exception:
            log.exception("doors")
            return None

    def _connected(self) -> list[ChannelAccount]:
        with self.office.database.reading() as session:
            accounts = session.scalars(
                select(ChannelAccount).where(
                    ChannelAccount.channel.in_(_OPENED_BY), ChannelAccount.enabled.is_(True)
                )
            )
            return [account for account in accounts if CREDENTIALS in account.settings]

    def _turn_keys(self, accounts: list[ChannelAccount] | None, group: asyncio.TaskGroup) -> None:
        """Close what is gone or was connected anew, open what is not open."""
        if accounts is None:
            return
        wanted = {account.id: account for account in accounts}
        for account_id, (key, task) in [*self._open.items()]:
            account = wanted.get(account_id)
            if account is None or account.settings[CREDENTIALS] != key:
                task.cancel()
                del self._open[account_id]
        for account in accounts:
            if account.id not in self._open:
                task = group.create_task(self._keep_open(account))
                self._open[account.id] = (account.settings[CREDENTIALS], task)

    async def _keep_open(self, account: ChannelAccount) -> None:
        try:
            open_door: OpenDoor = resolve_name(_OPENED_BY[account.channel])
            door = await asyncio.to_thread(open_door, self.office, account)
            if door is not None:
                await door.run()
        except Exception:
            log.exception("%s: %s", account.channel, account.id)
