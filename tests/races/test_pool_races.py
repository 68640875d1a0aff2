"""The last missing amount and twenty givers in the same moment, on SQLite and PostgreSQL.

The control does the same the naive way (read, then write) and must go wrong: else the processes
did not meet, and the race proves nothing.
"""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from sqlalchemy import text

from data.kernel.database import Database
from data.pools import ContributionState, PoolState
from data.pools.terms import HOLDS_PER_PERSON, OPEN_PER_PERSON
from tests.data.pools.shop import TARGET, PoolShop
from tests.races import acts
from tests.races.together import all_at_once

GIVERS = 20


@pytest.fixture
def shops(each_database: Database) -> Iterator[Callable[[], PoolShop]]:
    """A shop in the database of this test."""
    opened: list[PoolShop] = []

    def found() -> PoolShop:
        opened.append(PoolShop(each_database))
        return opened[-1]

    yield found
    for shop in opened:
        shop.close()


@pytest.mark.parametrize(("shares", "amount"), [(3, None), (None, 3000)])
def test_twenty_givers_at_once_never_promise_more_than_is_missing(
    shops: Callable[[], PoolShop], shares: int | None, amount: int | None
) -> None:
    shop = shops()
    pool = shop.opens_pool("Lan", shares=shares)
    shop.gives(pool, "Lan", amount=amount)
    people = [shop.person(f"giver {number}") for number in range(GIVERS)]

    giving = [
        partial(acts.give, pool=pool, person=one, amount=amount, now=shop.now) for one in people
    ]
    free = 2 if amount is None else (TARGET - amount) // amount
    said = all_at_once(shop.database, giving)
    assert said == ["error_refused"] * (GIVERS - free) + ["ok"] * free
    assert shop.pool(pool).missing.minor == (0 if amount is None else TARGET - amount * (free + 1))
    assert shop.violations() == []


def test_one_person_tapping_ten_times_at_once_has_one_share(shops: Callable[[], PoolShop]) -> None:
    shop = shops()
    pool = shop.opens_pool("Lan", shares=5)
    mallory = shop.person("Mallory")
    tap = partial(acts.give, pool=pool, person=mallory, amount=None, now=shop.now)
    said = all_at_once(shop.database, [tap] * 10)
    assert "ok" in said
    assert shop.contribution_states(pool) == [ContributionState.HELD]


def test_nobody_begins_a_fourth_by_beginning_them_all_at_once(
    shops: Callable[[], PoolShop],
) -> None:
    """Each holds goods that nobody has paid for."""
    shop = shops()
    begin = partial(
        acts.begin_pool,
        shop=shop.merchant_id,
        person=shop.person("Mallory"),
        variant=shop.variant_id(),
        now=shop.now,
    )
    said = all_at_once(shop.database, [begin] * 6)
    assert said.count("ok") == OPEN_PER_PERSON


def test_nobody_holds_a_fourth_share_by_asking_for_them_all_at_once(
    shops: Callable[[], PoolShop],
) -> None:
    shop = shops()
    pools = [shop.opens_pool(f"organiser {number}") for number in range(6)]
    mallory = shop.person("Mallory")
    giving = [
        partial(acts.give, pool=pool, person=mallory, amount=None, now=shop.now) for pool in pools
    ]
    assert all_at_once(shop.database, giving).count("ok") == HOLDS_PER_PERSON


def test_all_who_pay_at_once_order_the_present_exactly_once(shops: Callable[[], PoolShop]) -> None:
    shop = shops()
    pool = shop.opens_pool("Lan", shares=8)
    shop.says_where(pool, "Lan")
    names = [f"giver {number}" for number in range(8)]
    for name in names:
        shop.promises(pool, name)
    attempts = [shop.goes_paying(pool, name) for name in names]
    paying = [partial(acts.pay, attempt_id=attempt, now=shop.now) for attempt in attempts]
    assert all_at_once(shop.database, paying) == ["ok"] * 8
    assert shop.pool_state(pool) == PoolState.FUNDED
    shop.work()
    assert shop.pool_state(pool) == PoolState.ORDERED
    assert shop.violations() == []


def test_control_reading_first_and_writing_then_takes_too_much(
    shops: Callable[[], PoolShop],
) -> None:
    shop = shops()
    with shop.database.transaction() as session:
        session.execute(text("CREATE TABLE naive (held INTEGER)"))
        session.execute(text("INSERT INTO naive VALUES (0)"))
    giving = partial(acts.naive_give, target=TARGET, amount=3000)
    all_at_once(shop.database, [giving] * GIVERS)
    with shop.database.reading() as session:
        assert session.scalar(text("SELECT held FROM naive")) > TARGET
