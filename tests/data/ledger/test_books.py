"""The books: every entry once, always in balance, never changed afterwards."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from data.kernel.database import Database
from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.ledger import (
    CUSTOMER_HOLD,
    REVENUE,
    Leg,
    cash_in_transit,
    post,
    transfer,
    trial_balance,
    unbalanced_entries,
    was_posted,
)
from data.merchants import Merchant
from tests.builders import NOW, a_merchant

CASH = cash_in_transit("sandbox")


def _capture(session: Session, shop: Merchant, *, ref: str = "pay_1", minor: int = 900) -> bool:
    return post(
        session,
        merchant_id=shop.id,
        kind="captured",
        source_ref=ref,
        legs=transfer(CASH, CUSTOMER_HOLD, Money(minor, "CNY")),
        event_at=NOW,
        now=NOW,
    )


def test_an_event_posted_twice_is_in_the_books_once(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        assert _capture(session, shop)
        assert not _capture(session, shop)
        assert was_posted(session, merchant_id=shop.id, kind="captured", source_ref="pay_1")
        assert trial_balance(session, merchant_id=shop.id) == {
            CASH: Money(-900, "CNY"),
            CUSTOMER_HOLD: Money(900, "CNY"),
        }
        assert unbalanced_entries(session) == []


def test_two_shops_may_use_the_same_reference_and_never_see_each_other(database: Database) -> None:
    with database.transaction() as session:
        first, second = a_merchant(session), a_merchant(session)
        assert _capture(session, first)
        assert _capture(session, second, minor=50)
        assert trial_balance(session, merchant_id=second.id)[CUSTOMER_HOLD] == Money(50, "CNY")


@pytest.mark.parametrize(
    "legs",
    [
        [],
        [Leg(REVENUE, Money(1, "CNY"))],
        [Leg(REVENUE, Money(1, "CNY")), Leg(CASH, Money(-1, "USD"))],
    ],
)
def test_legs_that_do_not_sum_to_zero_in_each_currency_are_refused(
    database: Database, legs: list[Leg]
) -> None:
    with database.transaction() as session:
        shop = a_merchant(session)
        with pytest.raises(Invalid):
            post(
                session,
                merchant_id=shop.id,
                kind="captured",
                source_ref="x",
                legs=legs,
                event_at=NOW,
                now=NOW,
            )


def test_an_account_in_two_currencies_shows_each(database: Database) -> None:
    with database.transaction() as session:
        shop = a_merchant(session)
        for currency in ("CNY", "JPY"):
            post(
                session,
                merchant_id=shop.id,
                kind="captured",
                source_ref=currency,
                legs=transfer(CASH, REVENUE, Money(7, currency)),
                event_at=NOW,
                now=NOW,
            )
        balance = trial_balance(session, merchant_id=shop.id)
        assert balance["revenue/CNY"] == Money(7, "CNY")
        assert balance["revenue/JPY"] == Money(7, "JPY")


@pytest.mark.parametrize(
    "crime",
    [
        "UPDATE postings SET amount_minor = amount_minor + 1",
        "DELETE FROM postings",
        "UPDATE ledger_entries SET kind = 'gift'",
        "DELETE FROM ledger_entries",
    ],
)
def test_what_is_in_the_books_can_be_neither_changed_nor_deleted(
    each_database: Database, crime: str
) -> None:
    with each_database.transaction() as session:
        shop = a_merchant(session)
        _capture(session, shop)
    with (
        pytest.raises(DatabaseError, match="append_only"),
        each_database.transaction() as session,
    ):
        session.execute(text(crime))


def test_an_insert_or_replace_cannot_slip_past_the_triggers(database: Database) -> None:
    with database.transaction() as session:
        shop = a_merchant(session)
        _capture(session, shop)
    with pytest.raises(DatabaseError, match="append_only"), database.transaction() as session:
        session.execute(
            text(
                "INSERT OR REPLACE INTO postings (id, entry_id, merchant_id, account,"
                " amount_minor, currency) SELECT id, entry_id, merchant_id, account, 1, currency"
                " FROM postings"
            )
        )


def test_an_entry_written_past_the_books_is_found(database: Database) -> None:
    with database.transaction() as session:
        shop = a_merchant(session)
        _capture(session, shop)
        session.execute(
            text(
                "INSERT INTO postings (entry_id, merchant_id, account, amount_minor, currency)"
                " SELECT entry_id, merchant_id, 'revenue', 5, currency FROM postings LIMIT 1"
            )
        )
        assert len(unbalanced_entries(session, merchant_id=shop.id)) == 1
