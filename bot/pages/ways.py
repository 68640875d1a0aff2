"""The ways to pay an order that its pay page offers, and beginning one of them."""

from dataclasses import dataclass, field
from datetime import datetime

from fastapi import Request
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.delivery.wechat_platform import APP, CHANNEL, official_account, secret_of
from bot.pages.knocking import is_in_wechat
from bot.pages.payers import PAYER_COOKIE, payer_noted
from bot.web.callers import own_address_of
from data.catalogue import text_in
from data.group_buys import is_reserved
from data.kernel.errors import NotFound, WrongState
from data.kernel.locales import Locale
from data.merchants import ChannelAccount, Merchant
from data.orders import Order
from data.payments import PaymentAttempt, Way, begin_attempt, order_behind, supersede
from data.payments.account_models import PaymentAccount
from data.payments.gateway import Details, Flags, Scene
from data.payments.models import OPEN_ATTEMPTS
from data.people import ChannelIdentity, Person

_ON_A_PHONE = ("Mobi", "Android", "iPhone", "iPad")  # as MDN advises: "Mobi" in the user agent


@dataclass(frozen=True, slots=True)
class Payer:
    """Where somebody looks at the page from. `note`: inside WeChat, who they said they are."""

    scene: Scene
    address: str
    note: str = field(default="", repr=False)

    @classmethod
    def of(cls, request: Request) -> "Payer":
        if is_in_wechat(request):
            note = request.cookies.get(PAYER_COOKIE, "")
            return cls(Scene.WECHAT, own_address_of(request), note)
        agent = request.headers.get("user-agent", "")
        is_phone = any(mark in agent for mark in _ON_A_PHONE)
        return cls(Scene.PHONE if is_phone else Scene.DESKTOP, own_address_of(request))


class MustIntroduce(WrongState):
    """The payer was to say first who they are."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A way that can be chosen here. `introduce`: the official account by which the payer has to
    say first who they are; then `way` names nobody yet."""

    account: PaymentAccount
    way: Way
    introduce: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """`closing`: another way was open; it is to be closed at its provider before this one."""

    attempt_id: str
    closing: bool = False


def ways_of(tuanzi: Tuanzi, session: Session, order: Order, payer: Payer) -> list[Offer]:
    """What can be chosen here, in the shop's order of providers."""
    accounts = tuanzi.gateways.ways(
        session, merchant_id=order.merchant_id, scene=payer.scene, currency=order.currency
    )
    now = tuanzi.clock.now()
    found = (_offer(session, order, account, payer, now) for account in accounts)
    return [offer for offer in found if offer is not None]


def begin(tuanzi: Tuanzi, token: str, account_id: str, payer: Payer) -> Begun:
    """Committed before any provider hears of it. NotFound: no such link, or no such way for it."""
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        order = session.get_one(Order, order_behind(session, token=token, now=now))
        offered = ways_of(tuanzi, session, order, payer)
        offer = next((one for one in offered if one.account.id == account_id), None)
        if offer is None:
            raise NotFound("way_to_pay")
        if offer.introduce:
            raise MustIntroduce
        way = offer.way
        other = supersede(session, order_id=order.id, way=way, now=now)
        if other is not None and other.state in OPEN_ATTEMPTS:
            return Begun(other.id, closing=True)
        gateway = tuanzi.gateways.open(session, offer.account)
        authorize = gateway is not None and reserves(session, order.id, gateway.flags, now)
        attempt = begin_attempt(session, order_id=order.id, way=way, now=now, authorize=authorize)
        return Begun(attempt.id)


def reserves(session: Session, order_id: str, flags: Flags, now: datetime) -> bool:
    """Is the money for this order only to be reserved, by a provider that can do that?"""
    longest = flags.longest_hold if flags.can_authorize else None
    return is_reserved(session, order_id=order_id, longest_hold=longest, now=now)


def open_handover(session: Session, order: Order, now: datetime) -> PaymentAttempt | None:
    """The attempt whose payer is on the way to its provider. None also where nobody should pay it
    any more, though its provider may not have been told yet, or not take it back."""
    if not order.can_be_paid(now):
        return None
    still_good = or_(PaymentAttempt.pay_until.is_(None), PaymentAttempt.pay_until > now)
    return session.scalar(
        select(PaymentAttempt)
        .where(
            PaymentAttempt.order_id == order.id,
            PaymentAttempt.state.in_(OPEN_ATTEMPTS),
            PaymentAttempt.pay_with.is_not(None),
            PaymentAttempt.superseded.is_(False),
            PaymentAttempt.quarantine.is_(None),
            still_good,
        )
        .order_by(PaymentAttempt.number.desc())
        .limit(1)
    )


def _offer(
    session: Session, order: Order, account: PaymentAccount, payer: Payer, now: datetime
) -> Offer | None:
    """None: the provider wants to know who pays inside WeChat, and nobody can tell us."""
    app = account.settings.get(APP) if payer.scene is Scene.WECHAT else None
    if not app:
        return Offer(account, _way(session, order, account, payer))
    openid = payer_noted(session, order, app=app, cookie=payer.note, now=now)
    if openid is None and _can_introduce(session, order, app):
        return Offer(account, _way(session, order, account, payer), introduce=app)
    # An account that may only answer cannot ask who they are: then it is the buyer, if known.
    openid = openid or _buyer(session, order, app)
    return Offer(account, _way(session, order, account, payer, openid)) if openid else None


def _way(
    session: Session, order: Order, account: PaymentAccount, payer: Payer, openid: str = ""
) -> Way:
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


def _can_introduce(session: Session, order: Order, app: str) -> bool:
    """The shop's own official account of this name is connected, with what asks the platform."""
    official = official_account(session, merchant_id=order.merchant_id, app=app)
    secret = secret_of(session, official) if official else None
    return secret is not None and bool(secret.reveal())


def _buyer(session: Session, order: Order, app: str) -> str | None:
    """The buyer, as the shop's official account of this name knows them."""
    return session.scalar(
        select(ChannelIdentity.external_id)
        .join(ChannelAccount, ChannelAccount.id == ChannelIdentity.account_id)
        .where(
            ChannelIdentity.person_id == order.person_id,
            ChannelAccount.merchant_id == order.merchant_id,
            ChannelAccount.channel == CHANNEL,
            ChannelAccount.external_id == app,
        )
        .limit(1)
    )
