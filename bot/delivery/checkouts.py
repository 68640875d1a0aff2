"""Payments that Telegram takes below our invoices: may this be paid, and what was paid."""

import logging
from datetime import datetime

from sqlalchemy.orm import Session

from bot.channels.adapter import Asked
from bot.delivery.telegram_accounts import PROVIDER
from bot.web.wording import say
from data.delivery.inbound import InboundEvent
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.kernel.errors import (
    NotFound,
    OutOfStock,
    PaymentLinkExpired,
    Refused,
    ShopError,
    WrongState,
)
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from data.orders import OrderState
from data.payments import NoticeState
from data.payments.invoices import TELEGRAM, approve, take
from data.people import find_person

log = logging.getLogger(__name__)
_WHY: dict[type[ShopError], str] = {
    PaymentLinkExpired: "closed",
    OutOfStock: "sold_out",
    NotFound: "not_yours",
}
_WRONG: dict[str, str] = {
    "amount": "changed",
    "attempt_open": "under_way",
    OrderState.REFUND_PENDING: "closed",
    OrderState.REFUNDED: "closed",
    **dict.fromkeys(
        (
            OrderState.PAID,
            OrderState.WAITING_GROUP,
            OrderState.READY,
            OrderState.SHIPPED,
            OrderState.DELIVERED,
        ),
        "paid",
    ),
}


def why_not(database: Database, clock: Clock, account_id: str, asked: Asked) -> str | None:
    """Nothing but the order decides, under its lock; the intent is committed before the yes."""
    with database.reading() as session:
        account = session.get_one(ChannelAccount, account_id)
        payer = find_person(session, account=account, external_id=asked.sender.external_id)
    try:
        if payer is None or PROVIDER not in account.settings:
            raise NotFound("invoice")
        with database.transaction() as session:
            approve(
                session,
                provider=TELEGRAM,
                order_id=asked.order_id,
                person_id=payer.id,
                asked=asked.amount,
                now=clock.now(),
            )
    except ShopError as error:
        language = payer.locale if payer else asked.sender.locale
        return say(f"telegram.checkout_{_reason(error)}", Locale.closest(language))
    return None


def sorry(language: str | None) -> str:
    """We could not look."""
    return say("telegram.checkout_later", Locale.closest(language))


def note_paid(
    session: Session, *, account: ChannelAccount, event: InboundEvent, now: datetime
) -> None:
    """The order's own notices tell its buyer; money that fits no order waits for a person."""
    charge = event.paid
    if charge is None:
        return
    merchant_id = account.merchant_id
    became = take(session, provider=TELEGRAM, merchant_id=merchant_id, charge=charge, now=now)
    if became is NoticeState.QUARANTINED:
        log.error("telegram: payment put aside: %s", charge.name)


def _reason(error: ShopError) -> str:
    if isinstance(error, Refused | WrongState) and error.detail in _WRONG:
        return _WRONG[error.detail]
    return _WHY.get(type(error), "later")
