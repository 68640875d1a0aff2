"""Bots that `tuanzi connect-telegram` was told of: whose they are, and their sealed secrets."""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.delivery.doors import CREDENTIALS
from bot.delivery.telegram_inbox import CHANNEL
from bot.opening import open_account
from bot.settings import Secret, Settings
from data.kernel.encryption import Unreadable, cipher_of, place_of
from data.kernel.errors import Refused
from data.kernel.tokens import new_token
from data.merchants import ChannelAccount

log = logging.getLogger(__name__)


# In `ChannelAccount.settings`: the sealed token of who takes money for its invoices.
PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Bot:
    """As Telegram introduces it."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class Connected:
    """A bot that may be opened: its token, and the secret its webhook asks for, which is what
    `ChannelAccount.secret` holds."""

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
        CREDENTIALS: cipher_of(session).encrypt(token, place=_place(account, CREDENTIALS)),
    }
    if account.secret is None:  # Telegram goes on showing the old one until the next start
        account.secret = cipher_of(session).encrypt(new_token(), place=_place(account))
    return account


def unsealed(session: Session, account: ChannelAccount) -> Connected | None:
    """None: its key is lost. It harms no other bot."""
    if account.secret is None:
        return None
    try:
        sealed = account.settings[CREDENTIALS]
        token = cipher_of(session).decrypt(sealed, place=_place(account, CREDENTIALS))
        secret = cipher_of(session).decrypt(account.secret, place=_place(account))
    except Unreadable:
        log.error("telegram: token unreadable: %s", account.id)
        return None
    return Connected(Secret(token), Secret(secret))


def bot_token_of(session: Session, account: ChannelAccount, settings: Settings) -> Secret | None:
    """The environment's, or the one it was connected with."""
    given = settings.telegram_token
    if given is not None and given.reveal().partition(":")[0] == account.external_id:
        return given
    if CREDENTIALS not in account.settings:
        return None
    connected = unsealed(session, account)
    return connected.token if connected else None


def take_invoices(session: Session, account: ChannelAccount, token: str | None) -> None:
    """From now on, or (None) no more. The bot's own token is sealed anew: so its door notices."""
    settings = {name: held for name, held in account.settings.items() if name != PROVIDER}
    if token is not None:
        place = _place(account, PROVIDER)
        settings[PROVIDER] = cipher_of(session).encrypt(token, place=place)
    connected = unsealed(session, account) if CREDENTIALS in settings else None
    if connected is not None:
        place = _place(account, CREDENTIALS)
        settings[CREDENTIALS] = cipher_of(session).encrypt(connected.token.reveal(), place=place)
    account.settings = settings


def provider_of(session: Session, account: ChannelAccount) -> Secret | None:
    """None: it shows no invoices, or the key is lost."""
    sealed = account.settings.get(PROVIDER)
    if sealed is None:
        return None
    try:
        return Secret(cipher_of(session).decrypt(sealed, place=_place(account, PROVIDER)))
    except Unreadable:
        log.error("telegram: provider token unreadable: %s", account.id)
        return None


def _place(account: ChannelAccount, *field: str) -> str:
    """A token moved into the secret's place, or the other way round, is unreadable."""
    table = ".".join((ChannelAccount.__tablename__, *field))
    return place_of(account.merchant_id, table, account.id)
