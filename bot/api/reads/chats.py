"""Conversations as the shop reads them: a list, a transcript, and the steps behind each turn."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from bot.api.paging import Page, Where, newest_first
from bot.api.reads.veil import Veil, veil_for
from data.conversations import Conversation, ConversationEvent, Mode
from data.delivery.messages import Segment
from data.delivery.models import OutboxRow
from data.kernel.errors import NotFound
from data.people import Chat, Person

USER_SAID, STAFF_SAID = "user_said", "staff_said"
_MOST_EVENTS = 2_000  # what one page of the inspector can still show
_MOST_LINES = 200
# An event's own columns; the rest of its body is details.
_TOLD = frozenset({"kind", "event", "flow", "step", "version", "frame", "data", "sealed"})
_Moment = tuple[datetime, int | None]


@dataclass(frozen=True, slots=True)
class ChatView:
    """A conversation with the names people know it by."""

    conversation: Conversation
    person: Person
    chat: Chat


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said: by the customer, by the shop's machine, or by one of its people.

    `kept_back`: its words stand in no event, because they were private. `pressed`: it was a button.
    """

    who: str  # customer, bot, staff
    at: datetime
    text: str
    segments: Sequence[Segment] = ()
    state: str = ""
    name: str = ""
    kept_back: bool = False
    pressed: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a turn; `details` is what it says besides its kind and place."""

    kind: str
    flow: str | None
    step: str | None
    version: str | None
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """One message a turn sent, and the response it was made from."""

    key: str
    state: str
    response: str | None
    segments: Sequence[Segment]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one moment brought: what was heard, the steps taken, what was said."""

    at: datetime
    inbox_id: int | None
    steps: Sequence[Step]
    messages: Sequence[Sent]


class Among(StrEnum):
    """Which chats: those a person has to answer, those nobody answered in time and nobody has
    looked at since, or all."""

    ALL = "all"
    WAITING = "waiting"
    UNANSWERED = "unanswered"


def among(*, waiting: bool, unanswered: bool) -> Among:
    """As the addresses of lists say it."""
    if unanswered:
        return Among.UNANSWERED
    return Among.WAITING if waiting else Among.ALL


_AMONG: Mapping[Among, tuple[ColumnElement[bool], ...]] = {
    Among.ALL: (),
    Among.WAITING: (Conversation.mode == Mode.HUMAN,),
    Among.UNANSWERED: (Conversation.unanswered_at.is_not(None),),
}


def list_chats(
    session: Session, *, merchant_id: str, among: Among, where: Where
) -> Page[Conversation]:
    query = select(Conversation).where(Conversation.merchant_id == merchant_id, *_AMONG[among])
    return newest_first(session, query, at=Conversation.last_at, key=Conversation.id, where=where)


def views(
    session: Session, *, merchant_id: str, conversations: Sequence[Conversation]
) -> list[ChatView]:
    ids = [conversation.id for conversation in conversations]
    rows = session.execute(
        select(Conversation, Person, Chat)
        .join(Person, Person.id == Conversation.person_id)
        .join(Chat, Chat.id == Conversation.chat_id)
        .where(Conversation.merchant_id == merchant_id, Conversation.id.in_(ids))
    )
    found = {row[0].id: ChatView(*row) for row in rows}
    return [found[each] for each in ids if each in found]


def find_chat(session: Session, *, merchant_id: str, conversation_id: str) -> ChatView:
    conversation = session.get(Conversation, conversation_id)
    if conversation is None or conversation.merchant_id != merchant_id:
        raise NotFound("conversation")
    (view,) = views(session, merchant_id=merchant_id, conversations=[conversation])
    return view


def count_chats(session: Session, *, merchant_id: str, among: Among) -> int:
    count = session.scalar(
        select(func.count())
        .select_from(Conversation)
        .where(Conversation.merchant_id == merchant_id, *_AMONG[among])
    )
    return count or 0


def transcript(session: Session, view: ChatView) -> list[Line]:
    """The newest lines of both sides, in the order they were said.

    In a group only what concerns this person: other members have conversations of their own.
    """
    heard = session.scalars(
        select(ConversationEvent)
        .where(
            ConversationEvent.conversation_id == view.conversation.id,
            ConversationEvent.kind.in_((USER_SAID, STAFF_SAID)),
        )
        .order_by(ConversationEvent.id.desc())
        .limit(_MOST_LINES)
    ).all()
    said = session.scalars(
        select(OutboxRow)
        .where(OutboxRow.conversation_id == view.conversation.id)
        .order_by(OutboxRow.id.desc())
        .limit(_MOST_LINES)
    )
    veil = veil_for(session, view.person)
    names = {str(event.body.get("key")): str(event.body.get("by", "")) for event in heard}
    # Within one moment the question comes before its answer: rank 0 before 1, then the row's id.
    lines = [
        ((event.at, 0, event.id), _heard(event, veil)) for event in heard if event.kind == USER_SAID
    ]
    lines += [((row.created_at, 1, row.id), _said(row, veil, names)) for row in said]
    return [line for _order, line in sorted(lines, key=lambda pair: pair[0])][-_MOST_LINES:]


def turns_of(session: Session, view: ChatView) -> list[Turn]:
    """Everything that happened here, moment by moment, the newest first."""
    events = session.scalars(
        select(ConversationEvent)
        .where(ConversationEvent.conversation_id == view.conversation.id)
        .order_by(ConversationEvent.id.desc())
        .limit(_MOST_EVENTS)
    ).all()
    messages = session.scalars(
        select(OutboxRow)
        .where(OutboxRow.conversation_id == view.conversation.id)
        .order_by(OutboxRow.id.desc())
        .limit(_MOST_EVENTS)
    ).all()
    veil = veil_for(session, view.person)
    turns: dict[_Moment, tuple[list[Step], list[Sent]]] = defaultdict(lambda: ([], []))
    for event in reversed(events):
        turns[event.at, event.inbox_id][0].append(_step(event, veil))
    for row in reversed(messages):
        turns[row.created_at, row.inbox_id][1].append(_sent(row, veil))
    newest = sorted(turns, key=lambda moment: (moment[0], moment[1] or 0), reverse=True)
    return [Turn(*moment, *turns[moment]) for moment in newest]


def events_after(
    session: Session, *, merchant_id: str, after: int, limit: int
) -> Sequence[ConversationEvent]:
    """What happened in all chats of a shop, from a cursor on."""
    return session.scalars(
        select(ConversationEvent)
        .where(ConversationEvent.merchant_id == merchant_id, ConversationEvent.id > after)
        .order_by(ConversationEvent.id)
        .limit(limit)
    ).all()


def _step(event: ConversationEvent, veil: Veil) -> Step:
    body = {**event.body, **event.body.get("data", {})}
    details = {name: value for name, value in body.items() if name not in _TOLD}
    return Step(event.kind, event.flow, event.step, event.version, veil.over(details))


def _sent(row: OutboxRow, veil: Veil) -> Sent:
    return Sent(row.key, row.state, row.response, veil.segments(row.segments))


def _heard(event: ConversationEvent, veil: Veil) -> Line:
    body: dict[str, Any] = veil.over(event.body)
    return Line(
        "customer",
        event.at,
        str(body.get("text", "")),
        kept_back=bool(body.get("private")),
        pressed=bool(body.get("pressed")),
    )


def _said(row: OutboxRow, veil: Veil, names: Mapping[str, str]) -> Line:
    """By the bot, or by the colleague whose event has this message's key."""
    who = "staff" if row.key.startswith(f"{STAFF_SAID}:") else "bot"
    name = names.get(row.key.rpartition(":")[0], "")
    return Line(who, row.created_at, "", veil.segments(row.segments), row.state, name)
