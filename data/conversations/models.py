"""Conversation, its events, the options it offered, and the links that continue it privately."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class Mode(StrEnum):
    """Who answers. While `human`, the bot is silent, in the outbox too."""

    BOT = "bot"
    HUMAN = "human"


class Conversation(Base):
    """`snapshot` is the engine's state; `rev` counts its turns and guards every write.

    `unanswered_at`: the bot took it back because no person answered, and none has looked since.
    """

    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("chat_id", "person_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    chat_id: Mapped[str] = mapped_column(ForeignKey("chats.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    mode: Mapped[str] = mapped_column(String(8), default=Mode.BOT)
    handed_over_at: Mapped[datetime | None]
    unanswered_at: Mapped[datetime | None]
    rev: Mapped[int] = mapped_column(default=0)
    snapshot: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    last_at: Mapped[datetime]


class ConversationEvent(Base):
    """What happened, in order: understood, engine events, staff answers.

    `frame` is the engine's number of one run of a flow, unique in its conversation.
    """

    __tablename__ = "conversation_events"
    __table_args__ = (
        Index("ix_conversation_events_conversation", "conversation_id", "id"),
        # Which runs of flows began when: one row in a dozen.
        Index(
            "ix_conversation_events_started",
            "merchant_id",
            "at",
            sqlite_where=text("kind = 'flow_started'"),
            postgresql_where=text("kind = 'flow_started'"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    rev: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    flow: Mapped[str | None] = mapped_column(String(64))
    step: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[str | None] = mapped_column(String(64))
    frame: Mapped[int | None]
    body: Mapped[dict[str, Any]]
    inbox_id: Mapped[int | None] = mapped_column(index=True)
    at: Mapped[datetime]


class OfferedOption(Base):
    """A button that was really shown. Pressing or typing a payload counts only if it is here.

    `person_id` NULL: anybody in the chat may press it (join this team). `number`: its place in the
    list; below zero it is no entry ("show more"), and written with that number where lines are.
    """

    __tablename__ = "offered_options"
    __table_args__ = (
        Index("ix_offered_options_chat", "chat_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(24), unique=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    chat_id: Mapped[str] = mapped_column(ForeignKey("chats.id"))
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    batch: Mapped[str] = mapped_column(String(160))  # options shown together are numbered together
    number: Mapped[int]
    label: Mapped[str] = mapped_column(String(200))
    payload: Mapped[str] = mapped_column(String(400))
    expires_at: Mapped[datetime]


class DeepLink(Base):
    """A one-time, person-bound way from a group into the private chat (T09).
    `version` is that of the frame it leads away from, where it leads away from one."""

    __tablename__ = "deep_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    flow: Mapped[str] = mapped_column(String(64))
    version: Mapped[str | None] = mapped_column(String(64))
    slots: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ConversationWait(Base):
    """A parked flow: which event about which object wakes it. Its deadline is a durable job."""

    __tablename__ = "conversation_waits"
    __table_args__ = (Index("ix_conversation_waits_event", "event", "key"),)

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    wait: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(String(40), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    key: Mapped[str] = mapped_column(String(64))


class ToldEvent(Base):
    """What befell an object outside, in the order it was told; `once` names this one time, so that
    told twice it is told once. Kept for flows that begin to wait only afterwards."""

    __tablename__ = "told_events"
    __table_args__ = (
        UniqueConstraint("merchant_id", "key", "event", "once"),
        Index("ix_told_events_at", "merchant_id", "at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    event: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(64))
    once: Mapped[str] = mapped_column(String(160))
    payload: Mapped[dict[str, Any]]
    at: Mapped[datetime]
