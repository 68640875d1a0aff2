"""Opens a shop's official account: what we say there goes through this channel as long as it runs.
What people say comes by bot/delivery/wechat_webhook, which needs no open door."""

import asyncio
import logging
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from bot.channels.wechat import Platform, WeChat
from bot.channels.wechat_rules import Rules
from bot.delivery.doors import Office
from bot.delivery.wechat_platform import call_by, secret_of
from bot.delivery.wechat_windows import Windows
from data.merchants import ChannelAccount

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WeChatDoor:
    """`platform` is entered while the door stands open; without one the account only answers."""

    office: Office
    account: ChannelAccount
    platform: AbstractAsyncContextManager[Platform] | None = None

    async def run(self) -> None:
        """Until cancelled."""
        if self.platform is None:
            await self._stand_open(None)
            return
        async with self.platform as platform:
            await self._stand_open(platform)

    async def _stand_open(self, platform: Platform | None) -> None:
        office, account = self.office, self.account
        rules = Rules.of(account)
        if rules.plain:
            log.warning("wechat: unsealed calls: %s", account.id)
        windows = Windows(office.database, office.clock, account.id)
        office.channels[account.id] = WeChat(platform, windows, rules)
        try:
            await asyncio.Event().wait()
        finally:
            del office.channels[account.id]


def open_door(office: Office, account: ChannelAccount) -> WeChatDoor | None:
    with office.database.reading() as session:
        secret = secret_of(session, account)
    if secret is None:
        return None
    platform = (
        call_by(office.settings, office.database, office.clock, account=account, secret=secret)
        if secret.reveal()
        else None
    )
    return WeChatDoor(office, account, platform)
