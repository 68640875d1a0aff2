"""The platform's side of a connected official account: our calls, with its secret unsealed."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.delivery.doors import CREDENTIALS
from bot.settings import Secret, Settings
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.kernel.encryption import Unreadable, cipher_of, place_of
from data.merchants import ChannelAccount
from integrations.egress import Egress
from integrations.wechat import OfficialAccount
from integrations.wechat_shapes import App
from integrations.wechat_tokens import SharedTokens

CHANNEL = "wechat"
APP = "appid"  # the setting of a payment account that names the official account it is bound to


def call_by(
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    account: ChannelAccount,
    secret: Secret,
) -> OfficialAccount:
    """To be entered; its token is the one of all processes."""
    return OfficialAccount(
        App(account.external_id, secret.reveal()),
        SharedTokens(database, clock, account),
        api=settings.wechat_api,
        egress=Egress(settings.egress_allowed),
    )


def official_account(session: Session, *, merchant_id: str, app: str) -> ChannelAccount | None:
    """The shop's own of this name, if it is connected."""
    return session.scalar(
        select(ChannelAccount).filter_by(
            merchant_id=merchant_id, channel=CHANNEL, external_id=app, enabled=True
        )
    )


def secret_of(session: Session, account: ChannelAccount) -> Secret | None:
    """None: there is none, or its key is lost; then the account only answers."""
    sealed = account.settings.get(CREDENTIALS)
    table = f"{ChannelAccount.__tablename__}.{CREDENTIALS}"
    place = place_of(account.merchant_id, table, account.id)
    try:
        return Secret(cipher_of(session).decrypt(sealed, place=place)) if sealed else None
    except Unreadable:
        return None
