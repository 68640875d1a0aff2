"""The shelf: what is held, sold, let go, and what never happens to the counters."""

from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.catalogue import (
    Hold,
    Shown,
    StockMove,
    Variant,
    commit_hold,
    count_stock,
    hold_all,
    hold_stock,
    keep_hold,
    release_expired,
    release_hold,
    restock,
)
from data.kernel.database import Database
from data.kernel.errors import Invalid, NotFound, OutOfStock, WrongState
from tests.builders import NOW, a_merchant, a_product, a_variant, the_variant

LATER = NOW + timedelta(minutes=10)


def a_shelf(session: Session, on_hand: int = 5) -> Variant:
    return the_variant(session, a_product(session, a_merchant(session), on_hand=on_hand))


def hold(session: Session, variant: Variant, quantity: int, owner: str = "ord_1") -> None:
    hold_stock(
        session,
        variant_id=variant.id,
        quantity=quantity,
        owner_ref=owner,
        expires_at=LATER,
        now=NOW,
    )


def counters(variant: Variant) -> tuple[int, int]:
    return variant.on_hand, variant.held


def moves(session: Session) -> int:
    return session.scalar(select(func.coalesce(func.sum(StockMove.delta), 0))) or 0


def test_what_is_held_and_sold_leaves_the_shelf_with_one_move(each_database: Database) -> None:
    with each_database.transaction() as session:
        variant = a_shelf(session, on_hand=5)
        hold(session, variant, 2)
        assert counters(variant) == (5, 2)
        commit_hold(session, owner_ref="ord_1", now=NOW)
        commit_hold(session, owner_ref="ord_1", now=NOW)  # a repeat sells nothing more
        assert counters(variant) == (3, 0)
        assert moves(session) == 3


def test_more_than_is_free_is_refused_and_changes_nothing(each_database: Database) -> None:
    with each_database.transaction() as session:
        variant = a_shelf(session, on_hand=2)
        hold(session, variant, 1)
        with pytest.raises(OutOfStock):
            hold(session, variant, 2, owner="ord_2")
        assert counters(variant) == (2, 1)
        assert session.scalar(select(func.count()).select_from(Hold)) == 1


def test_the_same_owner_asking_twice_holds_once(each_database: Database) -> None:
    with each_database.transaction() as session:
        variant = a_shelf(session)
        hold(session, variant, 2)
        hold(session, variant, 2)
        assert counters(variant) == (5, 2)
        with pytest.raises(WrongState):
            hold(session, variant, 3)


def test_an_owner_may_hold_again_after_letting_go(each_database: Database) -> None:
    with each_database.transaction() as session:
        variant = a_shelf(session)
        hold(session, variant, 2)
        release_hold(session, owner_ref="ord_1", now=NOW)
        release_hold(session, owner_ref="ord_1", now=NOW)
        assert counters(variant) == (5, 0)
        hold(session, variant, 4)
        assert counters(variant) == (5, 4)


def test_a_hold_that_was_let_go_cannot_be_sold(each_database: Database) -> None:
    with each_database.transaction() as session:
        variant = a_shelf(session)
        hold(session, variant, 1)
        release_hold(session, owner_ref="ord_1", now=NOW)
        with pytest.raises(WrongState):
            commit_hold(session, owner_ref="ord_1", now=NOW)
        with pytest.raises(NotFound):
            commit_hold(session, owner_ref="ord_unknown", now=NOW)
        assert counters(variant) == (5, 0)


def test_an_order_of_several_lines_is_sold_as_one_or_not_at_all(each_database: Database) -> None:
    with each_database.transaction() as session:
        first = a_shelf(session)
        product = a_product(session, a_merchant(session))
        second = a_variant(session, product, on_hand=1)
        hold(session, first, 1)
        hold(session, second, 1)
        commit_hold(session, owner_ref="ord_1", now=NOW)
        assert counters(first) == (4, 0)
        assert counters(second) == (0, 0)


def keep(session: Session, variant: Variant, *, until: datetime, quantity: int = 2) -> bool:
    return keep_hold(
        session, variant_id=variant.id, quantity=quantity, owner_ref="ord_2", expires_at=until
    )


def test_only_what_is_held_in_that_quantity_is_kept(each_database: Database) -> None:
    with each_database.transaction() as session:
        variant = a_shelf(session)
        assert not keep(session, variant, until=LATER)
        hold(session, variant, 2, owner="ord_2")
        assert not keep(session, variant, until=LATER, quantity=1)
        assert keep(session, variant, until=LATER)
        release_hold(session, owner_ref="ord_2", now=NOW)
        assert not keep(session, variant, until=LATER)


def test_of_several_variants_all_are_held_or_none(each_database: Database) -> None:
    with each_database.transaction() as session:
        first = a_shelf(session)
        second = a_variant(session, a_product(session, a_merchant(session)), on_hand=1)
        for wanted in (2, 1):
            units = {first.id: 1, second.id: wanted}
            with suppress(OutOfStock):
                hold_all(session, units=units, owner_ref="o", expires_at=LATER, now=NOW)
            assert counters(first)[1] == counters(second)[1] == (wanted == 1)


def test_expired_holds_go_back_and_extended_ones_stay(each_database: Database) -> None:
    with each_database.transaction() as session:
        variant = a_shelf(session)
        hold(session, variant, 1, owner="ord_1")
        hold(session, variant, 2, owner="ord_2")
        assert keep(session, variant, until=LATER + timedelta(hours=1))
        assert keep(session, variant, until=NOW)  # never earlier
        assert release_expired(session, now=NOW) == 0
        assert release_expired(session, now=LATER) == 1
        assert counters(variant) == (5, 2)
        assert release_expired(session, now=LATER) == 0


def test_a_delivery_counts_once(each_database: Database) -> None:
    with each_database.transaction() as session:
        variant = a_shelf(session, on_hand=0)
        for _ in range(2):
            restock(
                session, variant_id=variant.id, quantity=7, reason="delivery", ref="d1", now=NOW
            )
        assert counters(variant) == (7, 0)
        assert moves(session) == 7


def test_a_recount_never_goes_below_what_is_promised(each_database: Database) -> None:
    with each_database.transaction() as session:
        variant = a_shelf(session, on_hand=5)
        hold(session, variant, 3)
        ask = {"variant_id": variant.id, "reason": "counted", "now": NOW}
        assert count_stock(session, on_hand=1, ref="c1", **ask) == -2
        assert counters(variant) == (3, 3)
        assert count_stock(session, on_hand=9, ref="c2", **ask) == 6
        assert count_stock(session, on_hand=9, ref="c3", **ask) == 0
        assert moves(session) == 9


def test_hidden_goods_and_senseless_quantities_are_refused(each_database: Database) -> None:
    with each_database.transaction() as session:
        variant = a_shelf(session)
        with pytest.raises(Invalid):
            hold(session, variant, 0)
        variant.state = Shown.HIDDEN
        session.flush()
        with pytest.raises(OutOfStock):
            hold(session, variant, 1)
