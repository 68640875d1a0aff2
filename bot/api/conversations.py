"""/api/v1/conversations and /api/v1/events: read chats, take them over, answer, hand them back."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from bot.api import talking
from bot.api.access import Client, Known
from bot.api.paging import DEFAULT_LIMIT, After, Limit, Page, Where
from bot.api.reads import chats as reads
from bot.api.shapes import Listed, listed, numbered
from bot.web.scope import looking
from bot.web.shop import OpenShop, Shop
from data.conversations import ConversationEvent
from data.delivery.messages import segment_to_json

router = APIRouter(tags=["conversations"])


class ConversationOut(BaseModel):
    """`mode` is `human` while a person of the shop has it; then the bot is silent.

    `unanswered_at`: the bot took it back then, for no person had answered, and none has looked
    since.
    """

    id: str
    customer_id: str
    customer_name: str
    chat_id: str
    chat_kind: str
    chat_title: str
    mode: str
    unanswered_at: datetime | None
    last_at: datetime

    @classmethod
    def of(cls, view: reads.ChatView) -> "ConversationOut":
        return cls(
            id=view.conversation.id,
            customer_id=view.person.id,
            customer_name=view.person.name,
            chat_id=view.chat.id,
            chat_kind=view.chat.kind,
            chat_title=view.chat.title,
            mode=view.conversation.mode,
            unanswered_at=view.conversation.unanswered_at,
            last_at=view.conversation.last_at,
        )


class LineOut(BaseModel):
    """`who`: customer, bot, or staff. `kept_back`: private words, which are not told."""

    who: str
    at: datetime
    text: str
    name: str
    kept_back: bool
    segments: list[dict[str, Any]]

    @classmethod
    def of(cls, line: reads.Line) -> "LineOut":
        return cls(
            who=line.who,
            at=line.at,
            text=line.text,
            name=line.name,
            kept_back=line.kept_back,
            segments=[segment_to_json(segment) for segment in line.segments],
        )


class ConversationDetail(ConversationOut):
    lines: list[LineOut] = Field(default_factory=list)


class Answer(BaseModel):
    text: str = Field(min_length=1, max_length=talking.LONGEST_ANSWER)


class EventOut(BaseModel):
    id: int
    conversation_id: str
    kind: str
    flow: str | None
    step: str | None
    version: str | None
    at: datetime
    body: dict[str, Any]

    @classmethod
    def of(cls, event: ConversationEvent) -> "EventOut":
        return cls(
            id=event.id,
            conversation_id=event.conversation_id,
            kind=event.kind,
            flow=event.flow,
            step=event.step,
            version=event.version,
            at=event.at,
            body=event.body,
        )


@router.get("/conversations")
def list_conversations(
    client: Known,
    shop: Shop,
    waiting: Annotated[bool, Query()] = False,
    unanswered: Annotated[bool, Query()] = False,
    after: After = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Listed[ConversationOut]:
    """The newest first; `waiting=true`: only those that wait for a person; `unanswered=true`: only
    those that waited in vain, until somebody opens or takes them."""
    with looking(shop.database, client.merchant_id) as session:
        page = reads.list_chats(
            session,
            merchant_id=client.merchant_id,
            among=reads.among(waiting=waiting, unanswered=unanswered),
            where=Where(after, limit),
        )
        views = reads.views(session, merchant_id=client.merchant_id, conversations=page.items)
        return listed(Page(views, page.next), ConversationOut.of)


@router.get("/conversations/{conversation_id}")
def get_conversation(conversation_id: str, client: Known, shop: Shop) -> ConversationDetail:
    with looking(shop.database, client.merchant_id) as session:
        view = _view(session, client, conversation_id)
        lines = [LineOut.of(line) for line in reads.transcript(session, view)]
        return ConversationDetail(**ConversationOut.of(view).model_dump(), lines=lines)


@router.post("/conversations/{conversation_id}/hand-over")
def hand_over(conversation_id: str, client: Known, shop: Shop) -> ConversationOut:
    """A person of the shop takes it: the bot is silent."""

    def act(session: Session, view: reads.ChatView, by: talking.Speaker) -> None:
        talking.take_over(session, shop.house, view=view, by=by)

    return _act(shop, client, conversation_id, act)


@router.post("/conversations/{conversation_id}/answer")
def answer(conversation_id: str, body: Answer, client: Known, shop: Shop) -> ConversationOut:
    """Say something as a person of the shop; this also takes the conversation over."""

    def act(session: Session, view: reads.ChatView, by: talking.Speaker) -> None:
        talking.answer(session, shop.house, view=view, text=body.text, by=by)

    return _act(shop, client, conversation_id, act)


@router.post("/conversations/{conversation_id}/hand-back")
def hand_back(conversation_id: str, client: Known, shop: Shop) -> ConversationOut:
    """The bot goes on where it stopped."""

    def act(session: Session, view: reads.ChatView, by: talking.Speaker) -> None:
        talking.hand_back(session, shop.house, view=view, by=by)

    return _act(shop, client, conversation_id, act)


@router.get("/events", tags=["events"])
def list_events(
    client: Known,
    shop: Shop,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Limit = DEFAULT_LIMIT,
) -> Listed[EventOut]:
    """What happened in the shop's chats, in order; keep the last `id` as the next `after`."""
    with looking(shop.database, client.merchant_id) as session:
        rows = reads.events_after(session, merchant_id=client.merchant_id, after=after, limit=limit)
        return numbered(rows, EventOut.of, limit=limit, last=lambda event: event.id)


def _view(session: Session, client: Client, conversation_id: str) -> reads.ChatView:
    return reads.find_chat(session, merchant_id=client.merchant_id, conversation_id=conversation_id)


def _act(
    shop: OpenShop,
    client: Client,
    conversation_id: str,
    act: Callable[[Session, reads.ChatView, talking.Speaker], None],
) -> ConversationOut:
    by = talking.Speaker(client.name, client.now)
    return talking.first_come(
        shop.database,
        client.merchant_id,
        lambda session: _acted(session, client, conversation_id, act, by),
    )


def _acted(
    session: Session,
    client: Client,
    conversation_id: str,
    act: Callable[[Session, reads.ChatView, talking.Speaker], None],
    by: talking.Speaker,
) -> ConversationOut:
    act(session, _view(session, client, conversation_id), by)
    session.expire_all()
    return ConversationOut.of(_view(session, client, conversation_id))
