"""Any amounts, a cap, and what is raised kept: its organiser adds the rest, or all goes back."""

import pytest

from data.kernel.errors import Invalid, Refused
from data.kernel.money import Money
from data.orders import Order, OrderState, ship
from data.orders.returns import Returnable, returnable
from data.payments import RefundState
from data.payments.codes import apply_code
from data.pools import (
    ContributionState,
    EndRule,
    PoolRestDue,
    PoolState,
    PoolTerms,
    most_shares,
)
from data.pools.terms import check_terms
from tests.data.pools.shop import DAY, TARGET, PoolShop

CASH = "cash_in_transit:bank"


def test_any_amounts_come_to_the_price_and_no_further(each_shop: PoolShop) -> None:
    shop = each_shop
    pool = shop.opens_pool("Lan", shares=None, least=500)
    shop.says_where(pool, "Lan")
    shop.gives(pool, "Wei", amount=5000)
    shop.gives(pool, "Jun", amount=3650)
    with pytest.raises(Refused, match="pool_most"):
        shop.promises(pool, "Qi", 151)
    shop.gives(pool, "Qi", amount=150)  # the last of it, though less than the least
    shop.work()
    assert shop.pool_state(pool) == PoolState.ORDERED
    assert shop.books() == {CASH: -TARGET, "revenue": TARGET}


def test_no_amount_leaves_less_than_anybody_can_pay(each_shop: PoolShop) -> None:
    """What is left can be given: all of it, or all but as much as one payment at least is."""
    shop = each_shop
    pool = shop.opens_pool("Lan", shares=None)
    shop.gives(pool, "Wei", amount=8000)
    for amount in (799, 701):
        with pytest.raises(Refused, match="pool_rest") as refused:
            shop.promises(pool, "Jun", amount)
        assert refused.value.values["fits"] == (_yuan(800), _yuan(700))
    shop.gives(pool, "Jun", amount=700)
    with pytest.raises(Refused, match="pool_least"):
        shop.promises(pool, "Qi", 99)
    shop.gives(pool, "Qi", amount=100)
    assert shop.pool_state(pool) == PoolState.FUNDED


@pytest.mark.parametrize(("amount", "fits"), [(120, (150,)), (100, (150,))])
def test_of_little_only_all_fits(shop: PoolShop, amount: int, fits: tuple[int, ...]) -> None:
    pool = shop.opens_pool("Lan", shares=None)
    shop.gives(pool, "Wei", amount=TARGET - 150)
    with pytest.raises(Refused, match="pool_rest") as refused:
        shop.promises(pool, "Jun", amount)
    assert refused.value.values["fits"] == tuple(_yuan(minor) for minor in fits)


def test_what_fits_is_no_more_than_the_cap_lets_one_give(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=None, cap=4500)
    shop.gives(pool, "Wei", amount=4250)
    with pytest.raises(Refused, match="pool_rest") as refused:
        shop.promises(pool, "Jun", 4490)
    assert refused.value.values["fits"] == (_yuan(4450),)


def test_a_cap_leaves_room_for_one_who_leaves_what_can_be_paid(shop: PoolShop) -> None:
    """At a cap of one payment two could give all but a little, and a third not even that."""
    with pytest.raises(Invalid, match="cap"):
        shop.opens_pool("Lan", shares=None, cap=199)
    shop.opens_pool("Lan", shares=None, cap=200)


def test_no_share_and_no_least_is_less_than_can_be_paid(shop: PoolShop) -> None:
    with pytest.raises(Invalid, match="least"):
        shop.opens_pool("Lan", shares=None, least=99)
    assert most_shares(_yuan(350)) == 3
    with pytest.raises(Invalid, match="shares"):
        check_terms(PoolTerms("Li", DAY, shares=4), _yuan(350), longest=DAY)


def _yuan(minor: int) -> Money:
    return Money(minor, "CNY")


def test_less_than_the_least_is_refused_and_so_is_no_amount_at_all(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=None, least=500)
    with pytest.raises(Refused, match="pool_least"):
        shop.promises(pool, "Wei", 499)
    with pytest.raises(Invalid):
        shop.promises(pool, "Wei")
    assert shop.promises(pool, "Wei", 500) == 500


def test_another_amount_takes_the_place_of_an_unpaid_one(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=None)
    shop.promises(pool, "Wei", 5000)
    shop.promises(pool, "Wei", 3000)
    given = {(ContributionState.RELEASED, 5000), (ContributionState.HELD, 3000)}
    assert set(shop.given(pool)["Wei"]) == given


def test_nobody_is_sent_to_pay_for_what_was_called_off_a_moment_ago(shop: PoolShop) -> None:
    """Its jobs have not run: what was promised is still there."""
    pool = shop.opens_pool("Lan", shares=None)
    shop.promises(pool, "Wei", 5000)
    shop.ends_pool(pool)
    for amount in (None, 5000):
        with pytest.raises(Refused, match="pool_closed"):
            shop.promises(pool, "Wei", amount)


def test_one_person_gives_no_more_than_the_cap_in_all(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=None, cap=4000)
    shop.gives(pool, "Wei", amount=3000)
    with pytest.raises(Refused, match="pool_cap") as refused:
        shop.promises(pool, "Wei", 1001)
    assert refused.value.values["left"].minor == 1000  # type: ignore[attr-defined]
    shop.gives(pool, "Wei", amount=1000)
    assert shop.pool(pool).people == 1


def test_a_present_that_many_paid_comes_back_to_nobody_alone(shop: PoolShop) -> None:
    """Its money is in no buyer's hands: what a return gives would lie in a purse nobody opens."""
    pool = shop.opens_pool("Lan", shares=None)
    shop.says_where(pool, "Lan")
    shop.gives(pool, "Wei", amount=TARGET)
    shop.work()
    present = shop.present_of(pool)
    with shop.database.transaction() as session:
        now = shop.now
        ship(session, merchant_id=shop.merchant_id, order_id=present.id, tracking=None, now=now)
        sent = session.get_one(Order, present.id)
        assert returnable(session, sent, now=now) == Returnable((), "return_never")


def test_kept_the_organiser_adds_the_rest(each_shop: PoolShop) -> None:
    shop = each_shop
    pool = shop.opens_pool("Lan", shares=None, end_rule=EndRule.KEEP)
    shop.says_where(pool, "Lan")
    shop.gives(pool, "Wei", amount=6000)
    shop.later(DAY)
    assert shop.pool_state(pool) == PoolState.FUNDED
    assert shop.told(PoolRestDue) == 1
    present = shop.present_of(pool)
    assert (present.state, present.due.minor) == (OrderState.AWAITING_PAYMENT, TARGET - 6000)
    with pytest.raises(Refused), shop.database.transaction() as session:
        apply_code(session, order_id=present.id, code="TENOFF", now=shop.now)
    shop.money_arrives(shop.starts_on_rest(pool))
    shop.work()
    assert shop.pool_state(pool) == PoolState.ORDERED
    assert shop.contribution_states(pool) == [ContributionState.USED]
    assert shop.books() == {CASH: -TARGET, "revenue": TARGET}


def test_kept_and_the_rest_not_paid_gives_everybody_theirs(each_shop: PoolShop) -> None:
    shop = each_shop
    pool = shop.opens_pool("Lan", shares=3, end_rule=EndRule.KEEP)
    shop.says_where(pool, "Lan")
    shop.gives(pool, "Wei", "Jun")
    shop.later(DAY)
    attempt = shop.starts_on_rest(pool)
    shop.later(3 * DAY)
    assert (shop.pool_state(pool), shop.pool(pool).why) == (PoolState.FAILED, "unpaid_rest")
    shop.money_arrives(attempt)  # too late, and so straight back
    shop.work()
    assert [state for state, _ in shop.refunds()] == [RefundState.SUCCEEDED] * 3
    assert shop.books() == {}


def test_the_rest_that_comes_before_the_shares_went_back_orders_nothing_any_more(
    each_shop: PoolShop,
) -> None:
    """Its goods are free and the purse is still full: everybody was told that it is over."""
    shop = each_shop
    pool = shop.opens_pool("Lan", shares=3, end_rule=EndRule.KEEP)
    shop.says_where(pool, "Lan")
    shop.gives(pool, "Wei", "Jun")
    shop.later(DAY)
    attempt = shop.starts_on_rest(pool)
    shop.turn_clock(3 * DAY)
    shop.run_jobs()  # its order expires …
    shop.run_jobs()  # … and is unwound; what gives each share back has not run
    assert shop.contribution_states(pool) == [ContributionState.PAID] * 2
    shop.money_arrives(attempt)
    shop.work()
    assert shop.pool_state(pool) == PoolState.FAILED
    assert shop.present_of(pool).state == OrderState.REFUNDED
    assert len(shop.refunds()) == 3
    assert shop.books() == {}


def test_called_off_while_the_rest_is_paid_gives_everybody_theirs(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=3, end_rule=EndRule.KEEP)
    shop.says_where(pool, "Lan")
    shop.gives(pool, "Wei", "Jun")
    shop.later(DAY)
    attempt = shop.starts_on_rest(pool)
    shop.ends_pool(pool, "Lan")
    shop.money_arrives(attempt)
    shop.work()
    assert shop.pool_state(pool) == PoolState.CANCELLED
    assert len(shop.refunds()) == 3
    assert shop.books() == {}


def test_kept_with_nothing_paid_is_over(shop: PoolShop) -> None:
    pool = shop.opens_pool("Lan", shares=None, end_rule=EndRule.KEEP)
    shop.promises(pool, "Wei", 100)
    shop.later(DAY)
    assert (shop.pool_state(pool), shop.pool(pool).why) == (PoolState.FAILED, "empty")
