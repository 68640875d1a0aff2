"""What WeChat's script in our page gets: the signature by which it believes the page, and the card
that is shown when somebody shares it. Without it the page does all the same."""

import asyncio
import secrets
from dataclasses import dataclass

from fastapi import Request

from bot.app import Tuanzi
from bot.delivery.wechat_platform import call_by
from bot.settings import Secret
from data.merchants import ChannelAccount
from integrations.http import Unreachable
from integrations.wechat import OfficialAccount
from integrations.wechat_errors import WeChatError
from integrations.wechat_pages import SCRIPT, picture_of, signature

_PATIENCE_SECONDS = 2.0  # the page is not kept back for a card
_CODE_SECONDS = 600  # a personal link lives as long (data/conversations/links.py)
_TEAM_CODE_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Signed:
    """The fields of the script's `wx.config`; the ticket itself is in none of them."""

    app_id: str
    nonce: str
    timestamp: int
    signature: str
    script: str = SCRIPT


async def sign_page(
    tuanzi: Tuanzi, request: Request, account: ChannelAccount, secret: Secret
) -> Signed | None:
    """This very page, by our own public address and not by what a request calls us (T45)."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), _calls(tuanzi, account, secret) as wechat:
            ticket = await wechat.ticket()
    except (TimeoutError, WeChatError, Unreachable):
        return None
    query = f"?{request.url.query}" if request.url.query else ""
    url = f"{tuanzi.settings.public_url}{request.scope['path']}{query}"
    stamp, nonce = int(tuanzi.clock.now().timestamp()), secrets.token_hex(8)
    signed = signature(ticket=ticket, nonce=nonce, timestamp=stamp, url=url)
    return Signed(account.external_id, nonce, stamp, signed)


async def code_for(
    tuanzi: Tuanzi, account: ChannelAccount, secret: Secret, *, scene: str, personal: bool
) -> str | None:
    """The picture of a code that leads into the account's chat with this start token."""
    seconds = _CODE_SECONDS if personal else _TEAM_CODE_SECONDS
    try:
        async with _calls(tuanzi, account, secret) as wechat:
            return picture_of((await wechat.make_code(scene, seconds=seconds)).ticket)
    except (WeChatError, Unreachable):
        return None


def _calls(tuanzi: Tuanzi, account: ChannelAccount, secret: Secret) -> OfficialAccount:
    return call_by(tuanzi.settings, tuanzi.database, tuanzi.clock, account=account, secret=secret)
