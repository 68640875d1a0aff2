"""The ways to pay an order that its pay page offers, and beginning one of them."""

from dataclasses import dataclass

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.pages.knocking import is_in_wechat
from bot.web.callers import address_of
from data.catalogue import text_in
from data.kernel.errors import NotFound
from data.kernel.locales import Locale
from data.merchants import ChannelAccount, Merchant
from data.orders import Order
from data.payments import PaymentAttempt, Way, begin_attempt, order_behind, supersede
from data.payments.account_models import PaymentAccount
from data.payments.gateway import Details, Scene
from data.payments.models import OPEN_ATTEMPTS
from data.people import ChannelIdentity, Person

_ON_A_PHONE = ("Mobi", "Android", "iPhone", "iPad")  # as MDN advises: "Mobi" in the user agent
_WECHAT_APP = "appid"  # the setting of a payment account that names an official account


@dataclass(frozen=True, slots=True)
class Payer:
    """Where somebody looks at the page from."""

    scene: Scene
    address: str

    @classmethod
    def of(cls, request: Request) -> "Payer":
        if is_in_wechat(request):
            return cls(Scene.WECHAT, address_of(request))
        agent = request.headers.get("user-agent", "")
        is_phone = any(mark in agent for mark in _ON_A_PHONE)
        return cls(Scene.PHONE if is_phone else Scene.DESKTOP, address_of(request))


@dataclass(frozen=True, slots=True)
class Begun:
    """`closing`: another way was open; it is to be closed at its provider before this one."""

    attempt_id: str
    closing: bool = False


def ways_of(
    tuanzi: Tuanzi, session: Session, order: Order, payer: Payer
) -> list[tuple[PaymentAccount, Way]]:
    """What can be chosen here, in the shop's order of providers."""
    accounts = tuanzi.gateways.ways(
        session, merchant_id=order.merchant_id, scene=payer.scene, currency=order.currency
    )
    found = ((account, _way(session, order, account, payer)) for account in accounts)
    return [(account, way) for account, way in found if way is not None]


def begin(tuanzi: Tuanzi, token: str, account_id: str, payer: Payer) -> Begun:
    """Committed before any provider hears of it. NotFound: no such link, or no such way for it."""
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        order = session.get_one(Order, order_behind(session, token=token, now=now))
        offered = ways_of(tuanzi, session, order, payer)
        way = next((way for account, way in offered if account.id == account_id), None)
        if way is None:
            raise NotFound("way_to_pay")
        other = supersede(session, order_id=order.id, way=way, now=now)
        if other is not None and other.state in OPEN_ATTEMPTS:
            return Begun(other.id, closing=True)
        return Begun(begin_attempt(session, order_id=order.id, way=way, now=now).id)


def open_handover(session: Session, order_id: str) -> PaymentAttempt | None:
    """The attempt whose payer is on the way to its provider."""
    return session.scalar(
        select(PaymentAttempt)
        .where(
            PaymentAttempt.order_id == order_id,
            PaymentAttempt.state.in_(OPEN_ATTEMPTS),
            PaymentAttempt.pay_with.is_not(None),
            PaymentAttempt.superseded.is_(False),
        )
        .order_by(PaymentAttempt.number.desc())
        .limit(1)
    )


def _way(session: Session, order: Order, account: PaymentAccount, payer: Payer) -> Way | None:
    """None: the provider wants to know who pays inside WeChat, and we cannot tell."""
    app = account.settings.get(_WECHAT_APP) if payer.scene is Scene.WECHAT else None
    openid = _openid(session, order, app) if app else ""
    if openid is None:
        return None
    person = session.get_one(Person, order.person_id)
    merchant = session.get_one(Merchant, order.merchant_id)
    details = Details(
        about=f"{text_in(merchant.name, Locale(person.locale))} {order.number}",
        locale=person.locale,
        scene=payer.scene,
        payer_ip=payer.address,
        payer_ref=openid,
        expires_at=order.expires_at,
    )
    return Way(account.provider, account.id, details)


def _openid(session: Session, order: Order, app: str) -> str | None:
    """The buyer, as the shop's official account of this name knows them."""
    return session.scalar(
        select(ChannelIdentity.external_id)
        .join(ChannelAccount, ChannelAccount.id == ChannelIdentity.account_id)
        .where(
            ChannelIdentity.person_id == order.person_id,
            ChannelAccount.merchant_id == order.merchant_id,
            ChannelAccount.channel == "wechat",
            ChannelAccount.external_id == app,
        )
        .limit(1)
    )
