"""Official accounts that `tuanzi connect-wechat` was told of: whose they are, their sealed secrets.

`ChannelAccount.secret` holds what a call must be signed and sealed with, the credentials what we
call WeChat with: neither can be put in the other's place.
"""

import json
import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.channels.wechat_rules import RULES, Rules
from bot.channels.wechat_seal import Keys
from bot.delivery.doors import CREDENTIALS
from bot.delivery.wechat_platform import CHANNEL
from bot.opening import open_account
from bot.settings import Secret, Settings
from data.delivery import channel_tokens
from data.kernel.encryption import Unreadable, cipher_of, place_of
from data.kernel.errors import Refused
from data.merchants import ChannelAccount

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """An account whose calls can be read, as it is allowed to answer them."""

    account: ChannelAccount
    keys: Keys
    rules: Rules
    speaks_first: bool


def connect(
    session: Session, *, merchant_id: str, keys: Keys, secret: Secret, plain: bool, now: datetime
) -> ChannelAccount:
    """Again with other keys: the same account, the same chats. Refused for another shop's."""
    account = keep_keys(
        session, channel=CHANNEL, merchant_id=merchant_id, keys=keys, secret=secret, now=now
    )
    rules = {**account.settings.get(RULES, {}), "plain": plain}
    account.settings = {**account.settings, RULES: rules, _SPEAKS: bool(secret.reveal())}
    return account


def keep_keys(
    session: Session, *, channel: str, merchant_id: str, keys: Keys, secret: Secret, now: datetime
) -> ChannelAccount:
    """Sealed, with the account that is called by them; also for WeCom, which has the same seal. A
    token that the old secret opened is used no more."""
    account = session.scalar(account_of(keys.app_id, channel)) or open_account(
        session, merchant_id=merchant_id, channel=channel, external_id=keys.app_id, now=now
    )
    if account.merchant_id != merchant_id:
        raise Refused("account")
    cipher = cipher_of(session)
    account.secret = cipher.encrypt(_packed(keys), place=_place(account))
    sealed = cipher.encrypt(secret.reveal(), place=_place(account, CREDENTIALS))
    account.settings = {**account.settings, CREDENTIALS: sealed}
    channel_tokens.forget(session, account=account)
    return account


def account_of(app_id: str, channel: str = CHANNEL) -> Select[ChannelAccount]:
    return select(ChannelAccount).where(
        ChannelAccount.channel == channel, ChannelAccount.external_id == app_id
    )


def line_of(session: Session, app_id: str, channel: str = CHANNEL) -> Line | None:
    """None: nobody's, switched off, or its keys are lost."""
    account = session.scalar(account_of(app_id, channel).where(ChannelAccount.enabled.is_(True)))
    return read_line(session, account) if account else None


def read_line(session: Session, account: ChannelAccount) -> Line | None:
    """None: its keys are lost."""
    if account.secret is None:
        return None
    packed = _unsealed(session, account, account.secret, _place(account))
    if packed is None:
        return None
    told = json.loads(packed)
    keys = Keys(account.external_id, Secret(told["token"]), Secret(told["aes_key"]))
    return Line(account, keys, Rules.of(account), account.settings.get(_SPEAKS) is True)


def webhook_of(app_id: str, settings: Settings) -> str:
    """What is entered as the server's address at WeChat."""
    return f"{settings.public_url}/webhooks/wechat/{app_id}"


_SPEAKS = "speaks_first"  # whether an app secret is kept


def _packed(keys: Keys) -> str:
    return json.dumps({"token": keys.token.reveal(), "aes_key": keys.aes_key.reveal()})


def _unsealed(session: Session, account: ChannelAccount, sealed: str, place: str) -> str | None:
    try:
        return cipher_of(session).decrypt(sealed, place=place)
    except Unreadable:
        log.error("%s: keys unreadable: %s", account.channel, account.id)
        return None


def _place(account: ChannelAccount, *field: str) -> str:
    table = ".".join((ChannelAccount.__tablename__, *field))
    return place_of(account.merchant_id, table, account.id)
