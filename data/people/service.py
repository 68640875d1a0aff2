"""Meeting people and chats: the first message makes the rows, every later one finds them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from data.delivery.inbound import ChatRef, Sender
from data.kernel.entities import known
from data.kernel.errors import NotFound
from data.kernel.ids import new_id
from data.kernel.locales import Locale
from data.kernel.once import insert_once
from data.merchants import ChannelAccount, Merchant
from data.people.models import ChannelIdentity, Chat, ChatMember, Person

_LONGEST_NAME, _LONGEST_TITLE = 120, 200  # the columns' widths


def find_person(session: Session, *, account: ChannelAccount, external_id: str) -> Person | None:
    """Whom a messenger calls so, if we have met them."""
    return session.scalar(
        select(Person)
        .join(ChannelIdentity, ChannelIdentity.person_id == Person.id)
        .where(ChannelIdentity.account_id == account.id, ChannelIdentity.external_id == external_id)
    )


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
    person = find_person(session, account=account, external_id=external_id)
    if person is None:
        merchant = session.get_one(Merchant, account.merchant_id)
        person_id = introduce(
            session,
            merchant,
            account_id=account.id,
            sender=Sender(external_id, name, locale),
            now=now,
        )
        return session.get_one(Person, person_id)
    rename(person, name)
    return person


def person_of(session: Session, *, merchant_id: str, person_id: str) -> Person:
    """A person of this shop, or NotFound: another shop's is nobody here (T11)."""
    person = known(session, Person, person_id)
    if person is None or person.merchant_id != merchant_id:
        raise NotFound("person")
    return person


def chat_of(session: Session, *, merchant_id: str, chat_id: str) -> Chat:
    """A chat of this shop, or NotFound."""
    chat = known(session, Chat, chat_id)
    if chat is None or chat.merchant_id != merchant_id:
        raise NotFound("chat")
    return chat


def lock_person(session: Session, person_id: str) -> Person:
    """They do one thing at a time: what is counted of them stays so until we commit. Taken before
    any other lock; rows that name them can be written meanwhile. NotFound."""
    session.flush()
    person = session.get(
        Person, person_id, populate_existing=True, with_for_update={"key_share": True}
    )
    if person is None:
        raise NotFound("person")
    return person


def rename(person: Person, name: str) -> None:
    """The name the messenger shows now; none says nothing."""
    if name and person.name != name[:_LONGEST_NAME]:
        person.name = name[:_LONGEST_NAME]


def relocate(person: Person, timezone: str | None) -> None:
    """Where their clock is now; days that are kept already stay in the zone they were told in."""
    if timezone and person.timezone != timezone:
        person.timezone = timezone


def introduce(
    session: Session, merchant: Merchant, *, account_id: str, sender: Sender, now: datetime
) -> str:
    """A person nobody knew, by the name this account knows them; gives their id."""
    person_id = new_id("per")
    insert_once(
        session,
        Person,
        id=person_id,
        merchant_id=merchant.id,
        name=sender.name[:_LONGEST_NAME],
        locale=sender.locale or merchant.locale,
        timezone=sender.timezone or merchant.timezone,
        created_at=now,
    )
    mine = insert_once(
        session,
        ChannelIdentity,
        merchant_id=merchant.id,
        person_id=person_id,
        account_id=account_id,
        external_id=sender.external_id,
    )
    return person_id if mine else _met_meanwhile(session, person_id, account_id, sender)


def _met_meanwhile(session: Session, person_id: str, account_id: str, sender: Sender) -> str:
    """Two of their messages came at once: one of the two made them known."""
    session.execute(delete(Person).where(Person.id == person_id))
    return session.scalars(
        select(ChannelIdentity.person_id).where(
            ChannelIdentity.account_id == account_id,
            ChannelIdentity.external_id == sender.external_id,
        )
    ).one()


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
        where = ChatRef(external_id, kind, title)
        chat_id = open_chat(
            session,
            merchant_id=account.merchant_id,
            account_id=account.id,
            chat=where,
            now=now,
        )
        return session.get_one(Chat, chat_id)
    rename_chat(chat, title)
    return chat


def open_chat(
    session: Session, *, merchant_id: str, account_id: str, chat: ChatRef, now: datetime
) -> str:
    """A chat nobody knew; gives its id."""
    opened: str | None = insert_once(
        session,
        Chat,
        id=new_id("cht"),
        merchant_id=merchant_id,
        account_id=account_id,
        external_id=chat.external_id,
        kind=chat.kind,
        title=chat.title[:_LONGEST_TITLE],
        created_at=now,
    )
    if opened is not None:
        return opened
    return session.scalars(
        select(Chat.id).where(Chat.account_id == account_id, Chat.external_id == chat.external_id)
    ).one()


def rename_chat(chat: Chat, title: str) -> None:
    if title and chat.title != title[:_LONGEST_TITLE]:
        chat.title = title[:_LONGEST_TITLE]


def note_members(
    session: Session,
    *,
    account: ChannelAccount,
    chat: Chat,
    external_ids: Collection[str],
    now: datetime,
) -> None:
    """Those of them whom we know already: the messenger names them, though they have not spoken."""
    known = select(Person).join(ChannelIdentity, ChannelIdentity.person_id == Person.id)
    mine = ChannelIdentity.account_id == account.id
    for person in session.scalars(
        known.where(mine, ChannelIdentity.external_id.in_(external_ids))
    ).all():
        note_member(session, chat=chat, person=person, now=now)


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
