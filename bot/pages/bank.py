"""The pay page's way to the SIMULATED bank: what a payer would do there, decided by a button."""

import asyncio

from bot.app import Tuanzi
from bot.pages.at_provider import ask_provider
from bot.pages.ways import reserves
from data.payments import Way, begin_attempt, order_behind
from data.payments.sandbox_bank import SANDBOX, plan
from data.payments.sandbox_models import Outcome


async def visit_bank(tuanzi: Tuanzi, *, token: str, outcome: Outcome) -> None:
    """Begin a payment of this link's order and let the bank do as told."""
    subject_id = await asyncio.to_thread(_begin, tuanzi, token, outcome)
    await ask_provider(tuanzi, subject_id)


def _begin(tuanzi: Tuanzi, token: str, outcome: Outcome) -> str:
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        order_id = order_behind(session, token=token, now=now)
        authorize = reserves(session, order_id, tuanzi.gateways.house[SANDBOX].flags, now)
        attempt = begin_attempt(
            session, order_id=order_id, way=Way(SANDBOX), now=now, authorize=authorize
        )
        plan(session, key=attempt.idempotency_key, outcome=outcome)
        return attempt.id
