"""What came of the stories kept beside a flow version, and who published in spite of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class FlowTrial(Base):
    """One run. `stories` is the hash of the story files: with others it is another trial."""

    __tablename__ = "flow_trials"
    __table_args__ = (
        Index("ix_flow_trials_version", "merchant_id", "sha", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    sha: Mapped[str] = mapped_column(String(64))
    stories: Mapped[str] = mapped_column(String(64))
    passed: Mapped[int]
    failures: Mapped[list[dict[str, Any]]]
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]

    @property
    def is_red(self) -> bool:
        return bool(self.failures)


class FlowOverride(Base):
    """Audit: a version went live although stories of its own failed, and why."""

    __tablename__ = "flow_overrides"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    trial_id: Mapped[int] = mapped_column(ForeignKey("flow_trials.id"))
    sha: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
