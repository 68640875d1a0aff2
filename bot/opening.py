"""Opens a shop: the merchant, its REST door, the flows that ship, and tokens for programs.

The demo and `tuanzi open-shop` both come through here; nothing is committed here.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from bot.api.auth import CHANNEL, MERCHANT
from bot.publishing import publish_shipped_flows
from data.kernel.errors import Invalid, Refused
from data.kernel.ids import new_id
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.kernel.once import insert_once
from data.kernel.tokens import fingerprint
from data.merchants import ApiToken, ChannelAccount, Merchant

REST = "rest"


class GiveFlows(Protocol):
    """Publishes what a new shop begins with."""

    def __call__(self, session: Session, *, merchant_id: str, by: str, now: datetime) -> object: ...


@dataclass(frozen=True, slots=True)
class NewShop:
    """`settings` is what `Merchant.settings` keeps: shipping, reading rates."""

    id: str
    name: dict[str, str]
    currency: str
    locale: Locale
    timezone: str
    settings: dict[str, Any] = field(default_factory=dict)


def open_shop(
    session: Session,
    *,
    shop: NewShop,
    by: str,
    now: datetime,
    give_flows: GiveFlows = publish_shipped_flows,
) -> Merchant:
    """Refused where another shop has this id, also one that is being opened at this moment."""
    new = insert_once(
        session,
        Merchant,
        id=shop.id,
        name=shop.name,
        currency=shop.currency,
        locale=shop.locale,
        timezone=shop.timezone,
        settings=shop.settings,
        created_at=now,
    )
    if new is None:
        raise Refused("merchant")
    open_account(session, merchant_id=shop.id, channel=REST, external_id=shop.id, now=now)
    give_flows(session, merchant_id=shop.id, by=by, now=now)
    return session.get_one(Merchant, shop.id)


def open_account(
    session: Session, *, merchant_id: str, channel: str, external_id: str, now: datetime
) -> ChannelAccount:
    """One more door of a shop."""
    account = ChannelAccount(
        id=new_id("acc"),
        merchant_id=merchant_id,
        channel=channel,
        external_id=external_id,
        settings={},
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account


def admit(session: Session, *, door: Merchant | ChannelAccount, token: str, now: datetime) -> None:
    """Whoever holds this token comes in: a shop opens its API, an account its channel."""
    if isinstance(door, ChannelAccount):
        place = {"merchant_id": door.merchant_id, "scope": CHANNEL, "account_id": door.id}
    else:
        place = {"merchant_id": door.id, "scope": MERCHANT}
    session.add(ApiToken(token_hash=fingerprint(token), created_at=now, **place))
    session.flush()


def shipping(fee: str, free_from: str | None, currency: str) -> dict[str, Any]:
    """What `Merchant.settings` says of sending; Invalid for what is no amount of this currency."""
    amounts = {"shipping_minor": fee, "free_shipping_minor": free_from}
    return {
        name: _not_negative(Money.of(amount, currency)).minor
        for name, amount in amounts.items()
        if amount is not None
    }


def _not_negative(amount: Money) -> Money:
    if amount.minor < 0:
        raise Invalid("amount")
    return amount
