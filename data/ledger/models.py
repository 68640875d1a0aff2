"""Entry and posting: append-only double entry, guarded by triggers in the database itself.

Credit-positive: what the shop owes or earns is above zero, what lies at a provider below.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class LedgerEntry(Base):
    """One thing that happened to money, once: `kind` says what, `source_ref` to which row."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        UniqueConstraint("merchant_id", "kind", "source_ref"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    kind: Mapped[str] = mapped_column(String(32))
    source_ref: Mapped[str] = mapped_column(String(64))
    event_at: Mapped[datetime]  # when it happened; created_at is when we wrote it down
    created_at: Mapped[datetime]


class Posting(Base):
    """One leg of an entry; the legs of an entry sum to zero in each currency."""

    __tablename__ = "postings"
    __table_args__ = (
        Index("ix_postings_account", "merchant_id", "account"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entries.id"), index=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    account: Mapped[str] = mapped_column(String(40))
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
