"""Says one thing to one person or chat, outside any turn: in their language, where they are."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from data.conversations import Conversation, News, tell
from data.conversations.handing import is_with_a_person
from data.delivery.messages import Option, OutboundMessage, Purpose, Segment
from data.delivery.outbox import Letter, Origin, told_everybody
from data.kernel.entities import Entities, remembered
from data.kernel.errors import NotFound
from data.kernel.facts import Fact
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from data.people import Answer, ChannelIdentity, Chat, ChatMember, Person, speak_first
from data.people.merged import known_as
from dialogs.format import Domain
from dialogs.letters import TURN, send
from dialogs.library import FlowLibrary
from dialogs.notices.unheard import ABOUT_MONEY, YOUNG, keep_unheard
from dialogs.private import private_chat
from dialogs.responses import fill, framed, say

MOST_AN_HOUR = 4  # sentences to a whole group that nobody asked for (our decision)
IsOpen = Callable[[ChannelAccount, Chat], bool]
_WHOSE: BindParameter[str] = bindparam("whose")
_ACCOUNTS = Entities(
    select(ChannelIdentity.account_id, ChannelIdentity.merchant_id)
    .where(ChannelIdentity.person_id == _WHOSE)
    .order_by(ChannelIdentity.id)
)
_ACCOUNT_OF = Entities(
    select(Chat.account_id, Chat.merchant_id)
    .join(Conversation, Conversation.chat_id == Chat.id)
    .where(Conversation.id == _WHOSE)
)
_PLACE = Entities(
    select(Chat, ChannelAccount)
    .join(ChannelAccount, ChannelAccount.id == Chat.account_id)
    .where(Chat.id == bindparam("chat"))
)
_AUTOMATIC = "utter_automatic_notice"  # older versions of a shop's flows have no words for it


@dataclass(frozen=True, slots=True)
class Notice:
    """What to say. `key` makes it unique: told twice, it is said once. `live` edits a card.
    `locale`: the language of what it is about, where that is not the person's."""

    key: str
    response: str
    values: dict[str, Any]
    more: tuple[Segment, ...] = ()
    purpose: Purpose = Purpose.TRANSACTIONAL
    live: str | None = None
    locale: Locale | None = None


Tell = Callable[["Herald", Fact], None]


@dataclass(frozen=True, slots=True)
class Herald:
    session: Session
    flows: FlowLibrary
    merchant_id: str
    now: datetime
    public_url: str

    @property
    def domain(self) -> Domain:
        return self.flows.live(self.session, merchant_id=self.merchant_id).domain

    def tell_person(
        self, person_id: str, notice: Notice, *, conversation_id: str | None = None
    ) -> bool:
        """In private: where they ordered, else in their own chat on any account of the shop. False:
        there is none; what is about their money waits for one."""
        person = known_as(self.session, person_id)
        if notice.response in YOUNG and not self.knows(notice.response):
            return False
        found = self._private_place(person, conversation_id, self._allowed(person, notice))
        if found is not None:
            self._say_to(person, self._worded(person, notice), notice.key, found)
        elif notice.response in ABOUT_MONEY and self.knows(notice.response):
            keep_unheard(
                self.session,
                person=person,
                message=self._worded(person, notice),
                key=notice.key,
                since=self.now,
                now=self.now,
            )
        return found is not None

    def _allowed(self, person: Person, notice: Notice) -> IsOpen | None:
        """What others want somebody to hear is said where that is allowed, and counted there."""
        if notice.purpose is not Purpose.NUDGE:
            return None

        def may_hear(_account: ChannelAccount, chat: Chat) -> bool:
            said = speak_first(
                self.session, person=person, chat=chat, purpose=notice.purpose, now=self.now
            )
            return said.answer is Answer.NOW

        return may_hear

    def say_privately(
        self,
        person: Person,
        message: OutboundMessage,
        *,
        key: str,
        is_open: IsOpen,
    ) -> bool:
        """Wherever a chat of theirs is open, by the messenger's own rules too; False: nowhere."""
        found = self._private_place(person, None, is_open)
        if found is not None:
            self._say_to(person, message, key, found)
        return found is not None

    def tell_chat(self, chat_id: str, notice: Notice, *, speaker: Person) -> None:
        """In front of everybody, in the language of the person whose matter it is; what is private
        is told to them alone. More than a few an hour are left out: the live cards tell it too."""
        if self.domain.responses[notice.response].private:
            self.tell_person(speaker.id, notice)
            return
        since = self.now - timedelta(hours=1)
        if told_everybody(self.session, chat_id=chat_id, since=since) >= MOST_AN_HOUR:
            return
        chat, account = self._place(chat_id)
        self._send(account, Letter(chat.id, self._worded(speaker, notice)), notice.key)

    def tell_member(self, chat_id: str, person: Person, notice: Notice) -> None:
        """One person, in front of the others, if they are there; only they may press its buttons.
        What is private is not said so."""
        chat, account = self._place(chat_id)
        member = self.session.get(ChatMember, (chat.id, person.id))
        if member is None or member.left_at is not None:
            return
        assert not self.domain.responses[notice.response].private  # noqa: S101
        self._say_to(person, self._worded(person, notice), notice.key, (account, chat))

    def show(
        self, chat_id: str, message: OutboundMessage, *, key: str, to: str | None = None
    ) -> None:
        """A live message as it is now; anybody in the chat may press its buttons, unless it is `to`
        one person."""
        chat, account = self._place(chat_id)
        self._send(account, Letter(chat.id, message, person_id=to), key)

    def _place(self, chat_id: str) -> tuple[Chat, ChannelAccount]:
        """One look where the turn under way is not of this chat."""
        chat = remembered(self.session, Chat, chat_id)
        if chat is not None:
            account = remembered(self.session, ChannelAccount, chat.account_id)
            if account is not None:
                return chat, account
        found = _PLACE.rows(self.session, chat=chat_id)[0]
        return found[0], found[1]

    def tell_flows(self, event: str, key: str, once: str = "", **fields: Any) -> None:
        """Wake the flows that wait for this; its fields are those of WAIT_EVENTS."""
        news = News(event, key, fields, once)
        tell(self.session, merchant_id=self.merchant_id, news=news, now=self.now)

    def words(self, response: str, locale: Locale, **values: Any) -> str:
        """A response as plain text: a label, a line of a card."""
        return fill(self.domain.responses[response].text[locale], values, locale)

    def option(self, response: str, payload: str, locale: Locale, **values: Any) -> Option:
        return Option(self.words(response, locale, **values), payload)

    def knows(self, response: str) -> bool:
        """False also for a shop that only takes orders and has no flows at all."""
        try:
            return response in self.domain.responses
        except NotFound:
            return False

    def _worded(self, person: Person, notice: Notice) -> OutboundMessage:
        values = {"name": person.name, **notice.values}
        response = self.domain.responses[notice.response]
        message = say(response, values, notice.locale or Locale(person.locale), more=notice.more)
        return replace(message, purpose=notice.purpose, coalesce_key=notice.live)

    def _say_to(
        self,
        person: Person,
        message: OutboundMessage,
        key: str,
        place: tuple[ChannelAccount, Chat],
    ) -> None:
        """Only they may press its buttons."""
        account, chat = place
        message = self._told_apart(message, chat, person)
        self._send(account, Letter(chat.id, message, person_id=person.id), key)

    def _told_apart(self, message: OutboundMessage, chat: Chat, person: Person) -> OutboundMessage:
        """While a person of the shop speaks here, nobody takes our notice for their words."""
        frame = self.domain.responses.get(_AUTOMATIC)
        if frame is None or not is_with_a_person(
            self.session, chat_id=chat.id, person_id=person.id
        ):
            return message
        return framed(message, frame, Locale(person.locale))

    def _send(self, account: ChannelAccount, letter: Letter, key: str) -> None:
        """Said because of a turn, it is part of what that turn answers; never to another person."""
        inbox_id, person_id = self.session.info.get(TURN, (None, None))
        is_answer = letter.person_id in (None, person_id)
        origin = Origin(key, inbox_id=inbox_id if is_answer else None)
        send(self.session, [letter], account=account, origin=origin, now=self.now)

    def _private_place(
        self,
        person: Person,
        conversation_id: str | None,
        is_open: IsOpen | None = None,
    ) -> tuple[ChannelAccount, Chat] | None:
        first = _ACCOUNT_OF.rows(self.session, whose=conversation_id) if conversation_id else []
        for account_id, _ in [*first, *_ACCOUNTS.rows(self.session, whose=person.id)]:
            account = self.session.get_one(ChannelAccount, account_id)
            chat = private_chat(self.session, account=account, person=person, now=self.now)
            if chat is not None and (is_open is None or is_open(account, chat)):
                return account, chat
        return None


def where_known(response: str, tell: Tell) -> Tell:
    """`tell`, unless the shop's flows have no words for any of it: it went back to those that were
    published before there was such a thing."""

    def told(herald: Herald, fact: Fact) -> None:
        if herald.knows(response):
            tell(herald, fact)

    return told
