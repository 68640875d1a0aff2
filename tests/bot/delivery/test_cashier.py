"""The cashier's round: what one provider, or one mistake, holds up, and what goes on beside it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from data.payments import AttemptState, PaymentAttempt, Way, begin_attempt, order_behind
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
