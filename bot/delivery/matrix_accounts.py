"""Accounts that `tuanzi connect-matrix` was told of: whose they are, and their sealed tokens."""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.matrix_events import NAME
from bot.delivery.doors import CREDENTIALS
from bot.opening import open_account
from bot.settings import Secret
from data.kernel.encryption import Unreadable, cipher_of, place_of
from data.kernel.errors import Refused
from data.merchants import ChannelAccount

log = logging.getLogger(__name__)
CHANNEL = "matrix"
HOMESERVER = "homeserver"  # in ChannelAccount.settings: its address


@dataclass(frozen=True, slots=True)
class User:
    """As the homeserver introduces it."""

    id: str
    name: str
    homeserver: str


def connect(
    session: Session, *, merchant_id: str, user: User, token: str, now: datetime
) -> ChannelAccount:
    """Again with a new token: the same account, the same chats. Refused for another shop's user."""
    account = session.scalar(
        select(ChannelAccount).where(
            ChannelAccount.channel == CHANNEL, ChannelAccount.external_id == user.id
        )
    ) or open_account(
        session, merchant_id=merchant_id, channel=CHANNEL, external_id=user.id, now=now
    )
    if account.merchant_id != merchant_id:
        raise Refused("bot")
    account.settings = {
        **account.settings,
        NAME: user.name,
        HOMESERVER: user.homeserver,
        CREDENTIALS: cipher_of(session).encrypt(token, place=_place(account)),
    }
    return account


def unsealed(session: Session, account: ChannelAccount) -> Secret | None:
    """The token; None: its key is lost. It harms no other account."""
    try:
        sealed = account.settings[CREDENTIALS]
        return Secret(cipher_of(session).decrypt(sealed, place=_place(account)))
    except Unreadable:
        log.error("matrix: token unreadable: %s", account.id)
        return None


def _place(account: ChannelAccount) -> str:
    table = f"{ChannelAccount.__tablename__}.{CREDENTIALS}"
    return place_of(account.merchant_id, table, account.id)
