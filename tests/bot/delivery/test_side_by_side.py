"""Who looks back at payments waits for no provider in vain, as the cashier does not."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta

import pytest

from bot.provider_report import compare
from data.payments import AttemptState, PaymentAttempt, PaymentLook, apply_truth
from data.payments.gateway import (
    PaymentRef,
    PaymentStatus,
    ProviderPayment,
    ProviderUnreachable,
    Standing,
)
from integrations.payments import SandboxGateway
from tests.bot.delivery.test_cashier import FIRST, SECOND, opens_as, two_begun
from tests.bot.open_demo import Demo, open_page
from tests.bot.pages.shop_account import KEY

_LONG_SINCE_LOST = 60  # seconds; only who waits in vain comes to this


class Bank(SandboxGateway):
    """SIMULATED: asked of a payment it says nothing, but for what happens first."""

    def __init__(self, demo: Demo, before: Callable[[], Awaitable[object]]) -> None:
        super().__init__(demo.tuanzi.database, demo.tuanzi.clock, secret=KEY)
        self._before = before

    async def query(self, payment: PaymentRef) -> ProviderPayment | None:
        await self._before()
        raise ProviderUnreachable("silent")

    async def look_back(self, payment: PaymentRef, named: Sequence[str]) -> Standing | None:
        await self._before()
        return None


@pytest.fixture
def demo() -> Iterator[Demo]:
    with open_page() as opened:
        yield opened


@pytest.fixture
def paid(demo: Demo) -> tuple[str, str]:
    """Of two accounts; each is silent until the other one was asked, too."""
    attempts = two_begun(demo)
    both = asyncio.Barrier(2)
    for place in (FIRST, SECOND):
        opens_as(demo, place, lambda *_: Bank(demo, both.wait))
    asyncio.run(demo.tuanzi.cashier.drain())
    with demo.tuanzi.database.transaction() as session:
        now = demo.tuanzi.clock.now()
        for attempt_id in attempts:
            attempt = session.get_one(PaymentAttempt, attempt_id)
            key, amount = attempt.idempotency_key, attempt.amount
            truth = ProviderPayment(PaymentStatus.CAPTURED, amount, attempt.provider_ref, key)
            assert apply_truth(session, attempt_id=attempt_id, truth=truth, now=now)
            assert attempt.state == AttemptState.CAPTURED
    return attempts


def test_a_silent_provider_keeps_no_other_from_being_looked_at(
    demo: Demo, paid: tuple[str, str]
) -> None:
    demo.tuanzi.clock.advance(timedelta(hours=1))

    async def a_round() -> int:
        async with asyncio.timeout(_LONG_SINCE_LOST):
            return await demo.tuanzi.bookkeeper.drain()

    assert asyncio.run(a_round()) == len(paid)
    with demo.tuanzi.database.reading() as session:
        assert {session.get_one(PaymentLook, one).looks for one in paid} == {1}


def test_a_silent_provider_keeps_no_other_out_of_the_days_report(
    demo: Demo, paid: tuple[str, str]
) -> None:
    since = demo.tuanzi.clock.now() - timedelta(days=1)

    async def a_report() -> list[tuple[str, str]]:
        async with asyncio.timeout(_LONG_SINCE_LOST):
            _, found = await compare(demo.tuanzi, since=since)
            return [(one.what, one.subject_id) for one in found]

    assert sorted(asyncio.run(a_report())) == sorted(("no_answer", one) for one in paid)
