"""Calls of a messenger that wants its answer on the line, and which calls we have heard."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class HeldCall(Base):
    """A messenger waits on the line for what the turn of this update says, `until` then. It hangs
    up after a while and calls again for the same update; `calls` counts that."""

    __tablename__ = "held_calls"
    __table_args__ = (Index("ix_held_calls_heard", "merchant_id", "heard_at"),)

    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    calls: Mapped[int] = mapped_column(default=1)
    heard_at: Mapped[datetime]
    until: Mapped[datetime]


class HeardCall(Base):
    """One signed call: its nonce is good for these bytes and no others (T02)."""

    __tablename__ = "heard_calls"
    __table_args__ = (Index("ix_heard_calls_heard", "account_id", "heard_at"),)

    account_id: Mapped[str] = mapped_column(ForeignKey("channel_accounts.id"), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    body: Mapped[str] = mapped_column(String(64))
    heard_at: Mapped[datetime]
