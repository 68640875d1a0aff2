"""What somebody sent us besides words, and whose it is; the file lies beside the database."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class Upload(Base):
    """`name` is the file's, in the folder of its account; `media` is image or file."""

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("bytes >= 0", name="bytes"),
        Index("ix_uploads_created_at", "created_at"),
    )

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("channel_accounts.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    media: Mapped[str] = mapped_column(String(8))
    bytes: Mapped[int]
    created_at: Mapped[datetime]
