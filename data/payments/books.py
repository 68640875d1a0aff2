"""Which ledger entry each movement of money writes. Every one is written once, by its source."""

from datetime import datetime

from sqlalchemy.orm import Session

from data.kernel.money import Money
from data.ledger import (
    CUSTOMER_HOLD,
    DISPUTE_LOST,
    DISPUTED,
    GIFT_CARD_LIABILITY,
    GIFT_CARDS_GRANTED,
    PSP_FEE,
    REFUND_PAYABLE,
    REVENUE,
    Leg,
    cash_in_transit,
    post,
    transfer,
    was_posted,
)
from data.payments.credit_models import GiftCard, GiftCardUse
from data.payments.models import PaymentAttempt, Refund
from data.payments.standing_models import Dispute, DisputeState

CAPTURED = "captured"
GOODS_OWED = "goods_owed"
REFUND_PROMISED = "refund_promised"
REFUND_SUCCEEDED = "refund_succeeded"
REFUND_REVERSED = "refund_reversed"
FEE = "fee"
DISPUTE = "dispute"
GIFT_CARD_ISSUED = "gift_card_issued"
CREDIT_REDEEMED = "credit_redeemed"
CREDIT_EARNED = "credit_earned"
CREDIT_RETURNED = "credit_returned"
CREDIT_LOWERED = "credit_lowered"


def book_capture(session: Session, attempt: PaymentAttempt, *, now: datetime) -> None:
    post(
        session,
        merchant_id=attempt.merchant_id,
        kind=CAPTURED,
        source_ref=attempt.id,
        legs=transfer(cash_in_transit(attempt.provider), CUSTOMER_HOLD, attempt.captured),
        event_at=now,
        now=now,
    )


def book_goods_owed(session: Session, attempt: PaymentAttempt, *, now: datetime) -> None:
    """From here on the money is the shop's, and the goods are the buyer's. What was promised back
    before was taken from what we held."""
    post(
        session,
        merchant_id=attempt.merchant_id,
        kind=GOODS_OWED,
        source_ref=attempt.id,
        legs=transfer(CUSTOMER_HOLD, REVENUE, attempt.left),
        event_at=now,
        now=now,
    )


def is_earned(session: Session, attempt: PaymentAttempt) -> bool:
    return was_posted(
        session, merchant_id=attempt.merchant_id, kind=GOODS_OWED, source_ref=attempt.id
    )


def book_refund_promised(
    session: Session, refund: Refund, attempt: PaymentAttempt, *, now: datetime
) -> None:
    source = REVENUE if is_earned(session, attempt) else CUSTOMER_HOLD
    post(
        session,
        merchant_id=refund.merchant_id,
        kind=REFUND_PROMISED,
        source_ref=refund.id,
        legs=transfer(source, REFUND_PAYABLE, refund.amount),
        event_at=now,
        now=now,
    )


def book_refund_succeeded(
    session: Session, refund: Refund, provider: str, *, now: datetime
) -> None:
    post(
        session,
        merchant_id=refund.merchant_id,
        kind=REFUND_SUCCEEDED,
        source_ref=refund.id,
        legs=transfer(REFUND_PAYABLE, cash_in_transit(provider), refund.amount),
        event_at=now,
        now=now,
    )


def book_refund_reversed(session: Session, refund: Refund, provider: str, *, now: datetime) -> None:
    """It came back after all: we owe it again."""
    post(
        session,
        merchant_id=refund.merchant_id,
        kind=REFUND_REVERSED,
        source_ref=refund.id,
        legs=transfer(cash_in_transit(provider), REFUND_PAYABLE, refund.amount),
        event_at=now,
        now=now,
    )


def book_fee(
    session: Session, attempt: PaymentAttempt, fee: Money, fee_ref: str, *, now: datetime
) -> None:
    post(
        session,
        merchant_id=attempt.merchant_id,
        kind=FEE,
        source_ref=fee_ref,
        legs=transfer(PSP_FEE, cash_in_transit(attempt.provider), fee),
        event_at=now,
        now=now,
    )


def book_dispute(
    session: Session,
    dispute: Dispute,
    provider: str,
    *,
    was: tuple[DisputeState, int],
    now: datetime,
) -> None:
    """From how it was to how it is: what is undecided, what is lost, and what that leaves there."""
    undecided = _out(dispute, DisputeState.OPEN) - _part(was, DisputeState.OPEN)
    lost = _out(dispute, DisputeState.LOST) - _part(was, DisputeState.LOST)
    moved = {
        DISPUTED: -undecided,
        DISPUTE_LOST: -lost,
        cash_in_transit(provider): undecided + lost,
    }
    post(
        session,
        merchant_id=dispute.merchant_id,
        kind=DISPUTE,
        source_ref=f"{dispute.id}:{dispute.moves}",
        legs=[Leg(name, Money(minor, dispute.currency)) for name, minor in moved.items() if minor],
        event_at=now,
        now=now,
    )


def _out(dispute: Dispute, state: DisputeState) -> int:
    return _part((DisputeState(dispute.state), dispute.out_minor), state)


def _part(how: tuple[DisputeState, int], state: DisputeState) -> int:
    return how[1] if how[0] == state else 0


def book_gift_card_issued(session: Session, card: GiftCard, *, now: datetime) -> None:
    """Given away by the shop: we owe its worth in goods, and nobody has paid for it."""
    post(
        session,
        merchant_id=card.merchant_id,
        kind=GIFT_CARD_ISSUED,
        source_ref=card.id,
        legs=transfer(GIFT_CARDS_GRANTED, GIFT_CARD_LIABILITY, card.balance),
        event_at=now,
        now=now,
    )


def book_credit_redeemed(session: Session, use: GiftCardUse, *, now: datetime) -> None:
    _book_use(session, use, CREDIT_REDEEMED, GIFT_CARD_LIABILITY, CUSTOMER_HOLD, now)


def book_credit_earned(session: Session, use: GiftCardUse, *, now: datetime) -> None:
    _book_use(session, use, CREDIT_EARNED, CUSTOMER_HOLD, REVENUE, now)


def book_credit_lowered(session: Session, use: GiftCardUse, share: Money, *, now: datetime) -> None:
    """Its goods cost less in the end, and are not owed yet: a part of it is the card's again."""
    post(
        session,
        merchant_id=use.merchant_id,
        kind=CREDIT_LOWERED,
        source_ref=str(use.id),
        legs=transfer(CUSTOMER_HOLD, GIFT_CARD_LIABILITY, share),
        event_at=now,
        now=now,
    )


def book_credit_returned(
    session: Session, use: GiftCardUse, amount: Money, *, cause_ref: str = "", now: datetime
) -> None:
    """`cause_ref`: why a part of it goes back; of what is left at last, nothing."""
    was_earned = was_posted(
        session, merchant_id=use.merchant_id, kind=CREDIT_EARNED, source_ref=str(use.id)
    )
    source = REVENUE if was_earned else CUSTOMER_HOLD
    post(
        session,
        merchant_id=use.merchant_id,
        kind=CREDIT_RETURNED,
        source_ref=f"{use.id}:{cause_ref}" if cause_ref else str(use.id),
        legs=transfer(source, GIFT_CARD_LIABILITY, amount),
        event_at=now,
        now=now,
    )


def _book_use(
    session: Session, use: GiftCardUse, kind: str, source: str, target: str, now: datetime
) -> None:
    post(
        session,
        merchant_id=use.merchant_id,
        kind=kind,
        source_ref=str(use.id),
        legs=transfer(source, target, use.amount),
        event_at=now,
        now=now,
    )
