"""The pay page's way to the SIMULATED bank: what a payer would do there, decided by a button."""

import asyncio
from contextlib import suppress

from bot.app import Tuanzi
from data.payments import AttemptState, PaymentAttempt, Way, begin_attempt, find_payable
from data.payments.sandbox_bank import SANDBOX, plan
from data.payments.sandbox_models import Outcome

_UNDER_WAY = (AttemptState.CREATED, AttemptState.SUBMITTED)
_PATIENCE = 5.0  # seconds; by then a payer would reload


async def visit_bank(tuanzi: Tuanzi, *, token: str, outcome: Outcome) -> None:
    """Begin a payment of this link's order and let the bank do as told. The intent is committed
    before the bank is called; what the bank answers is recorded in a transaction of its own."""
    subject_id = await asyncio.to_thread(_begin, tuanzi, token, outcome)
    with tuanzi.bell.listening(PaymentAttempt.__tablename__) as rung:
        await tuanzi.cashier.call_now(subject_id)
        # The process's own cashier may have been quicker; then its answer is on the way.
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await _until_answered(tuanzi, subject_id, rung)


async def _until_answered(tuanzi: Tuanzi, subject_id: str, rung: asyncio.Event) -> None:
    while not await asyncio.to_thread(_is_answered, tuanzi, subject_id):
        await rung.wait()
        rung.clear()


def _is_answered(tuanzi: Tuanzi, subject_id: str) -> bool:
    with tuanzi.database.reading() as session:
        return session.get_one(PaymentAttempt, subject_id).state not in _UNDER_WAY


def _begin(tuanzi: Tuanzi, token: str, outcome: Outcome) -> str:
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        payable = find_payable(session, token=token, now=now)
        attempt = begin_attempt(session, order_id=payable.order.id, way=Way(SANDBOX), now=now)
        plan(session, key=attempt.idempotency_key, outcome=outcome)
        return attempt.id
