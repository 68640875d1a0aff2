"""Who pays a bill inside WeChat: their openid, sealed in their own browser, for this one order and
this one app, for a while. It is nobody's name here: no person is made of it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from data.kernel.encryption import Unreadable, cipher_of, place_of
from data.orders import Order

PAYER_COOKIE = "__Host-tz-payer"
_LIFE = timedelta(hours=2)  # as long as WeChat's sheet can be opened with one id
_BILL = re.compile(r"pay\.([A-Za-z0-9_-]{22})\.([a-z]{3}_[0-9a-z]{16})", re.ASCII)
_PLACE = "payer"


@dataclass(frozen=True, slots=True)
class Bill:
    """A pay page, and the way that was chosen on it."""

    token: str
    account_id: str

    @property
    def name(self) -> str:
        """As a trip to the platform keeps it."""
        return f"pay.{self.token}.{self.account_id}"


def bill_named(name: str) -> Bill | None:
    """None: another page's name."""
    found = _BILL.fullmatch(name)
    return Bill(found[1], found[2]) if found else None


def note_payer(session: Session, order: Order, *, app: str, openid: str, now: datetime) -> str:
    """The cookie that says who pays this order by this app."""
    until = int((now + _LIFE).timestamp())
    return cipher_of(session).encrypt(f"{until}:{openid}", place=_place(order, app))


def payer_noted(
    session: Session, order: Order, *, app: str, cookie: str, now: datetime
) -> str | None:
    """Their openid; None: nobody has told it, or of another order or app, or too long ago."""
    if not cookie:
        return None
    try:
        told = cipher_of(session).decrypt(cookie, place=_place(order, app))
    except Unreadable:
        return None
    until, _, openid = told.partition(":")
    return openid if now.timestamp() < int(until) else None


def _place(order: Order, app: str) -> str:
    return place_of(order.merchant_id, _PLACE, f"{order.id}:{app}")
