"""Inbox, outbox and jobs: rows in the shop's own database, so effect and mark commit together."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, column
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class InboxState(StrEnum):
    """received → handled, or → dead (cannot be parsed, or failed every try)."""

    RECEIVED = "received"
    HANDLED = "handled"
    DEAD = "dead"


class OutboxState(StrEnum):
    """pending → sending → sent | failed (dead letter) | skipped (expired, muted, opted out).

    `sending` is a lease: after a crash in the middle of a send the row is tried again and its
    `attempts` say so. A messenger that knows our key shows it once all the same; at another one,
    the part that was under way may come twice.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


class InboxRow(Base):
    """One raw update as the messenger sent it; unique per account, so a repeat has no effect."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("account_id", "event_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("channel_accounts.id"))
    event_id: Mapped[str] = mapped_column(String(160))
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12), default=InboxState.RECEIVED)
    reason: Mapped[str] = mapped_column(String(200), default="")
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]


class OutboxRow(Base):
    """One message to one chat, in order of id; `external_id` is its name at the messenger."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "state", "due_at"),
        Index("ix_outbox_chat", "chat_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("channel_accounts.id"))
    chat_id: Mapped[str] = mapped_column(ForeignKey("chats.id"))
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))  # whom it answers
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    inbox_id: Mapped[int | None] = mapped_column(index=True)  # the turn that said it
    purpose: Mapped[str] = mapped_column(String(16))
    segments: Mapped[list[dict[str, Any]]]
    reply_to: Mapped[str | None] = mapped_column(String(128))
    coalesce_key: Mapped[str | None] = mapped_column(String(80), index=True)
    response: Mapped[str | None] = mapped_column(String(80))
    not_after: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(12), default=OutboxState.PENDING)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    external_id: Mapped[str | None] = mapped_column(String(128))
    error: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class Allowance(Base):
    """What a messenger lets us say in a chat without being asked there and then: a window that the
    person opened (it ends), or a grant for one message (it does not)."""

    __tablename__ = "allowances"
    __table_args__ = (
        CheckConstraint("remaining >= 0", name="remaining"),
        Index("ix_allowances_chat", "chat_id", "source"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    chat_id: Mapped[str] = mapped_column(ForeignKey("chats.id"))
    source: Mapped[str] = mapped_column(String(80))
    remaining: Mapped[int]
    expires_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]


class Cursor(Base):
    """How far we have read at a messenger that keeps what is new for us: all before is stored."""

    __tablename__ = "cursors"

    account_id: Mapped[str] = mapped_column(ForeignKey("channel_accounts.id"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    position: Mapped[str] = mapped_column(Text)
    moved_at: Mapped[datetime]


class Lane(Base):
    """The lock and the wake-up time of one ordered stream of jobs (`chat:…`, `order:…`)."""

    __tablename__ = "lanes"

    lane: Mapped[str] = mapped_column(String(80), primary_key=True)
    due: Mapped[datetime | None] = mapped_column(index=True)


class Job(Base):
    """Work that is due at a moment; its handler touches only the database. `held_for`: it is put
    aside until that is over, and nothing else of its lane waits with it."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_lane", "lane", "state", "run_at"),
        Index(
            "ix_jobs_held_for",
            "held_for",
            sqlite_where=column("held_for").is_not(None),
            postgresql_where=column("held_for").is_not(None),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str | None] = mapped_column(ForeignKey("merchants.id"))
    lane: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(40))
    args: Mapped[dict[str, Any]]
    key: Mapped[str] = mapped_column(String(160), unique=True)
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(8), default="due")  # due, done, dead
    error: Mapped[str] = mapped_column(String(200), default="")
    held_for: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime]
