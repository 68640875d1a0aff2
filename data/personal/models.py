"""What makes one person of several identities, and tells afterwards how it came.

Link   OPEN ──typed in another chat──▶ TYPED ──yes there──▶ AGREED ──yes here──▶ JOINED
         └──────────────────── no, or too late ───────────────┴────▶ OVER
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base, table_of
from data.ledger.append_only import close


class LinkState(StrEnum):
    OPEN = "open"
    TYPED = "typed"
    AGREED = "agreed"
    JOINED = "joined"
    OVER = "over"


class PersonLink(Base):
    """A code that one chat shows and another types, once. Only its fingerprint is kept.

    `person_id` asked for it in the conversation `asked_in`; `typed_in` is where it was typed.
    """

    __tablename__ = "person_links"
    __table_args__ = (
        UniqueConstraint("merchant_id", "code_hash"),
        Index("ix_person_links_person", "person_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    asked_in: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8), default=LinkState.OPEN)
    typed_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    typed_in: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class LinkTries(Base):
    """Wrong codes within a window: `whom` is the id of a chat, or of the whole shop."""

    __tablename__ = "link_tries"
    __table_args__ = (CheckConstraint("n >= 0", name="n"),)

    whom: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    n: Mapped[int]
    since: Mapped[datetime]


class MoveKind(StrEnum):
    MERGED = "merged"
    PARTED = "parted"
    EXPORTED = "exported"
    ERASED = "erased"


class PersonMove(Base):
    """Append-only: who became whom, when, and why: by which code (`link_id`), or by whose hand
    (`by`: the person themselves, or somebody of the shop)."""

    __tablename__ = "person_moves"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    into_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    link_id: Mapped[str | None] = mapped_column(ForeignKey("person_links.id"))
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class DataExport(Base):
    """A link to a file of everything we know of one person: once, and for a day (T53)."""

    __tablename__ = "data_exports"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


close(table_of(PersonMove))
