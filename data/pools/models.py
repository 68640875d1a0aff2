"""Pool, the steps it took, contribution, the link it is shared by.

Pool           OPEN ──▶ FUNDED ──▶ ORDERED           (the last three: final)
                └─────────┴──▶ FAILED | CANCELLED
Contribution   a share as any other: orders/share_states.py
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base
from data.kernel.money import Money
from data.orders.share_states import ShareState


class ShareRule(StrEnum):
    """FIXED: so many equal shares. FREE: any amount up to what is missing."""

    FIXED = "fixed"
    FREE = "free"


class EndRule(StrEnum):
    """At the deadline with something missing: everything back, or the organiser adds the rest."""

    ALL_OR_NOTHING = "all_or_nothing"
    KEEP = "keep"


class PoolState(StrEnum):
    """FUNDED: nobody can give any more, and the present is not ordered yet."""

    OPEN = "open"
    FUNDED = "funded"
    ORDERED = "ordered"
    FAILED = "failed"
    CANCELLED = "cancelled"


ContributionState = ShareState
_P = PoolState
POOL_MOVES: dict[PoolState, frozenset[PoolState]] = {
    _P.OPEN: frozenset({_P.FUNDED, _P.FAILED, _P.CANCELLED}),
    _P.FUNDED: frozenset({_P.ORDERED, _P.FAILED, _P.CANCELLED}),
    _P.ORDERED: frozenset(),
    _P.FAILED: frozenset(),
    _P.CANCELLED: frozenset(),
}
RUNNING = (_P.OPEN, _P.FUNDED)


class Pool(Base):
    """One present that a group pays for together. What it costs is fixed when it opens.

    `held_minor` is the sum of all live contributions, `paid_minor` of those with money behind them,
    `places` how many they are. `recipient_id` is the person it is for, where they are known: a
    plain column, for what leads to a person by a foreign key is shown to them in their own data.
    """

    __tablename__ = "pools"
    __table_args__ = (
        CheckConstraint(
            "0 <= paid_minor AND paid_minor <= held_minor AND held_minor <= target_minor",
            name="raised",
        ),
        CheckConstraint("target_minor > 0 AND least_minor > 0", name="amounts"),
        CheckConstraint("shares >= 2", name="shares"),
        Index("ix_pools_in_chat", "chat_id", "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    variant_id: Mapped[str] = mapped_column(ForeignKey("variants.id"))
    chat_id: Mapped[str | None] = mapped_column(ForeignKey("chats.id"))  # where its card lives
    organiser_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    recipient_id: Mapped[str | None] = mapped_column(String(32), index=True)
    for_name: Mapped[str] = mapped_column(String(40))  # as the organiser calls them
    locale: Mapped[str] = mapped_column(String(8))  # the organiser's
    share_rule: Mapped[str] = mapped_column(String(8))
    end_rule: Mapped[str] = mapped_column(String(16))
    shares: Mapped[int | None]
    least_minor: Mapped[int]
    cap_minor: Mapped[int | None]  # of one person, all their contributions together
    currency: Mapped[str] = mapped_column(String(3))
    unit_minor: Mapped[int]
    shipping_minor: Mapped[int]
    target_minor: Mapped[int]
    held_minor: Mapped[int] = mapped_column(default=0)
    paid_minor: Mapped[int] = mapped_column(default=0)
    places: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(12), default=PoolState.OPEN)
    why: Mapped[str | None] = mapped_column(String(12))  # it came to nothing: see facts.PoolEnd
    version: Mapped[int] = mapped_column(default=1)  # a card shows the newest it has seen
    ship_to: Mapped[str | None] = mapped_column(Text)  # an Address, encrypted, until it is ordered
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"), unique=True)
    card_id: Mapped[str | None] = mapped_column(ForeignKey("gift_cards.id"))
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # FUNDED: until when the address must be known

    @property
    def target(self) -> Money:
        return Money(self.target_minor, self.currency)

    @property
    def paid(self) -> Money:
        return Money(self.paid_minor, self.currency)

    @property
    def free(self) -> Money:
        """What nobody has paid or is about to pay."""
        return Money(self.target_minor - self.held_minor, self.currency)


class PoolStep(Base):
    """Append-only: each state a pool entered, and what was paid at that moment."""

    __tablename__ = "pool_steps"
    __table_args__ = (UniqueConstraint("pool_id", "state"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    pool_id: Mapped[str] = mapped_column(ForeignKey("pools.id"))
    state: Mapped[str] = mapped_column(String(12))
    paid_minor: Mapped[int]
    people: Mapped[int]  # how many had paid
    at: Mapped[datetime]


class Contribution(Base):
    """What one person gives to one pool: counted before any money moves, paid by its own order."""

    __tablename__ = "contributions"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        Index("ix_contributions_pool", "pool_id", "state"),
        Index("ix_contributions_person", "person_id", "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    pool_id: Mapped[str] = mapped_column(ForeignKey("pools.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), unique=True)
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(12), default=ContributionState.HELD)
    created_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class PoolShare(Base):
    """A link to one pool; of its token only the hash is kept."""

    __tablename__ = "pool_shares"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    pool_id: Mapped[str] = mapped_column(ForeignKey("pools.id"), index=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
