"""Two last payers who cross the minimum, payment against closing, many who join: all in the same
moment, on SQLite and PostgreSQL.

The controls do the same the naive way (read, then write) and must go wrong: else the processes did
not meet, and the race proves nothing.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text

from data.kernel.database import Database
from data.kernel.errors import WrongState
from data.orders import OrderState
from data.orders.share_states import ShareState
from data.payments import RefundState
from data.split_orders import SplitState, close_split, leave_split
from data.split_orders.terms import HOLDS_PER_PERSON, OPEN_PER_PERSON
from tests.data.split_orders.shop import FEE, HOUR, NOODLES, SplitShop
from tests.postgresql import is_waited_for
from tests.races import acts, split_acts
from tests.races.together import all_at_once

_PATIENCE = 60.0


@pytest.fixture
def shops(each_database: Database) -> Iterator[Callable[[], SplitShop]]:
    """A shop in the database of this test."""
    opened: list[SplitShop] = []

    def found() -> SplitShop:
        opened.append(SplitShop(each_database))
        return opened[-1]

    yield found
    for shop in opened:
        shop.close()


def test_two_last_payers_at_once_cross_the_minimum_together(
    shops: Callable[[], SplitShop],
) -> None:
    shop = shops()
    split = shop.opens_split("Lan")
    for name in ("Lan", "Wei"):  # either of them alone is not enough
        shop.puts_in(split, name)
    attempts = [shop.starts_on_part(split, name) for name in ("Lan", "Wei")]
    paying = [partial(acts.pay, attempt_id=attempt, now=shop.now) for attempt in attempts]
    assert all_at_once(shop.database, paying) == ["ok"] * 2
    row = shop.split_row(split)
    assert (row.paid_minor, row.people) == (2 * NOODLES, 2)
    shop.later(HOUR)
    assert shop.split_state(split) == SplitState.ORDERED
    assert sum(shop.delivery_paid(split).values()) == FEE
    assert shop.violations() == []


def test_a_payment_and_the_closing_at_once_leave_nobody_between(
    shops: Callable[[], SplitShop],
) -> None:
    """It is part of the order, or all of its money goes back."""
    shop = shops()
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan", noodles=2)
    late = [f"late {number}" for number in range(4)]
    for name in late:
        shop.puts_in(split, name)
    attempts = [shop.starts_on_part(split, name) for name in late]
    closing = partial(split_acts.close, split=split, person=shop.person("Lan"), now=shop.now)
    paying = [partial(acts.pay, attempt_id=attempt, now=shop.now) for attempt in attempts]
    assert all_at_once(shop.database, [*paying[:2], closing, *paying[2:]]) == ["ok"] * 5
    shop.work()
    row = shop.split_row(split)
    states = [shop.part(split, name).state for name in late]
    assert row.state == SplitState.ORDERED
    assert row.final_people == 1 + states.count(ShareState.USED)
    assert set(states) <= {ShareState.USED, ShareState.REFUNDED}
    assert set(shop.part_orders(split)) <= {OrderState.READY, OrderState.REFUNDED}
    assert shop.books()["revenue"] == NOODLES * (1 + row.final_people) + FEE
    assert shop.violations() == []


def test_closing_by_hand_and_by_the_clock_at_once_decide_it_once(
    shops: Callable[[], SplitShop],
) -> None:
    shop = shops()
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan", noodles=2)
    shop.turn_clock(HOUR)
    deciding = [
        partial(split_acts.close, split=split, person=shop.person("Lan"), now=shop.now),
        *[partial(split_acts.expire, split=split, now=shop.now)] * 3,
    ]
    all_at_once(shop.database, deciding)
    shop.work()
    assert shop.part_states(split) == [ShareState.USED]
    assert shop.violations() == []


def test_many_who_put_in_the_same_goods_in_other_orders_wait_for_nobody_for_ever(
    shops: Callable[[], SplitShop],
) -> None:
    """Half of them change what they had, which lets go of goods and takes others."""
    shop = shops()
    split = shop.opens_split("Lan")
    names = [f"eater {number}" for number in range(8)]
    for number, name in enumerate(names[:4]):
        shop.puts_in(split, name, noodles=number % 2, tea=1 - number % 2)
    shop.turn_clock(timedelta(seconds=1))
    both = (shop.noodles, shop.tea)
    joining = [
        partial(
            split_acts.put_in,
            split=split,
            person=shop.person(name),
            variants=both if number % 2 else both[::-1],
            now=shop.now,
        )
        for number, name in enumerate(names)
    ]
    assert all_at_once(shop.database, joining) == ["ok"] * 8
    row = shop.split_row(split)
    assert row.places == 8
    assert shop.bowls() == (40, 8)
    assert shop.violations() == []


def test_one_person_tapping_ten_times_at_once_has_one_part(shops: Callable[[], SplitShop]) -> None:
    shop = shops()
    split = shop.opens_split("Lan")
    mallory = shop.person("Mallory")
    tap = partial(
        split_acts.put_in, split=split, person=mallory, variants=(shop.noodles,), now=shop.now
    )
    said = all_at_once(shop.database, [tap] * 10)
    assert "ok" in said
    assert shop.part_states(split) == [ShareState.HELD]
    assert shop.bowls() == (40, 1)


def test_nobody_opens_a_fourth_by_opening_them_all_at_once(shops: Callable[[], SplitShop]) -> None:
    shop = shops()
    begin = partial(split_acts.begin, person=shop.person("Mallory"), now=shop.now)
    assert all_at_once(shop.database, [begin] * 6).count("ok") == OPEN_PER_PERSON


def test_nobody_holds_a_fourth_part_by_putting_them_all_in_at_once(
    shops: Callable[[], SplitShop],
) -> None:
    shop = shops()
    mallory, goods = shop.person("Mallory"), (shop.noodles,)
    splits = [shop.opens_split(f"organiser {number}") for number in range(6)]
    putting = [
        partial(split_acts.put_in, split=split, person=mallory, variants=goods, now=shop.now)
        for split in splits
    ]
    assert all_at_once(shop.database, putting).count("ok") == HOLDS_PER_PERSON


def test_who_leaves_while_it_is_being_closed_stays_in_it(shops: Callable[[], SplitShop]) -> None:
    """They read that it is open, and wait for whoever closes it: then it is not any more."""
    shop = shops()
    split = shop.opens_split("Lan")
    shop.pays_part(split, "Lan", "Wei")
    lan, wei = shop.person("Lan"), shop.person("Wei")
    with ThreadPoolExecutor(1) as pool:
        with shop.database.transaction() as session:
            close_split(session, split_id=split, organiser_id=lan, now=shop.now)
            leaving = pool.submit(_leave, shop, split, wei)
            begun = time.monotonic()
            while not is_waited_for(shop.database):
                assert time.monotonic() - begun < _PATIENCE
                time.sleep(0.01)
        with pytest.raises(WrongState):
            leaving.result(_PATIENCE)
    shop.work()
    assert shop.part_states(split) == [ShareState.USED] * 2
    assert shop.refunds() == [(RefundState.SUCCEEDED, FEE // 2)]  # of the delivery alone
    assert shop.violations() == []


def _leave(shop: SplitShop, split: str, person: str) -> None:
    with shop.database.transaction() as session:
        leave_split(session, split_id=split, person_id=person, now=shop.now)


def test_control_reading_first_and_writing_then_loses_a_payment(
    shops: Callable[[], SplitShop],
) -> None:
    shop = shops()
    _naive(shop)
    paying = partial(split_acts.naive_paid, amount=NOODLES)
    all_at_once(shop.database, [paying] * 2)
    with shop.database.reading() as session:
        assert session.scalar(text("SELECT paid FROM naive")) < 2 * NOODLES


def test_control_deciding_by_what_was_read_fails_what_was_paid(
    shops: Callable[[], SplitShop],
) -> None:
    shop = shops()
    _naive(shop)
    all_at_once(shop.database, [split_acts.naive_close, split_acts.naive_pay_meanwhile])
    with shop.database.reading() as session:
        assert session.execute(text("SELECT paid, failed FROM naive")).one() == (1, 1)


def _naive(shop: SplitShop) -> None:
    with shop.database.transaction() as session:
        session.execute(text("CREATE TABLE naive (paid INTEGER, failed INTEGER)"))
        session.execute(text("INSERT INTO naive VALUES (0, 0)"))
