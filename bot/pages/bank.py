"""The pay page's way to the SIMULATED bank: what a payer would do there, decided by a button."""

import asyncio

from bot.app import Tuanzi
from data.payments import begin_attempt, find_payable
from data.payments.sandbox_bank import SANDBOX, plan
from data.payments.sandbox_models import Outcome


async def visit_bank(tuanzi: Tuanzi, *, token: str, outcome: Outcome) -> None:
    """Begin a payment of this link's order and let the bank do as told. The intent is committed
    before the bank is called; what the bank answers is recorded in a transaction of its own."""
    subject_id = await asyncio.to_thread(_begin, tuanzi, token, outcome)
    await tuanzi.cashier.call_now(subject_id)


def _begin(tuanzi: Tuanzi, token: str, outcome: Outcome) -> str:
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        payable = find_payable(session, token=token, now=now)
        attempt = begin_attempt(session, order_id=payable.order.id, provider=SANDBOX, now=now)
        plan(session, key=attempt.idempotency_key, outcome=outcome)
        return attempt.id
