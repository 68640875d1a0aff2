"""Where WeChat calls us: verify, store, commit, and then answer on the line if there is time.

It waits five seconds, three times in all. Two times it may wait in vain; the third time it hears
`success`, and what there is to say follows by customer service. The turn is taken once.
"""

import asyncio
from contextlib import suppress

from fastapi import APIRouter, Request, Response
from starlette.responses import PlainTextResponse

from bot.app import Tuanzi
from bot.channels.adapter import Unreadable
from bot.channels.wechat_events import read_fields, sender_of
from bot.channels.wechat_parts import Part
from bot.channels.wechat_xml import text_of, write
from bot.delivery.bell import heard
from bot.delivery.in_threads import in_thread
from bot.delivery.wechat_accounts import Line, line_of
from bot.delivery.wechat_answers import Answer, Answers
from bot.delivery.wechat_inbox import Call, Kept, check_first, echo, keep, opened
from bot.web.rates import Rate
from data.delivery.inbound import EventKind
from data.delivery.models import InboxRow, OutboxRow
from data.kernel.errors import Forbidden, Invalid

_CALLS = Rate(100, per=1)  # docs/architecture.md, "limits": 100 a second for an account
_SILENCE = "success"  # WeChat's word for "received, and nothing to say"
_IN_TIME = 0.9  # of its patience: the answer has to get there
_BEYOND = 0.6  # of its patience: by then it has hung up
# The bell is heard on its own machine only; where it rings all the time, not each one looks.
_LOOK_SECONDS, _PAUSE_SECONDS = 0.25, 0.02
_ANSWERED = frozenset({EventKind.MESSAGE, EventKind.MEDIA})
_BAD_REQUEST, _LATE = 400, 503

router = APIRouter(prefix="/webhooks/wechat", include_in_schema=False)


@router.get("/{app_id}")
async def verify(app_id: str, request: Request) -> Response:
    """WeChat asks once, when the address is entered there."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    line = await in_thread(tuanzi, _line, tuanzi, app_id)
    return PlainTextResponse(echo(line, request.query_params, tuanzi.clock.now()))


@router.post("/{app_id}")
async def receive(app_id: str, request: Request) -> Response:
    tuanzi: Tuanzi = request.app.state.tuanzi
    line = await in_thread(tuanzi, _line, tuanzi, app_id)
    check_first(line, request.query_params, tuanzi.clock.now())
    body = await request.body()
    try:
        call = opened(line, request.query_params, body)
    except Invalid:
        return Response(status_code=_BAD_REQUEST)
    _CALLS.take(line.account.id, now=tuanzi.clock.now())  # a forger uses up nobody's calls
    waits = _is_answered(call)
    kept = await in_thread(tuanzi, _keep, tuanzi, line, call, waits)
    if not waits or not kept.number:
        return PlainTextResponse(_SILENCE)
    return await _answer(request, line, call, kept)


async def _answer(request: Request, line: Line, call: Call, kept: Kept) -> Response:
    tuanzi: Tuanzi = request.app.state.tuanzi
    who = sender_of(call.fields) or ""
    answers = Answers(tuanzi.database, tuanzi.clock, kept.inbox_id, who, line.speaks_first)
    found = await _within(tuanzi, answers, line.rules.reply_seconds * _IN_TIME)
    if found is not None:
        text = _SILENCE if found.part is None else _reply(line, call, found.part, tuanzi)
        return PlainTextResponse(text, media_type="text/xml" if found.part else "text/plain")
    if kept.number < line.rules.calls:
        return await _let_it_wait(request, line)
    await asyncio.to_thread(answers.hang_up)
    return PlainTextResponse(_SILENCE)


async def _within(tuanzi: Tuanzi, answers: Answers, seconds: float) -> Answer | None:
    """The answer, as soon as the turn is committed; None: not in this time."""
    until = asyncio.get_running_loop().time() + seconds
    with tuanzi.bell.listening(InboxRow.__tablename__, OutboxRow.__tablename__) as rung:
        while True:
            found = await asyncio.to_thread(answers.find)
            left = until - asyncio.get_running_loop().time()
            if found is not None or left <= 0:
                return found
            await heard(rung, min(left, _LOOK_SECONDS))
            await asyncio.sleep(_PAUSE_SECONDS)
            rung.clear()


async def _let_it_wait(request: Request, line: Line) -> Response:
    """Any word of ours would be its answer: it is to hang up by itself, and to call again."""
    with suppress(TimeoutError):
        async with asyncio.timeout(line.rules.reply_seconds * _BEYOND):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    return Response(status_code=_LATE)


def _reply(line: Line, call: Call, part: Part, tuanzi: Tuanzi) -> str:
    now = int(tuanzi.clock.now().timestamp())
    xml = write(
        {
            "ToUserName": text_of(call.fields, "FromUserName"),
            "FromUserName": text_of(call.fields, "ToUserName"),
            "CreateTime": now,
            **part.in_reply(),
        }
    )
    return xml if line.rules.plain and not call.sealed else line.keys.envelope(xml, timestamp=now)


def _is_answered(call: Call) -> bool:
    """Whether somebody waits for words: what is only to be known is `success` at once."""
    try:
        event = read_fields(call.fields)
    except Unreadable:
        return False
    return event is not None and event.kind in _ANSWERED


def _line(tuanzi: Tuanzi, app_id: str) -> Line:
    """Of an unknown account like of a wrong signature: 403."""
    with tuanzi.database.reading() as session:
        line = line_of(session, app_id)
    if line is None:
        raise Forbidden("webhook")
    return line


def _keep(tuanzi: Tuanzi, line: Line, call: Call, waits: bool) -> Kept:
    with tuanzi.database.transaction() as session:
        return keep(session, line, call, answered=waits, now=tuanzi.clock.now())
