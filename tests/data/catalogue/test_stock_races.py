"""Twenty buyers, one unit, one starting gun: exactly one has it, on both databases.

The negative control runs the same race with read-then-write and must see it sell what is not
there; else the race would prove nothing.
"""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import func, select, update

from data.catalogue import Hold, HoldState, Variant
from data.kernel.database import Database
from data.kernel.errors import OutOfStock
from tests.builders import NOW, a_merchant, a_product, the_variant
from tests.races.acts import hold_a_unit, hold_one
from tests.races.together import all_at_once

BUYERS = 20
Buy = Callable[[Database, str, str], bool]


def one_unit(database: Database) -> str:
    with database.transaction() as session:
        return the_variant(session, a_product(session, a_merchant(session), on_hand=1)).id


def buy(database: Database, variant_id: str, owner: str) -> bool:
    try:
        hold_a_unit(database, variant_id, owner, NOW)
    except OutOfStock:
        return False
    return True


def race(database: Database, variant_id: str, buy: Buy) -> int:
    """How many believe they have it."""
    gun, won, broken = threading.Barrier(BUYERS), list[str](), list[BaseException]()

    def run(owner: str) -> None:
        gun.wait(timeout=30)
        try:
            if buy(database, variant_id, owner):
                won.append(owner)
        except BaseException as error:  # a thread's error must fail the test, not vanish
            broken.append(error)

    buyers = [threading.Thread(target=run, args=(f"ord_{n}",)) for n in range(BUYERS)]
    for buyer in buyers:
        buyer.start()
    for buyer in buyers:
        buyer.join()
    assert not broken
    return len(won)


def test_twenty_threads_want_one_unit_and_one_gets_it(each_database: Database) -> None:
    variant_id = one_unit(each_database)
    assert race(each_database, variant_id, buy) == 1
    with each_database.transaction() as session:
        variant = session.get_one(Variant, variant_id)
        assert (variant.on_hand, variant.held) == (1, 1)
        live = select(func.count()).where(Hold.state == HoldState.HELD)
        assert session.scalar(live) == 1


def test_the_same_owner_twenty_times_at_once_holds_once(each_database: Database) -> None:
    variant_id = one_unit(each_database)
    assert race(each_database, variant_id, lambda db, v, _owner: buy(db, v, "ord_same")) == BUYERS
    with each_database.transaction() as session:
        assert session.get_one(Variant, variant_id).held == 1


@pytest.mark.postgresql
def test_the_race_is_real_as_reading_first_sells_one_unit_to_many(
    postgresql_database: Database,
) -> None:
    everybody_has_looked = threading.Barrier(BUYERS)

    def read_then_write(database: Database, variant_id: str, _owner: str) -> bool:
        with database.transaction() as session:
            variant = session.get_one(Variant, variant_id)
            free = variant.on_hand - variant.held
            everybody_has_looked.wait(timeout=30)
            session.execute(update(Variant).where(Variant.id == variant_id).values(held=1))
        return free >= 1

    assert race(postgresql_database, one_unit(postgresql_database), read_then_write) > 1


def test_eight_processes_want_one_unit_of_one_file_and_one_gets_it(database: Database) -> None:
    """SQLite's writers in one process queue at a lock of ours; here the file itself is raced."""
    variant_id = one_unit(database)
    buyers = [partial(hold_one, variant_id=variant_id, owner=f"ord_{n}", now=NOW) for n in range(8)]
    assert all_at_once(database, buyers) == [*["error_out_of_stock"] * 7, "ok"]
    with database.transaction() as session:
        assert session.get_one(Variant, variant_id).held == 1
