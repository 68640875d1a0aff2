"""What a provider shows of a payment after its money came, and what follows for the books."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.kernel.money import Money
from data.kernel.once import insert_once
from data.payments.attempts import lock_attempt
from data.payments.books import book_fee
from data.payments.disputes import learn_dispute
from data.payments.external import learn_refunds
from data.payments.gateway import DisputeStatus, NoAnswer, ProviderFee, Standing
from data.payments.looking import Look, plan_next
from data.payments.models import AttemptState, PaymentAttempt
from data.payments.standing_models import PaymentFee


def record_look(
    session: Session, look: Look, shown: Standing | NoAnswer | None, *, now: datetime
) -> None:
    """After the call, in a new transaction."""
    waits = False
    if isinstance(shown, Standing):
        waits = apply_standing(session, attempt_id=look.attempt_id, shown=shown, now=now)
    plan_next(session, look, shown, waits=waits, now=now)


def apply_standing(session: Session, *, attempt_id: str, shown: Standing, now: datetime) -> bool:
    """True: something is still undecided there. Shown again, nothing changes."""
    order, attempt = lock_attempt(session, attempt_id)
    if attempt.state != AttemptState.CAPTURED or attempt.quarantine is not None:
        return False
    for fee in shown.fees:
        _learn_fee(session, attempt, fee, now)
    open_first = sorted(shown.disputes, key=lambda one: one.status != DisputeStatus.OPEN)
    for dispute in open_first:  # one that is won sends nothing while another lasts
        learn_dispute(session, order, attempt, dispute, now=now)
    waits = learn_refunds(session, order, attempt, shown, now=now)
    return waits or any(one.status == DisputeStatus.OPEN for one in shown.disputes)


def fees_elsewhere(session: Session, *, merchant_id: str) -> list[Money]:
    """What was kept in other currencies than the payments', one sum for each: in no account."""
    rows = session.execute(
        select(PaymentFee.currency, func.sum(PaymentFee.amount_minor))
        .where(PaymentFee.merchant_id == merchant_id, PaymentFee.booked.is_(False))
        .group_by(PaymentFee.currency)
        .order_by(PaymentFee.currency)
    )
    return [Money(int(total), currency) for currency, total in rows]


def _learn_fee(
    session: Session, attempt: PaymentAttempt, shown: ProviderFee, now: datetime
) -> None:
    """Each once, by its name there."""
    if not shown.amount.minor:
        return
    is_ours = shown.amount.currency == attempt.currency
    number = insert_once(
        session,
        PaymentFee,
        merchant_id=attempt.merchant_id,
        attempt_id=attempt.id,
        provider_ref=shown.provider_ref,
        amount_minor=shown.amount.minor,
        currency=shown.amount.currency,
        booked=is_ours,
        at=now,
    )
    if number is not None and is_ours:
        book_fee(session, attempt, shown.amount, str(number), now=now)
