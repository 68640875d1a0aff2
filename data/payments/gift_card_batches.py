"""Gift cards that a shop gives away, one or many at a time, for a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.kernel.errors import Invalid, Refused
from data.kernel.money import Money
from data.kernel.once import insert_once
from data.orders.price_models import PriceDeed, PriceThing
from data.orders.price_moves import Change, note_move
from data.payments.credit_models import GiftCard, GiftCardBatch
from data.payments.gift_cards import issue_gift_card

MOST = 100  # at once: each is a line on a page, and a slip of the finger costs money
LONGEST_REASON = 120


@dataclass(frozen=True, slots=True)
class Gift:
    """What each of `count` cards is worth, why they are given, and until when they pay."""

    each: Money
    count: int
    reason: str
    expires_at: datetime | None = None


def issue_batch(
    session: Session, *, merchant_id: str, batch_id: str, gift: Gift, by: str, now: datetime
) -> Sequence[tuple[GiftCard, str]]:
    """The cards with their codes, which nobody can read again. Invalid: "count", "reason",
    "amount", "expires_at". Refused("gift_cards_issued"): this batch is there, and stays as it is.
    """
    _refuse_odd(gift, now)
    made = insert_once(
        session,
        GiftCardBatch,
        id=batch_id,
        merchant_id=merchant_id,
        count=gift.count,
        each_minor=gift.each.minor,
        currency=gift.each.currency,
        reason=gift.reason,
        by=by[:LONGEST_REASON],
        at=now,
    )
    if made is None:
        raise Refused("gift_cards_issued")
    change = Change(PriceThing.GIFT_CARD, batch_id, PriceDeed.ISSUED)
    note_move(session, merchant_id=merchant_id, change=change, by=by, now=now)
    return [
        issue_gift_card(
            session,
            merchant_id=merchant_id,
            amount=gift.each,
            by=by,
            now=now,
            expires_at=gift.expires_at,
            note=gift.reason,
            batch_id=batch_id,
        )
        for _ in range(gift.count)
    ]


def cards_of(session: Session, *, merchant_id: str, batch_id: str) -> Sequence[GiftCard]:
    mine = select(GiftCard).filter_by(merchant_id=merchant_id, batch_id=batch_id)
    return session.scalars(mine.order_by(GiftCard.id)).all()


def _refuse_odd(gift: Gift, now: datetime) -> None:
    problems = {
        "count": not 0 < gift.count <= MOST,
        "amount": gift.each.minor <= 0,
        "reason": not 0 < len(gift.reason.strip()) <= LONGEST_REASON,
        "expires_at": gift.expires_at is not None and gift.expires_at <= now,
    }
    wrong = next((name for name, is_wrong in problems.items() if is_wrong), None)
    if wrong is not None:
        raise Invalid(wrong)
