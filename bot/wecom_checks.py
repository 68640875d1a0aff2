"""Checks of a desk at WeCom: keys, secret, desk; and what holds for every one."""

import asyncio

from bot.app import Tuanzi
from bot.channel_checks import Finding, Mark, allowed, sound
from bot.delivery.wechat_platform import secret_of
from bot.delivery.wecom_accounts import (
    DESK,
    STAFF,
    call_by,
    company_line,
    setting_of,
    webhook_of,
)
from bot.settings import Secret
from data.merchants import ChannelAccount
from integrations.http import Unreachable
from integrations.wechat_errors import WeChatError


def check_wecom(tuanzi: Tuanzi, account: ChannelAccount) -> list[Finding]:
    """WeCom is asked for its desks once; whether it can call us only its own page tells."""
    with tuanzi.database.reading() as session:
        secret = secret_of(session, account)
        line = company_line(session, account.external_id)
    if secret is None or line is None:
        return [Finding(Mark.BROKEN, "check.wecom_keys_not")]
    url = webhook_of(account.external_id, tuanzi.settings)
    return [
        Finding(Mark.SOUND, "check.wecom_keys", {"url": url}),
        *_desk(tuanzi, account, secret),
        allowed(account.settings.get(STAFF) is True, "check.wecom_staff"),
        Finding(Mark.CAN, "check.wecom_can"),
        Finding(Mark.CANNOT, "check.wecom_cannot"),
        Finding(Mark.CANNOT, "check.wecom_cannot_groups"),
    ]


def _desk(tuanzi: Tuanzi, account: ChannelAccount, secret: Secret) -> list[Finding]:
    desk = setting_of(account, DESK)
    try:
        there = asyncio.run(_desks(tuanzi, account, secret))
    except WeChatError as error:
        return [Finding(Mark.BROKEN, "check.wecom_refused", {"code": error.code})]
    except Unreachable as error:
        return [Finding(Mark.BROKEN, "check.wecom_away", {"why": str(error)})]
    known = ", ".join(there) or "-"
    return [sound(desk in there, "check.wecom_desk", desk=desk or "-", known=known)]


async def _desks(tuanzi: Tuanzi, account: ChannelAccount, secret: Secret) -> list[str]:
    settings, database, clock = tuanzi.settings, tuanzi.database, tuanzi.clock
    async with call_by(settings, database, clock, account=account, secret=secret) as corp:
        return [desk.open_kfid for desk in await corp.desks()]
