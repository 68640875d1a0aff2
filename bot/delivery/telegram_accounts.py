"""Bots that `tuanzi connect-telegram` was told of: whose they are, and their sealed secrets."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.delivery.telegram_inbox import CHANNEL
from bot.opening import open_account
from bot.settings import Secret
from data.kernel.encryption import Unreadable, cipher_of, place_of
from data.kernel.errors import Refused
from data.kernel.tokens import new_token
from data.merchants import ChannelAccount

log = logging.getLogger(__name__)
# In `ChannelAccount.settings`, sealed; `ChannelAccount.secret` is what Telegram's calls must show.
_TOKEN = "token"  # noqa: S105  # the key's name


@dataclass(frozen=True, slots=True)
class Bot:
    """As Telegram introduces it."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class Connected:
    """A bot that may be opened: its token, and the secret its webhook asks for."""

    bot_id: int
    token: Secret
    secret: Secret


def connect(
    session: Session, *, merchant_id: str, bot: Bot, token: str, now: datetime
) -> ChannelAccount:
    """Again with a new token: the same account, the same chats. Refused for another shop's bot."""
    account = session.scalar(
        select(ChannelAccount).where(
            ChannelAccount.channel == CHANNEL, ChannelAccount.external_id == str(bot.id)
        )
    ) or open_account(
        session, merchant_id=merchant_id, channel=CHANNEL, external_id=str(bot.id), now=now
    )
    if account.merchant_id != merchant_id:
        raise Refused("bot")
    account.settings = {
        **account.settings,
        "username": bot.username,
        _TOKEN: cipher_of(session).encrypt(token, place=_place(account, _TOKEN)),
    }
    if account.secret is None:  # Telegram goes on showing the old one until the next start
        account.secret = cipher_of(session).encrypt(new_token(), place=_place(account))
    return account


def connected(session: Session) -> Iterator[Connected]:
    """Every bot there is, of all shops; one whose key is lost harms no other."""
    accounts = session.scalars(
        select(ChannelAccount).where(
            ChannelAccount.channel == CHANNEL, ChannelAccount.enabled.is_(True)
        )
    )
    for account in accounts:
        sealed = account.settings.get(_TOKEN)
        if sealed is None or account.secret is None:
            continue
        try:
            token = cipher_of(session).decrypt(sealed, place=_place(account, _TOKEN))
            secret = cipher_of(session).decrypt(account.secret, place=_place(account))
        except Unreadable:
            log.error("telegram: token unreadable: %s", account.id)
            continue
        yield Connected(int(account.external_id), Secret(token), Secret(secret))


def _place(account: ChannelAccount, *field: str) -> str:
    """A token moved into the secret's place, or the other way round, is unreadable."""
    table = ".".join((ChannelAccount.__tablename__, *field))
    return place_of(account.merchant_id, table, account.id)
