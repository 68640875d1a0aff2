"""Contract 1: the REST channel. A server's backend speaks here for its people."""

from collections import Counter
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.api.auth import CHANNEL, any_account, caller
from bot.app import Tuanzi
from bot.channels.rest import RestMessage, parse, render
from bot.delivery.advising import in_turn_thread
from bot.delivery.turns import Received
from data.delivery import outbox
from data.delivery.messages import segment_from_json
from data.kernel.errors import NotFound, TooOften, Unauthorised
from data.merchants import ChannelAccount
from data.people import Chat
from dialogs.understanding.model import Advice

BACKLOG = 200  # messages of one sender under way; past that 429 (docs/architecture.md, T03)

router = APIRouter(prefix="/webhooks/rest", tags=["rest channel"])
_under_way: Counter[str] = Counter()
Authorization = Annotated[str | None, Header()]


@router.post("/webhook", response_model=list[dict[str, Any]])
async def say(
    body: RestMessage, request: Request, authorization: Authorization = None
) -> JSONResponse:  # made by us a moment ago: nobody need look through it again
    """One message of one person; the answer is what this turn said, in order."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    if _under_way[body.sender] >= max(1, BACKLOG // tuanzi.settings.processes):
        raise TooOften("sender")
    _under_way[body.sender] += 1
    try:
        take = partial(_answer, tuanzi, body, authorization)
        said = await in_turn_thread(tuanzi.threads, tuanzi.turns.adviser, take)
        return JSONResponse(said)
    finally:
        _under_way[body.sender] -= 1
        if not _under_way[body.sender]:
            del _under_way[body.sender]


def _answer(
    tuanzi: Tuanzi, body: RestMessage, authorization: str | None, advice: Advice | None
) -> list[dict[str, Any]]:
    payload = body.model_dump(mode="json", exclude_defaults=True)
    with tuanzi.database.reading() as session:
        account = _account(tuanzi, session, authorization)
        received = Received(account, parse(body), payload, advice=advice)
        said = tuanzi.turns.answer_in(session, received)
    return [message for one in said for message in shown(one.segments, one.chat)]


@router.get("/messages")
def messages(
    request: Request,
    recipient: Annotated[str, Query(min_length=1, max_length=128)],
    after: Annotated[int, Query(ge=0)] = 0,
    authorization: Authorization = None,
) -> dict[str, Any]:
    """Everything sent to a chat or person after a cursor, proactive messages included."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    with tuanzi.database.reading() as session:
        account = _account(tuanzi, session, authorization)
        chat_id = session.scalar(
            select(Chat.id).where(Chat.account_id == account.id, Chat.external_id == recipient)
        )
        if chat_id is None:
            raise NotFound("recipient")
        rows = outbox.since(session, chat_ids=[chat_id], after=after)
        return {
            "messages": [each for row in rows for each in shown(row.segments, recipient)],
            "cursor": rows[-1].id if rows else after,
        }


def shown(segments: list[dict[str, Any]], recipient: str) -> list[dict[str, Any]]:
    """One message of the outbox as the wire format has it."""
    return render(map(segment_from_json, segments), recipient=recipient)


def _account(tuanzi: Tuanzi, session: Session, authorization: str | None) -> ChannelAccount:
    """The account of the channel key; only the demo, on loopback, answers without one (T12)."""
    if authorization is None and tuanzi.settings.demo:
        account = any_account(session)
    else:
        account = caller(session, header=authorization, scope=CHANNEL).account
    if account is None:
        raise Unauthorised("channel_key")
    return account
