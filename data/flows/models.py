"""Flow versions, the pointer to the live one, and every move of that pointer."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class FlowVersion(Base):
    """`document` is the canonical JSON that runs; `sources` the YAML files a person edits."""

    __tablename__ = "flow_versions"

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    sha: Mapped[str] = mapped_column(String(64), primary_key=True)
    document: Mapped[str] = mapped_column(Text)
    sources: Mapped[dict[str, str]]
    author: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]


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
