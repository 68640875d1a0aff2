"""Where messengers call us: verify, store, commit, and only then 200.

A forged call is refused before its body is read (T01); a repeat is 200 without effect (T02).
"""

import asyncio
import json
from hmac import compare_digest

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from bot.app import Tuanzi
from bot.channels.adapter import Acknowledging
from bot.delivery.telegram_inbox import CHANNEL, store_telegram_update
from bot.web.rates import Rate
from data.kernel.encryption import cipher_of, place_of
from data.kernel.errors import Forbidden, Invalid
from data.merchants import ChannelAccount

_SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105  # the header's name
_BAD_REQUEST = 400
_CALLS = Rate(100, per=1)  # docs/architecture.md, "limits": 100 a second for an account

router = APIRouter(prefix="/webhooks", include_in_schema=False)


@router.post("/telegram/{bot_id}")
async def telegram(bot_id: str, request: Request) -> Response:
    """One update. What it means is found out later; here it only must not get lost."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    loop = asyncio.get_running_loop()
    given = request.headers.get(_SECRET_HEADER, "").encode("latin-1")  # the bytes as they came
    account = await loop.run_in_executor(tuanzi.threads, _account, tuanzi, bot_id, given)
    _CALLS.take(account.id, now=tuanzi.clock.now())
    try:
        raw = json.loads(await request.body(), parse_constant=_refuse)
        new = await loop.run_in_executor(tuanzi.threads, _store, tuanzi, account, raw)
    except (ValueError, RecursionError, Invalid):
        return Response(status_code=_BAD_REQUEST)
    channel = tuanzi.channels.get(account.id)
    if not new or not isinstance(channel, Acknowledging):
        return Response()
    return Response(background=BackgroundTask(channel.acknowledge, raw))


def _account(tuanzi: Tuanzi, bot_id: str, given: bytes) -> ChannelAccount:
    """The account whose own secret this is; an unknown one is refused like a wrong one."""
    with tuanzi.database.reading() as session:
        account = session.scalar(
            select(ChannelAccount).where(
                ChannelAccount.channel == CHANNEL,
                ChannelAccount.external_id == bot_id,
                ChannelAccount.enabled.is_(True),
            )
        )
        secret = _secret_of(session, account)
    if account is None or not secret or not compare_digest(secret, given):
        raise Forbidden("webhook")
    return account


def _secret_of(session: Session, account: ChannelAccount | None) -> bytes:
    if account is None or account.secret is None:
        return b""
    place = place_of(account.merchant_id, ChannelAccount.__tablename__, account.id)
    return cipher_of(session).decrypt(account.secret, place=place).encode()


def _store(tuanzi: Tuanzi, account: ChannelAccount, raw: object) -> bool:
    return store_telegram_update(tuanzi.database, tuanzi.clock, account=account, raw=raw)


def _refuse(constant: str) -> float:
    """NaN and Infinity are no JSON, and no database takes them."""
    raise ValueError(constant)
