"""A payer who waits at the pay page has the provider asked now, not when its next turn comes."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from bot.app import Tuanzi
from bot.pages.at_provider import ask_provider
from bot.pages.pay import SEE_OTHER, is_foreign, look, missed
from bot.web.rates import Rate
from data.kernel.errors import Forbidden, NotFound, PaymentLinkExpired
from data.payments import find_payable
from data.payments.attempts import attempts_of
from data.payments.checking import ask_now
from data.payments.links import PayState

_ASKED = Rate(1, per=10)  # as often as we would ask at first: nobody hammers a provider through us

router = APIRouter(prefix="/pay", include_in_schema=False)


@router.post("/{token}/look")
async def look_again(token: str, request: Request) -> RedirectResponse:
    """Then the page says how it stands."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    look(tuanzi, request)
    if is_foreign(request):
        raise Forbidden("pay")
    try:
        attempt_id = await asyncio.to_thread(_ask, tuanzi, token)
    except NotFound:
        missed(tuanzi, request)
        raise
    except PaymentLinkExpired:  # the page says so
        attempt_id = None
    if attempt_id is not None:
        await ask_provider(tuanzi, attempt_id)
    return RedirectResponse(f"/pay/{token}", SEE_OTHER)


def _ask(tuanzi: Tuanzi, token: str) -> str | None:
    """The attempt that is asked about now; None: nobody is to be asked, or it was a moment ago."""
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        payable = find_payable(session, token=token, now=now)
        if payable.state is not PayState.CHECKING:
            return None
        *_, last = attempts_of(session, payable.order.id)
        if not _ASKED.admits(last.id, now=now):
            return None
        return last.id if ask_now(session, last, now=now) else None
