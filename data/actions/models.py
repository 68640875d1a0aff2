"""A merchant's action server, who moved it, and each call of an action between two turns.

call   calling ──answer──▶ answered
          └──no answer, or one that cannot be taken──▶ failed
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class ActionServer(Base):
    """Where a shop's own actions run. `names`: which of them its flows may call; `secret`, sealed,
    signs every call. `trouble` is what staff must see to: the address or the list is wrong."""

    __tablename__ = "action_servers"

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(String(500))
    names: Mapped[list[str]]
    trouble: Mapped[str] = mapped_column(String(120), default="")
    trouble_at: Mapped[datetime | None]
    connected_at: Mapped[datetime]


class ServerMove(Base):
    """Audit: who sent a shop's calls where. Nothing is overwritten; `url` None: nowhere."""

    __tablename__ = "action_server_moves"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    url: Mapped[str | None] = mapped_column(String(500))
    names: Mapped[list[str]]
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class CallState(StrEnum):
    CALLING = "calling"
    ANSWERED = "answered"
    FAILED = "failed"


class ActionCall(Base):
    """`call` is the engine's number for it. `payload` is what is sent, each time the same, and is
    forgotten when the call is over, and the rest a month later. `due_at`: its next try, while there
    is one."""

    __tablename__ = "action_calls"
    __table_args__ = (
        UniqueConstraint("conversation_id", "call"),
        Index("ix_action_calls_due_at", "due_at"),
        Index("ix_action_calls_merchant_id_ended_at", "merchant_id", "ended_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    call: Mapped[int]
    action: Mapped[str] = mapped_column(String(80))
    version: Mapped[str] = mapped_column(String(64))
    inbox_id: Mapped[int | None]  # what was said before it: its answer belongs to that
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12), default=CallState.CALLING)
    reason: Mapped[str] = mapped_column(String(120), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    deadline: Mapped[datetime]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
