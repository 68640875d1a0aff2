"""Person, channel identity, chat, chat member, consent, and how often we spoke first today."""

from datetime import date, datetime

from sqlalchemy import (
    DDL,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    column,
    event,
)
from sqlalchemy.orm import Mapped, mapped_column

from data.kernel.database import Base, table_of


class Person(Base):
    """A customer of one merchant. After erasure only the id stays, with `erased_at` set.

    `nudges_off_at`: they want no reminders of teams that others ask for.
    `minor_since`: they told us that they are a child, so there is no sale and no profile.
    `merged_into`: who they turned out to be; all that was theirs stands there now.
    `model_asked`: who would get their words as a language model, when we asked them last.
    """

    __tablename__ = "people"
    __table_args__ = (
        Index(
            "ix_people_merged_into",
            "merged_into",
            sqlite_where=column("merged_into").is_not(None),
            postgresql_where=column("merged_into").is_not(None),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    locale: Mapped[str] = mapped_column(String(8))
    locale_hint: Mapped[str | None] = mapped_column(String(8))  # the last message's, if another
    timezone: Mapped[str] = mapped_column(String(64))
    opted_out_at: Mapped[datetime | None]
    nudges_off_at: Mapped[datetime | None]
    minor_since: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    model_asked: Mapped[str | None] = mapped_column(String(40))
    merged_into: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime]


class ChannelIdentity(Base):
    """The person as one channel account knows them."""

    __tablename__ = "channel_identities"
    __table_args__ = (UniqueConstraint("account_id", "external_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("channel_accounts.id"))
    external_id: Mapped[str] = mapped_column(String(128))


class Chat(Base):
    """A private chat or a group, on one channel account. `reachable` is False once blocked."""

    __tablename__ = "chats"
    __table_args__ = (UniqueConstraint("account_id", "external_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("channel_accounts.id"))
    external_id: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(8))  # "private" or "group"
    title: Mapped[str] = mapped_column(String(200), default="")
    reachable: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


# A group's topics are found by how their names begin, byte for byte. SQLite's index is in that
# order; PostgreSQL's is in that of the database's language.
_IN_BYTES = 'CREATE INDEX ix_chats_in_bytes ON chats (account_id, external_id COLLATE "C")'
_ddl = DDL(_IN_BYTES)  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
event.listen(table_of(Chat), "after_create", _ddl.execute_if(dialect="postgresql"))


class ChatMember(Base):
    __tablename__ = "chat_members"

    chat_id: Mapped[str] = mapped_column(ForeignKey("chats.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


class Consent(Base):
    """Append-only: one row says yes to one purpose; revoking dates the row, never deletes it."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_person_purpose", "person_id", "purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    purpose: Mapped[str] = mapped_column(String(32))
    text_version: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(8))
    channel: Mapped[str] = mapped_column(String(16))
    message_id: Mapped[str] = mapped_column(String(128))
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ProactiveCount(Base):
    """How often we spoke first on one day: to a person, in a chat, or for a new shop.

    `whom` is the id of that person, chat or merchant; `day` is their own local day.
    """

    __tablename__ = "proactive_counts"
    __table_args__ = (CheckConstraint("n >= 0", name="n"),)

    whom: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    n: Mapped[int]
