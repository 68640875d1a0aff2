"""Statements: what moved on one account, in the order in which it was written."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from data.kernel.database import Database
from data.kernel.errors import Invalid, NotFound
from data.kernel.money import Money
from data.ledger import CUSTOMER_HOLD, Span, cash_in_transit, post, statement, transfer
from data.merchants import Merchant
from tests.builders import NOW, a_merchant

CASH = cash_in_transit("sandbox")
DAY = timedelta(days=1)


def _booked(session: Session, *, days: int = 5, currency: str = "CNY") -> Merchant:
    """One capture a day: 1, 2, 3 … of the smallest coin."""
    shop = a_merchant(session)
    for day in range(days):
        _book(session, shop, day, Money(day + 1, currency))
    return shop


def _book(session: Session, shop: Merchant, day: int, money: Money) -> None:
    post(
        session,
        merchant_id=shop.id,
        kind="captured",
        source_ref=f"pay_{day}_{money.currency}",
        legs=transfer(CASH, CUSTOMER_HOLD, money),
        event_at=NOW,
        now=NOW + day * DAY,
    )


def test_a_statement_runs_from_its_opening_to_its_closing_balance(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = _booked(session)
        _booked(session)  # another shop's
        span = Span(since=NOW + DAY, until=NOW + 4 * DAY)
        told = statement(session, merchant_id=shop.id, account=CUSTOMER_HOLD, span=span)
        assert [move.amount.minor for move in told.movements] == [2, 3, 4]
        assert [move.balance.minor for move in told.movements] == [3, 6, 10]
        assert (told.opening, told.closing) == (Money(1, "CNY"), Money(10, "CNY"))
        assert told.next is None
        assert {move.source_ref for move in told.movements} == {f"pay_{n}_CNY" for n in (1, 2, 3)}


def test_pages_of_a_statement_follow_each_other(each_database: Database) -> None:
    with each_database.transaction() as session:
        shop = _booked(session)
        seen: list[tuple[int, int]] = []
        after: int | None = 0
        while after is not None:
            span = Span(after=after, limit=2)
            told = statement(session, merchant_id=shop.id, account=CASH, span=span)
            assert told.opening.minor == (seen[-1][1] if seen else 0)
            seen += [(move.amount.minor, move.balance.minor) for move in told.movements]
            after = told.next
        assert seen == [(-1, -1), (-2, -3), (-3, -6), (-4, -10), (-5, -15)]


def test_what_is_written_with_an_earlier_time_stands_where_its_time_is(
    each_database: Database,
) -> None:
    """Two machines' clocks differ by a moment: the balance counts each movement once."""
    with each_database.transaction() as session:
        shop = _booked(session, days=3)
        _book(session, shop, 0, Money(100, "USD"))
        _book(session, shop, 1, Money(7, "EUR"))
        post(
            session,
            merchant_id=shop.id,
            kind="captured",
            source_ref="pay_late",
            legs=transfer(CASH, CUSTOMER_HOLD, Money(10, "CNY")),
            event_at=NOW,
            now=NOW + DAY / 2,
        )
        account = f"{CUSTOMER_HOLD}/CNY"
        told = statement(session, merchant_id=shop.id, account=account)
        assert [move.balance.minor for move in told.movements] == [1, 11, 13, 16]
        paged = statement(
            session,
            merchant_id=shop.id,
            account=account,
            span=Span(after=told.movements[1].number, limit=1),
        )
        assert (paged.opening.minor, paged.closing.minor) == (11, 13)
        later = Span(since=NOW + DAY)
        since = statement(session, merchant_id=shop.id, account=account, span=later)
        assert (since.opening.minor, since.closing.minor) == (11, 16)


def test_a_span_in_which_nothing_moved_says_what_the_balance_was(database: Database) -> None:
    with database.transaction() as session:
        shop = _booked(session)
        for since, until, balance in [(90, None, 15), (-9, -3, 0), (3, 3, 6)]:
            span = Span(since=NOW + since * DAY, until=NOW + until * DAY if until else None)
            told = statement(session, merchant_id=shop.id, account=CUSTOMER_HOLD, span=span)
            assert not told.movements
            assert told.opening.minor == told.closing.minor == balance


def test_an_account_that_has_never_been_used_has_no_statement(database: Database) -> None:
    with database.transaction() as session:
        shop = _booked(session)
        for account in ("customer_hold/USD", "", "revenue"):
            with pytest.raises(NotFound):
                statement(session, merchant_id=shop.id, account=account)
        upside_down = Span(since=NOW + DAY, until=NOW)
        with pytest.raises(Invalid):
            statement(session, merchant_id=shop.id, account=CASH, span=upside_down)
