"""Somebody waits at a page while a provider is asked for them."""

import asyncio
from contextlib import suppress

from sqlalchemy import BindParameter, bindparam, select

from bot.app import Tuanzi
from data.kernel.prepared import Prepared
from data.payments import AttemptState, PaymentAttempt
from data.payments.calls import Verb

_UNDER_WAY = (AttemptState.CREATED, AttemptState.SUBMITTED)
_QUESTIONS = (Verb.QUERY, Verb.CLOSE)
_THIS: BindParameter[str] = bindparam("this")
_STANDING = Prepared(
    select(PaymentAttempt.state, PaymentAttempt.call).where(PaymentAttempt.id == _THIS)
)
_PATIENCE = 5.0  # seconds; by then a payer would reload


async def ask_provider(tuanzi: Tuanzi, attempt_id: str) -> None:
    """Make the call that is due for this attempt; back when it is answered, or nobody waits any
    longer. The intent is committed before; what the provider answers is recorded after."""
    with tuanzi.bell.listening(PaymentAttempt.__tablename__) as rung:
        await tuanzi.cashier.call_now(attempt_id)
        # The process's own cashier may have been quicker; then its answer is on the way.
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await _until_answered(tuanzi, attempt_id, rung)


async def _until_answered(tuanzi: Tuanzi, attempt_id: str, rung: asyncio.Event) -> None:
    while not await asyncio.to_thread(_is_answered, tuanzi, attempt_id):
        await rung.wait()
        rung.clear()


def _is_answered(tuanzi: Tuanzi, attempt_id: str) -> bool:
    with tuanzi.database.reading() as session:
        ((state, call),) = _STANDING.rows(session, this=attempt_id)
    return state not in _UNDER_WAY and call not in _QUESTIONS
