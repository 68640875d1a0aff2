"""Money that is reserved for an order, and not taken: for those who word a receipt."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.payments.models import PaymentAttempt


def was_only_held(session: Session, *, order_id: str) -> bool:
    """Somebody's money was reserved for it, and nobody's was taken."""
    tried = session.execute(
        select(PaymentAttempt.hold_until, PaymentAttempt.captured_minor).where(
            PaymentAttempt.order_id == order_id
        )
    ).all()
    return any(one.hold_until for one in tried) and not any(one.captured_minor for one in tried)
