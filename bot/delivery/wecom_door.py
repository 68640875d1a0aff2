"""Opens a shop's desk at WeCom: what we say there goes through this channel as long as it runs, and
the process that listens fetches what customers say."""

import asyncio
from dataclasses import dataclass

from bot.channels.wecom import WeCom
from bot.delivery.doors import Office
from bot.delivery.wechat_platform import secret_of
from bot.delivery.wecom_accounts import DESK, LINK, call_by, setting_of
from bot.delivery.wecom_inbox import WeComInbox
from bot.delivery.wecom_listening import Listening
from bot.delivery.wecom_windows import DeskWindows
from data.merchants import ChannelAccount
from integrations.wecom import CustomerService


@dataclass(frozen=True, slots=True)
class WeComDoor:
    """`desk` is entered while the door stands open."""

    office: Office
    account: ChannelAccount
    desk: CustomerService

    async def run(self) -> None:
        """Until cancelled."""
        office, account = self.office, self.account
        windows = DeskWindows(office.database, office.clock, account.id, account)
        async with self.desk as desk:
            office.channels[account.id] = WeCom(desk, windows, setting_of(account, LINK))
            try:
                await self._listen(desk)
            finally:
                del office.channels[account.id]

    async def _listen(self, desk: CustomerService) -> None:
        office = self.office
        if not office.listens:
            await asyncio.Event().wait()
        inbox = WeComInbox(office.database, office.clock, self.account)
        await Listening(desk, inbox, office.bell).run()


def open_door(office: Office, account: ChannelAccount) -> WeComDoor | None:
    """None: its secret cannot be read, or WeCom was not asked for its desks yet."""
    with office.database.reading() as session:
        secret = secret_of(session, account)
    if secret is None or not setting_of(account, DESK):
        return None
    desk = call_by(office.settings, office.database, office.clock, account=account, secret=secret)
    return WeComDoor(office, account, desk)
