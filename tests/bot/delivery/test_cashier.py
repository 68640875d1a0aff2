"""The cashier's round: what one provider, or one mistake, holds up, and what goes on beside it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.api.reads.payment_trouble import trouble_of
from data.delivery import jobs
from data.payments import JOBS, AttemptState, PaymentAttempt, Way, begin_attempt, order_behind
from data.payments.gateway import NewPayment, PayBy, ProviderPayment
from integrations.payments import SandboxGateway
from integrations.payments.kinds import Connected
from tests.bot.open_demo import Demo, open_page
from tests.bot.pages.shop_account import KEY, Place, connect

FIRST, SECOND = Place("stripe", PayBy.LINK), Place("paypal", PayBy.LINK)
_LONG_SINCE_LOST = 60  # seconds; only a cashier that waits in vain comes to this


class Bank(SandboxGateway):
    """SIMULATED: before it answers, something else happens."""

    def __init__(self, demo: Demo, before: Callable[[], Awaitable[object]]) -> None:
        super().__init__(demo.tuanzi.database, demo.tuanzi.clock, secret=KEY)
        self._before = before

    async def create_payment(self, wanted: NewPayment) -> ProviderPayment:
        await self._before()
        return await super().create_payment(wanted)


@pytest.fixture
def demo() -> Iterator[Demo]:
    with open_page() as opened:
        yield opened


def begin(demo: Demo, account: str, place: Place) -> str:
    """An order whose provider is to be called, after those that were begun before."""
    demo.tuanzi.clock.advance(timedelta(seconds=1))
    token, now = demo.a_bill(), demo.tuanzi.clock.now()
    with demo.tuanzi.database.transaction() as session:
        order_id = order_behind(session, token=token, now=now)
        way = Way(place.name, account)
        return begin_attempt(session, order_id=order_id, way=way, now=now).id


def opens_as(demo: Demo, place: Place, opened: Callable[..., Connected]) -> None:
    gateways = demo.tuanzi.gateways
    changed = replace(gateways.kinds[place.name], open=opened)
    gateways.kinds = {**gateways.kinds, place.name: changed}


def states(demo: Demo, *attempts: str) -> list[str]:
    with demo.tuanzi.database.reading() as session:
        return [session.get_one(PaymentAttempt, one).state for one in attempts]


async def a_round(demo: Demo) -> None:
    async with asyncio.timeout(_LONG_SINCE_LOST):
        await demo.tuanzi.cashier.drain()


def two_begun(demo: Demo) -> tuple[str, str]:
    """Of two accounts, the first one's call due first."""
    demo.a_bill()
    first, second = connect(demo, FIRST, SECOND)
    return begin(demo, first, FIRST), begin(demo, second, SECOND)


def test_a_provider_that_is_silent_holds_up_no_other(demo: Demo) -> None:
    attempts = two_begun(demo)
    asked = asyncio.Event()

    async def is_asked() -> None:
        asked.set()

    opens_as(demo, FIRST, lambda *_: Bank(demo, asked.wait))
    opens_as(demo, SECOND, lambda *_: Bank(demo, is_asked))
    asyncio.run(a_round(demo))
    assert states(demo, *attempts) == [AttemptState.PENDING] * 2


def test_a_call_that_breaks_keeps_no_other_from_being_made(demo: Demo) -> None:
    """An error of ours, not the provider's: there nothing was raised."""
    broken, other = two_begun(demo)

    def breaks(*_: object) -> Connected:
        raise ZeroDivisionError

    opens_as(demo, FIRST, breaks)
    same = begin(demo, account_of(demo, broken), FIRST)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(a_round(demo))
    assert states(demo, broken, same, other) == ["submitted", "submitted", "pending"]


def breaks_for_ever(demo: Demo) -> str:
    """Gives the attempt, after all that is done about it in a day."""
    attempt, _ = two_begun(demo)
    opens_as(demo, FIRST, lambda *_: Bank(demo, _breaks))
    for _ in range(12):
        asyncio.run(demo.tuanzi.worker.drain())
        with suppress(ZeroDivisionError):
            asyncio.run(a_round(demo))
        demo.tuanzi.clock.advance(timedelta(minutes=2))
    return attempt


async def _breaks() -> None:
    raise ZeroDivisionError


async def _works() -> None:
    return None


def shop(demo: Demo) -> str:
    with demo.tuanzi.database.reading() as session:
        return session.scalars(select(PaymentAttempt.merchant_id).distinct()).one()


def trouble(demo: Demo) -> list[tuple[str, str, int]]:
    with demo.tuanzi.database.reading() as session:
        found = trouble_of(session, merchant_id=shop(demo))
        return [(dead.job.kind, dead.job.error, dead.job.id) for dead in found.jobs if dead.order]


def test_a_call_that_always_breaks_is_given_up_and_somebody_is_told(demo: Demo) -> None:
    attempt = breaks_for_ever(demo)
    ((kind, error, _),) = trouble(demo)
    assert (kind, error) == ("payment_call", "ZeroDivisionError")
    with demo.tuanzi.database.reading() as session:
        kept = session.get_one(PaymentAttempt, attempt)
        assert (kept.calls, kept.call) == (jobs.MAX_ATTEMPTS, None)


def test_what_was_given_up_is_made_when_somebody_starts_it_anew(demo: Demo) -> None:
    attempt = breaks_for_ever(demo)
    ((_, _, job),) = trouble(demo)
    demo.tuanzi.gateways._made.clear()  # a program that was mended begins anew
    opens_as(demo, FIRST, lambda *_: Bank(demo, _works))
    with demo.tuanzi.database.transaction() as session:
        now = demo.tuanzi.clock.now()
        jobs.run_again(session, merchant_id=shop(demo), job_id=job, kinds=JOBS.keys(), now=now)
    asyncio.run(demo.tuanzi.worker.drain())
    asyncio.run(a_round(demo))
    assert states(demo, attempt) == [AttemptState.PENDING]
    assert trouble(demo) == []


def test_who_waits_at_the_pay_page_is_spared_what_breaks_here(demo: Demo) -> None:
    attempt, _ = two_begun(demo)
    opens_as(demo, FIRST, lambda *_: Bank(demo, _breaks))
    asyncio.run(demo.tuanzi.cashier.call_now(attempt))
    assert states(demo, attempt) == [AttemptState.SUBMITTED]


def test_a_call_whose_turn_was_over_before_it_came_is_left_to_the_next_round(demo: Demo) -> None:
    """By then another process may be making it."""
    slow, _ = two_begun(demo)
    late = begin(demo, account_of(demo, slow), FIRST)

    async def takes_long() -> None:
        demo.tuanzi.clock.advance(timedelta(seconds=60))

    opens_as(demo, FIRST, lambda *_: Bank(demo, takes_long))
    asyncio.run(a_round(demo))
    assert states(demo, slow, late) == [AttemptState.PENDING, AttemptState.SUBMITTED]
    asyncio.run(a_round(demo))
    assert states(demo, slow, late) == [AttemptState.PENDING, AttemptState.PENDING]


def account_of(demo: Demo, attempt: str) -> str:
    with demo.tuanzi.database.reading() as session:
        mine = select(PaymentAttempt.account_id).where(PaymentAttempt.id == attempt)
        return str(session.scalar(mine))
