"""Companies that `tuanzi connect-wecom` was told of, and the one desk of customer service for which
we speak there. Their keys are kept as an official account's are."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.channels.wechat_seal import Keys
from bot.delivery.wechat_accounts import Line, keep_keys, line_of
from bot.settings import Secret, Settings
from data.delivery import channel_tokens, cursors
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.merchants import ChannelAccount
from integrations.egress import Egress
from integrations.wechat_shapes import App
from integrations.wechat_tokens import SharedTokens
from integrations.wecom import CustomerService

CHANNEL = "wecom"
# In ChannelAccount.settings: the desk's name at WeCom, its link, since when (seconds) it is ours,
# and whether who wants a person is given to the staff that the desk has in WeCom itself.
DESK, LINK, SINCE, STAFF = "desk", "link", "since", "staff"


@dataclass(frozen=True, slots=True)
class Place:
    """A desk, and the link that opens a talk with it."""

    desk: str
    link: str = ""
    staff: bool = False


def connect(
    session: Session,
    *,
    merchant_id: str,
    keys: Keys,
    secret: Secret,
    now: datetime,
    place: Place | None = None,
) -> ChannelAccount:
    """Again with other keys: the same account, the same chats; without a `place` also the same
    desk. It is sealed anew each time, so an open door is closed and opened again."""
    account = keep_keys(
        session, channel=CHANNEL, merchant_id=merchant_id, keys=keys, secret=secret, now=now
    )
    channel_tokens.forget(session, account=account)
    if place is not None:
        _sit_down(session, account, place, now)
    return account


def _sit_down(session: Session, account: ChannelAccount, place: Place, now: datetime) -> None:
    """What was said at a desk before it was ours is not answered; another is read from its
    beginning."""
    told: dict[str, object] = {DESK: place.desk, LINK: place.link, STAFF: place.staff}
    if account.settings.get(DESK) != place.desk:
        cursors.forget(session, account=account)
        told |= {SINCE: int(now.timestamp())}
    account.settings = {**account.settings, **told}


def company_line(session: Session, corp_id: str) -> Line | None:
    return line_of(session, corp_id, CHANNEL)


def setting_of(account: ChannelAccount, name: str) -> str:
    told = account.settings.get(name)
    return told if isinstance(told, str) else ""


def began_at(account: ChannelAccount) -> int:
    told = account.settings.get(SINCE)
    return told if isinstance(told, int) else 0


def webhook_of(corp_id: str, settings: Settings) -> str:
    """What is entered at WeCom as the app's address for messages."""
    return f"{settings.public_url}/webhooks/wecom/{corp_id}"


def call_by(
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    account: ChannelAccount,
    secret: Secret,
) -> CustomerService:
    """To be entered; its token is the one of all processes."""
    return CustomerService(
        App(account.external_id, secret.reveal()),
        SharedTokens(database, clock, account),
        desk=setting_of(account, DESK),
        api=settings.wecom_api,
        egress=Egress(settings.egress_allowed),
    )
