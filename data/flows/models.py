"""Flow versions, the pointer to the live one, every move of that pointer, and who stands where."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class FlowVersion(Base):
    """`document` is the canonical JSON that runs; `sources` the YAML files a person edits.
    `retired_at`: it must go; whoever stands in it begins that flow again on the live one."""

    __tablename__ = "flow_versions"

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    sha: Mapped[str] = mapped_column(String(64), primary_key=True)
    document: Mapped[str] = mapped_column(Text)
    sources: Mapped[dict[str, str]]
    author: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class FlowChannel(Base):
    __tablename__ = "flow_channels"

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    live_sha: Mapped[str | None] = mapped_column(String(64))
    draft_sha: Mapped[str | None] = mapped_column(String(64))


class MoveKind(StrEnum):
    PUBLISH = "publish"
    ROLL_BACK = "roll_back"


class FlowMove(Base):
    """Audit: who moved the live pointer from what to what. Nothing is overwritten."""

    __tablename__ = "flow_moves"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    from_sha: Mapped[str | None] = mapped_column(String(64))
    to_sha: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16), default=MoveKind.PUBLISH)
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class FlowWay(Base):
    """Where the running flows of an old version go on in a new one, as said at a publish.

    `flows`: flow to old step to new step. `taken_back` when its move was: then nobody goes there.
    """

    __tablename__ = "flow_ways"
    __table_args__ = (Index("ix_flow_ways_merchant_id", "merchant_id", "from_sha"),)

    move_id: Mapped[int] = mapped_column(ForeignKey("flow_moves.id"), primary_key=True)
    from_sha: Mapped[str] = mapped_column(String(64), primary_key=True)
    to_sha: Mapped[str] = mapped_column(String(64))
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    flows: Mapped[dict[str, Any]]
    taken_back: Mapped[bool] = mapped_column(default=False)


class ConversationPin(Base):
    """Some frame of this conversation is of this version."""

    __tablename__ = "conversation_pins"
    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "sha"],
            ["flow_versions.merchant_id", "flow_versions.sha"],
            name="fk_conversation_pins_version",
        ),
        Index("ix_conversation_pins_version", "merchant_id", "sha"),
    )

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    sha: Mapped[str] = mapped_column(String(64), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(String(32))
