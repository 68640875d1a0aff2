"""Where WeCom calls us: verify, commit, and `success` at once. What customers say is not in the
call; bot/delivery/wecom_listening fetches it.

    403   signature, stamp, nonce or seal is wrong, or the company is nobody's: nothing is stored
    400   signed, and no document: nothing is stored either
"""

from fastapi import APIRouter, Request, Response
from starlette.responses import PlainTextResponse

from bot.app import Tuanzi
from bot.delivery.in_threads import in_thread
from bot.delivery.wechat_accounts import Line
from bot.delivery.wechat_inbox import Call, check_first, echo, opened
from bot.delivery.wecom_accounts import company_line
from bot.delivery.wecom_calls import keep_call
from bot.web.rates import Rate
from data.kernel.errors import Forbidden, Invalid

_CALLS = Rate(100, per=1)  # docs/architecture.md, "limits": 100 a second for an account
_RECEIVED = "success"
_BAD_REQUEST = 400

router = APIRouter(prefix="/webhooks/wecom", include_in_schema=False)


@router.get("/{corp_id}")
async def verify(corp_id: str, request: Request) -> Response:
    """WeCom asks once, when the address is entered there."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    line = await in_thread(tuanzi, _line, tuanzi, corp_id)
    return PlainTextResponse(echo(line, request.query_params, tuanzi.clock.now()))


@router.post("/{corp_id}")
async def receive(corp_id: str, request: Request) -> Response:
    tuanzi: Tuanzi = request.app.state.tuanzi
    line = await in_thread(tuanzi, _line, tuanzi, corp_id)
    check_first(line, request.query_params, tuanzi.clock.now())
    body = await request.body()
    try:
        call = opened(line, request.query_params, body)
    except Invalid:
        return Response(status_code=_BAD_REQUEST)
    _CALLS.take(line.account.id, now=tuanzi.clock.now())  # a forger uses up nobody's calls
    await in_thread(tuanzi, _keep, tuanzi, line, call)
    return PlainTextResponse(_RECEIVED)


def _line(tuanzi: Tuanzi, corp_id: str) -> Line:
    """Of an unknown company like of a wrong signature: 403."""
    with tuanzi.database.reading() as session:
        line = company_line(session, corp_id)
    if line is None:
        raise Forbidden("webhook")
    return line


def _keep(tuanzi: Tuanzi, line: Line, call: Call) -> None:
    with tuanzi.database.transaction() as session:
        keep_call(session, line, call, tuanzi.clock.now())
