"""The trail of what changed a shop's prices: written with each change, read by the console."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.orders.price_models import PriceDeed, PriceMove, PriceThing

_LONGEST_NAME = 120  # its column


@dataclass(frozen=True, slots=True)
class Change:
    """`subject_id` of a coupon, a card, a batch or a shop."""

    thing: PriceThing
    subject_id: str
    deed: PriceDeed
    told: Mapping[str, str] = field(default_factory=dict)


def note_move(
    session: Session, *, merchant_id: str, change: Change, by: str, now: datetime
) -> None:
    session.add(
        PriceMove(
            merchant_id=merchant_id,
            thing=change.thing,
            subject_id=change.subject_id,
            deed=change.deed,
            told=dict(change.told),
            by=by[:_LONGEST_NAME],
            at=now,
        )
    )
    session.flush()


def moves_about(
    session: Session, *, merchant_id: str, subjects: Sequence[str], most: int = 50
) -> list[PriceMove]:
    """The latest first."""
    mine = select(PriceMove).where(
        PriceMove.merchant_id == merchant_id, PriceMove.subject_id.in_(subjects)
    )
    return list(session.scalars(mine.order_by(PriceMove.id.desc()).limit(most)))
