"""Cards that a group was shown, and who of it is for which: votes given by reactions."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base


class ShownCard(Base):
    """A product as one message of a group. `external_id`: the messenger's name of that message,
    until the group got another id."""

    __tablename__ = "shown_cards"
    __table_args__ = (
        UniqueConstraint("chat_id", "external_id"),
        Index("ix_shown_cards_chat", "chat_id", "shown_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    chat_id: Mapped[str] = mapped_column(ForeignKey("chats.id"))
    external_id: Mapped[str | None] = mapped_column(String(128))
    product_id: Mapped[str] = mapped_column(String(32))
    shown_at: Mapped[datetime]


class Vote(Base):
    """What one member's reaction to a card says. Taken back it `stands` no more and stays, so that
    what was told earlier and comes later does not raise it again.

    `voter`: the member as the messenger calls them. `mark`: which of their reactions, where each is
    told by itself. `told`: of two tellings the one with the higher number was later.
    """

    __tablename__ = "votes"
    __table_args__ = (UniqueConstraint("card_id", "voter", "mark"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    card_id: Mapped[int] = mapped_column(ForeignKey("shown_cards.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    voter: Mapped[str] = mapped_column(String(128))
    mark: Mapped[str] = mapped_column(String(128), default="")
    stands: Mapped[bool]
    told: Mapped[int] = mapped_column(BigInteger)
    voted_at: Mapped[datetime]
