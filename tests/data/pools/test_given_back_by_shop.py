"""The shop gives money of a share back by the form for refunds: a share is whole, or it is none."""

import pytest
from sqlalchemy import select

from data.kernel.errors import Refused
from data.kernel.money import Money
from data.orders import Order
from data.payments import PaymentAttempt
from data.payments.by_shop import SHARE, refund_by_shop
from data.pools import Contribution, ContributionState, PoolState
from tests.data.pools.shop import TARGET, PoolShop

USED, REFUNDED = ContributionState.USED, ContributionState.REFUNDED


def _refund(shop: PoolShop, name: str, minor: int | None) -> None:
    paid = (
        select(PaymentAttempt.id)
        .join(Order, Order.id == PaymentAttempt.order_id)
        .join(Contribution, Contribution.order_id == Order.id)
        .where(Contribution.person_id == shop.person(name))
    )
    amount = None if minor is None else Money(minor, "CNY")
    with shop.database.transaction() as session:
        told = {"attempt_id": session.scalars(paid).one(), "amount": amount, "key": "once"}
        refund_by_shop(session, **told, now=shop.now)


def test_a_share_that_was_given_back_pays_for_no_present(each_shop: PoolShop) -> None:
    shop = each_shop
    pool = shop.opens_pool("Lan")
    shop.says_where(pool, "Lan")
    shop.gives(pool, "Wei")
    _refund(shop, "Wei", None)
    shop.work()
    assert shop.pool(pool).raised.minor == 0
    shop.gives(pool, "Ann", "Bo")
    shop.work()
    assert shop.pool_state(pool) == PoolState.OPEN
    shop.gives(pool, "Jun")
    shop.work()
    assert shop.pool_state(pool) == PoolState.ORDERED
    assert shop.books() == {"cash_in_transit:bank": -TARGET, "revenue": TARGET}


def test_when_all_is_there_everybody_gets_theirs(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan")
    shop.gives(pool, "Wei", "Ann", "Bo")
    _refund(shop, "Wei", None)
    shop.work()
    assert shop.pool_state(pool) == PoolState.FAILED
    assert shop.contribution_states(pool) == [REFUNDED] * 3
    assert shop.books() == {}


def test_of_a_share_no_part_is_given_back(shop: PoolShop) -> None:
    """The present would cost what was promised, and less would be there than it costs."""
    pool = shop.opens_pool("Lan")
    shop.says_where(pool, "Lan")
    shop.gives(pool, "Wei")
    with pytest.raises(Refused, match=SHARE):
        _refund(shop, "Wei", 1000)
    shop.gives(pool, "Ann", "Bo")
    shop.work()
    assert shop.books() == {"cash_in_transit:bank": -TARGET, "revenue": TARGET}


@pytest.mark.parametrize("minor", [None, 1000], ids=["all", "part"])
def test_of_a_present_that_is_ordered_no_share_goes_back_alone(
    shop: PoolShop, minor: int | None
) -> None:
    """It goes back with the order of the present, to everybody."""
    pool = shop.opens_pool("Lan")
    shop.says_where(pool, "Lan")
    shop.gives(pool, "Wei", "Ann", "Bo")
    shop.work()
    with pytest.raises(Refused, match=SHARE):
        _refund(shop, "Wei", minor)
    assert shop.contribution_states(pool) == [USED] * 3
