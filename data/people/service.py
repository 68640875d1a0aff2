"""Meeting people and chats: the first message makes the rows, every later one finds them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.kernel.ids import new_id
from data.kernel.locales import Locale
from data.merchants import ChannelAccount, Merchant
from data.people.models import ChannelIdentity, Chat, ChatMember, Person

_LONGEST_NAME, _LONGEST_TITLE = 120, 200  # the columns' widths


def meet(
    session: Session,
    *,
    account: ChannelAccount,
    external_id: str,
    name: str,
    locale: Locale | None,
    now: datetime,
) -> Person:
    """The person behind a channel's user id; their own language wins over the channel's."""
    person = session.scalar(
        select(Person)
        .join(ChannelIdentity, ChannelIdentity.person_id == Person.id)
        .where(ChannelIdentity.account_id == account.id, ChannelIdentity.external_id == external_id)
    )
    if person is None:
        person = _introduce(session, account, external_id, locale, now)
    rename(person, name)
    return person


def rename(person: Person, name: str) -> None:
    """The name the messenger shows now; none says nothing."""
    if name and person.name != name[:_LONGEST_NAME]:
        person.name = name[:_LONGEST_NAME]


def relocate(person: Person, timezone: str | None) -> None:
    """Where their clock is now; days that are kept already stay in the zone they were told in."""
    if timezone and person.timezone != timezone:
        person.timezone = timezone


def _introduce(
    session: Session,
    account: ChannelAccount,
    external_id: str,
    locale: Locale | None,
    now: datetime,
) -> Person:
    merchant = session.get_one(Merchant, account.merchant_id)
    person = Person(
        id=new_id("per"),
        merchant_id=merchant.id,
        locale=locale or merchant.locale,
        timezone=merchant.timezone,
        created_at=now,
    )
    session.add(person)
    session.flush()
    session.add(
        ChannelIdentity(
            merchant_id=merchant.id,
            person_id=person.id,
            account_id=account.id,
            external_id=external_id,
        )
    )
    return person


def meet_chat(
    session: Session,
    *,
    account: ChannelAccount,
    external_id: str,
    kind: str,
    title: str,
    now: datetime,
) -> Chat:
    chat = session.scalar(
        select(Chat).where(Chat.account_id == account.id, Chat.external_id == external_id)
    )
    if chat is None:
        chat = Chat(
            id=new_id("cht"),
            merchant_id=account.merchant_id,
            account_id=account.id,
            external_id=external_id,
            kind=kind,
            created_at=now,
        )
        session.add(chat)
        session.flush()
    rename_chat(chat, title)
    return chat


def rename_chat(chat: Chat, title: str) -> None:
    if title and chat.title != title[:_LONGEST_TITLE]:
        chat.title = title[:_LONGEST_TITLE]


def note_member(session: Session, *, chat: Chat, person: Person, now: datetime) -> None:
    """They speak here, so they are a member here (again)."""
    member = session.get(ChatMember, (chat.id, person.id))
    if member is None:
        session.add(
            ChatMember(
                chat_id=chat.id, person_id=person.id, merchant_id=chat.merchant_id, joined_at=now
            )
        )
    elif member.left_at is not None:
        member.left_at = None
