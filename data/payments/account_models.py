"""A merchant's account at a payment provider, and who connected, changed or left it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class PaymentAccount(Base):
    """`external_id` is the shop's name there (a key's account, mchid, app_id, client id).

    `sealed` holds its secrets, and for a while those before them; `version` goes up with each
    change. It is never deleted: what was paid through it is asked about and refunded there.
    """

    __tablename__ = "payment_accounts"
    __table_args__ = (UniqueConstraint("merchant_id", "provider", "external_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    provider: Mapped[str] = mapped_column(String(24))
    external_id: Mapped[str] = mapped_column(String(128))
    settings: Mapped[dict[str, Any]]
    sealed: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    rotated_at: Mapped[datetime | None]
    refused: Mapped[int] = mapped_column(default=0)  # calls to our webhook that were not theirs
    connected_at: Mapped[datetime]


class AccountDeed(StrEnum):
    CONNECTED = "connected"
    CHANGED = "changed"
    DISCONNECTED = "disconnected"


class PaymentAccountMove(Base):
    """Audit: who sent a shop's money where. Nothing is overwritten."""

    __tablename__ = "payment_account_moves"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("payment_accounts.id"))
    deed: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
