"""What a messenger gives an account for a while, and tokens of ours that are used up."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class TokenKind(StrEnum):
    """What it opens: the messenger's calls, or its script in our pages."""

    ACCESS = "access"
    JSAPI = "jsapi"


class ChannelToken(Base):
    """The one token of an account that all processes use. `version` counts the tokens there have
    been; `renewing_until`: a process is asking for the next one, and has so long for it."""

    __tablename__ = "channel_tokens"

    account_id: Mapped[str] = mapped_column(ForeignKey("channel_accounts.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    sealed: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=0)
    good_until: Mapped[datetime | None]
    renewing_until: Mapped[datetime | None]


class UsedToken(Base):
    """A signed token of ours that works once: nothing is stored when it is made, only that it was
    used, until it would be no good any more."""

    __tablename__ = "used_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class PassKind(StrEnum):
    """What it opens: its news, or a greeting."""

    NEWS = "news"
    GREETING = "greeting"


class Pass(Base):
    """A word that opens one call of ours until it expires, for an account or for one chat. As news
    it stays until it was followed: that something happened is true for longer than its word."""

    __tablename__ = "passes"
    __table_args__ = (
        Index("ix_passes_account", "account_id", "kind", "chat_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("channel_accounts.id"))
    chat_id: Mapped[str | None] = mapped_column(ForeignKey("chats.id"))
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(String(512))
    expires_at: Mapped[datetime]
    given_at: Mapped[datetime]
