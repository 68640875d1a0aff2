"""A purse: what several people have paid for one present, as the credit that pays its order.

It is a gift card whose code nobody knows, filled with their payments instead of given away: the
shop owes it from then on, until the order is paid with it or each share is taken out again.
"""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from data.kernel.database import changed
from data.kernel.errors import WrongState
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.kernel.tokens import fingerprint, new_token
from data.ledger import CUSTOMER_HOLD, GIFT_CARD_LIABILITY, post, transfer, was_posted
from data.payments.credit_models import PURSE, GiftCard

FILLED = "purse_filled"
EMPTIED = "purse_emptied"


def open_purse(
    session: Session, *, merchant_id: str, owner_ref: str, amount: Money, now: datetime
) -> GiftCard:
    """An empty one is no use: `amount` is what its shares come to; `fill_purse` books each."""
    purse = GiftCard(
        id=new_id("gft"),
        merchant_id=merchant_id,
        code_hash=fingerprint(new_token()),
        code_end="",
        currency=amount.currency,
        issued_minor=amount.minor,
        balance_minor=amount.minor,
        held_minor=0,
        note="",
        issued_by=f"{PURSE}{owner_ref}",
        created_at=now,
    )
    session.add(purse)
    session.flush()
    return purse


def fill_purse(
    session: Session, *, merchant_id: str, share_ref: str, amount: Money, now: datetime
) -> None:
    """A paid share becomes part of what the purse is worth."""
    _book(session, merchant_id, FILLED, share_ref, amount, now)


def take_out(
    session: Session, *, purse_id: str, share_ref: str, amount: Money, now: datetime
) -> None:
    """The share is its payer's again. WrongState while an order is paid with it, or may be."""
    free = GiftCard.balance_minor - GiftCard.held_minor >= amount.minor
    won = session.execute(
        update(GiftCard)
        .where(GiftCard.id == purse_id, free)
        .values(
            balance_minor=GiftCard.balance_minor - amount.minor,
            voided_minor=GiftCard.voided_minor + amount.minor,
        )
        .execution_options(synchronize_session=False)
    )
    if not changed(won):
        raise WrongState("purse")
    merchant_id = session.get_one(GiftCard, purse_id).merchant_id
    _book(session, merchant_id, EMPTIED, share_ref, amount, now)


def is_in_purse(session: Session, *, merchant_id: str, share_ref: str) -> bool:
    def booked(kind: str) -> bool:
        return was_posted(session, merchant_id=merchant_id, kind=kind, source_ref=share_ref)

    return booked(FILLED) and not booked(EMPTIED)


def _book(
    session: Session, merchant_id: str, kind: str, share_ref: str, amount: Money, now: datetime
) -> None:
    ways = {
        FILLED: (CUSTOMER_HOLD, GIFT_CARD_LIABILITY),
        EMPTIED: (GIFT_CARD_LIABILITY, CUSTOMER_HOLD),
    }
    source, target = ways[kind]
    post(
        session,
        merchant_id=merchant_id,
        kind=kind,
        source_ref=share_ref,
        legs=transfer(source, target, amount),
        event_at=now,
        now=now,
    )
