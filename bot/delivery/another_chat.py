"""What one messenger does not let us say is said in another private chat of the same person: once,
with a word on why it comes there, and only what they bought or asked to be reminded of.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.conversations import OfferedOption
from data.delivery.messages import (
    Card,
    GroupBuyCard,
    Option,
    Options,
    OutboundMessage,
    Purpose,
    Segment,
    segment_from_json,
)
from data.delivery.models import OutboxRow
from data.delivery.outbox import Letter, Origin
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from data.people import Answer, Chat, ChatMember, Person, Verdict, may_contact
from dialogs.house import House
from dialogs.letters import send
from dialogs.responses import say

_SAID = "utter_said_here_instead"
_MARK = "elsewhere:"
_NOWHERE = Verdict(Answer.NEVER, "nowhere")
_WANTED = frozenset({Purpose.TRANSACTIONAL, Purpose.REMINDER})


@dataclass(frozen=True, slots=True)
class AnotherChat:
    house: House

    def take_up(self, session: Session, row: OutboxRow, now: datetime) -> Verdict:
        """In the transaction that ends the row: `now` is posted there; `later` is to be tried anew
        where it stands, for by then it may be allowed. What was taken up once goes no further."""
        purpose = Purpose(row.purpose)
        if purpose not in _WANTED or row.key.startswith(_MARK) or row.coalesce_key is not None:
            return _NOWHERE
        person = _alone_in(session, row.chat_id)
        chat = _other_chat(session, person, row.account_id) if person else None
        if person is None or chat is None:
            return _NOWHERE
        verdict = may_contact(session, person=person, chat=chat, purpose=purpose, now=now)
        if verdict.answer is Answer.NOW:
            self._post(session, row, person, chat, now)
        return verdict

    def _post(
        self, session: Session, row: OutboxRow, person: Person, chat: Chat, now: datetime
    ) -> None:
        message = OutboundMessage(
            (*self._why(session, row, person), *as_offered(session, row)),
            purpose=Purpose(row.purpose),
            not_after=row.not_after,
            response=row.response,
        )
        account = session.get_one(ChannelAccount, chat.account_id)
        letter = Letter(chat.id, message, person_id=person.id)
        send(session, [letter], account=account, origin=Origin(f"{_MARK}{row.id}"), now=now)

    def _why(self, session: Session, row: OutboxRow, person: Person) -> tuple[Segment, ...]:
        """A shop whose own flows are older than this sentence says it without."""
        domain = self.house.flows.live(session, merchant_id=row.merchant_id).domain
        channel = session.get_one(ChannelAccount, row.account_id).channel
        words = domain.responses.get(f"utter_channel_{channel}")
        told = domain.responses.get(_SAID)
        if words is None or told is None:
            return ()
        locale = Locale(person.locale)
        return say(told, {"channel": words.text[locale]}, locale).segments


def _alone_in(session: Session, chat_id: str) -> Person | None:
    """Whose private chat it is; a group and a chat that was unlinked are nobody's."""
    return session.scalar(
        select(Person)
        .join(ChatMember, ChatMember.person_id == Person.id)
        .join(Chat, Chat.id == ChatMember.chat_id)
        .where(Chat.id == chat_id, Chat.kind == "private", ChatMember.left_at.is_(None))
    )


def _other_chat(session: Session, person: Person, account_id: str) -> Chat | None:
    """On another account, where the same rule would not stand in the way again: the newest."""
    return session.scalar(
        select(Chat)
        .join(ChatMember, ChatMember.chat_id == Chat.id)
        .join(ChannelAccount, ChannelAccount.id == Chat.account_id)
        .where(
            ChatMember.person_id == person.id,
            ChatMember.left_at.is_(None),
            Chat.kind == "private",
            Chat.reachable.is_(True),
            ChannelAccount.enabled.is_(True),
            Chat.account_id != account_id,
            Chat.merchant_id == person.merchant_id,
        )
        .order_by(ChatMember.joined_at.desc(), Chat.id)
        .limit(1)
    )


def as_offered(session: Session, row: OutboxRow) -> list[Segment]:
    """With what its buttons do, for they are offered anew where they will stand."""
    offered = select(OfferedOption.token, OfferedOption.payload)
    known = dict(session.execute(offered.where(OfferedOption.chat_id == row.chat_id)).all())

    def anew(option: Option) -> Option:
        return replace(option, payload=known.get(option.payload, option.payload))

    return [
        replace(one, options=tuple(map(anew, one.options)))
        if isinstance(one, Options | Card | GroupBuyCard)
        else one
        for one in map(segment_from_json, row.segments)
    ]
