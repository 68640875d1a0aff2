"""Where payment providers call us: verify, store, commit, and only then thank them.

What a call claims moves nothing: it makes us ask the provider (data/payments/notices.py). What its
provider did not sign is counted, and changes nothing.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress

from fastapi import APIRouter, Request, Response
from starlette.types import Scope

from bot.app import Tuanzi
from bot.web.rates import Rate
from data.kernel.errors import NotFound
from data.payments.account_models import PaymentAccount
from data.payments.accounts import count_refused
from data.payments.gateway import BadNotice, ProviderEvent, ProviderUnreachable
from data.payments.notices import record_notice
from integrations.payments.kinds import Connected, Thanks

log = logging.getLogger(__name__)
_CALLS = Rate(100, per=1)  # docs/architecture.md, "limits": 100 a second for an account
_FORGED = Rate(10, per=1)  # counted ones: each is a row written
_BAD_REQUEST, _TOO_LONG, _WRONG_TYPE, _LATER = 400, 413, 415, 503

router = APIRouter(prefix="/webhooks/payments", include_in_schema=False)


@router.post("/{account_id}")
async def notified(account_id: str, request: Request) -> Response:
    """One notice of one account's provider."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    account, gateway = await asyncio.to_thread(_whose, tuanzi, account_id)
    kind = tuanzi.gateways.kinds[account.provider]
    if _media_type(request) not in kind.media_types:
        return await _refused(tuanzi, account, _WRONG_TYPE, "media_type")
    raw = await request.body()
    try:
        event = await gateway.verify_webhook(raw, dict(request.headers))
    except BadNotice as bad:
        return await _refused(tuanzi, account, _BAD_REQUEST, str(bad))
    except ProviderUnreachable:
        return Response(status_code=_LATER)  # its certificate, say: it calls again
    _CALLS.take(account.id, now=tuanzi.clock.now())  # a forger uses up nobody's calls
    if event is not None:
        await asyncio.to_thread(_store, tuanzi, account, event)
    return _thank(kind.thanks)


async def note_too_long(scope: Scope) -> None:
    """Of any route: a notice that was cut off on its way here is counted like a forged one."""
    door, _, account_id = scope["path"].rpartition("/")
    if door == router.prefix:
        with suppress(NotFound):
            tuanzi: Tuanzi = scope["app"].state.tuanzi
            account, _gateway = await asyncio.to_thread(_whose, tuanzi, account_id)
            await _refused(tuanzi, account, _TOO_LONG, "too_long")


def _whose(tuanzi: Tuanzi, account_id: str) -> tuple[PaymentAccount, Connected]:
    """Also of an account that takes no new payments: old ones are told of."""
    with tuanzi.database.reading() as session:
        account = session.get(PaymentAccount, account_id)
        gateway = tuanzi.gateways.open(session, account) if account else None
    if account is None or gateway is None:
        raise NotFound("payment_account")
    return account, gateway


def _store(tuanzi: Tuanzi, account: PaymentAccount, event: ProviderEvent) -> None:
    with tuanzi.database.transaction() as session:
        record_notice(
            session,
            provider=account.provider,
            event=event,
            now=tuanzi.clock.now(),
            account=account,
        )


async def _refused(tuanzi: Tuanzi, account: PaymentAccount, status: int, why: str) -> Response:
    """The reason is ours to know: a forger learns nothing from it."""
    log.warning("payment notice to %s refused: %s", account.id, why)
    if _FORGED.admits(account.id, now=tuanzi.clock.now()):
        await asyncio.to_thread(_count, tuanzi, account.id)
    return Response(status_code=status)


def _count(tuanzi: Tuanzi, account_id: str) -> None:
    with tuanzi.database.transaction() as session:
        count_refused(session, account_id=account_id)


def _thank(thanks: Thanks) -> Response:
    return Response(thanks.body, media_type=thanks.media_type)


def _media_type(request: Request) -> str:
    headers: Mapping[str, str] = request.headers
    return headers.get("content-type", "").partition(";")[0].strip().lower()
