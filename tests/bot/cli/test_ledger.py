"""`tuanzi trial-balance` and `tuanzi statement`: the books, for people and for programs."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.terminal import BROKEN, EXIT_SOUND, EXIT_USAGE
from data.kernel.database import Database
from data.kernel.money import Money
from data.ledger import CUSTOMER_HOLD, cash_in_transit, post, transfer
from tests.bot.cli.terminal import Terminal

CASH = cash_in_transit("sandbox")
FIRST = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)  # 23:30 in the shop
MANY = 1001  # more than are read at once


@pytest.fixture
def shop(terminal: Terminal) -> Terminal:
    terminal.open_shop()
    return terminal


def book(shop: Terminal, *, days: int = 2, at: datetime = FIRST) -> None:
    database = Database(f"sqlite:///{shop.file}")
    with database.transaction() as session:
        for day in range(days):
            post(
                session,
                merchant_id="giftshop",
                kind="captured",
                source_ref=f"pay_{day}",
                legs=transfer(CASH, CUSTOMER_HOLD, Money(1250, "CNY")),
                event_at=at,
                now=at + timedelta(hours=day),
            )
    database.close()


def test_the_trial_balance_names_every_account(shop: Terminal) -> None:
    assert shop.run("trial-balance").code == EXIT_SOUND
    book(shop)
    told = shop.run("trial-balance")
    assert told.code == EXIT_SOUND
    assert f"{CASH}  -25.00 CNY" in told.out
    assert f"{CUSTOMER_HOLD}  25.00 CNY" in told.out
    assert "sums to zero" in told.out
    answer = json.loads(shop.run("trial-balance", "--json").out)
    assert answer == {
        "shop": "giftshop",
        "accounts": {
            CASH: {"amount_minor": -2500, "currency": "CNY"},
            CUSTOMER_HOLD: {"amount_minor": 2500, "currency": "CNY"},
        },
        "unbalanced_entries": [],
    }


def test_an_entry_that_does_not_sum_to_zero_ends_with_one(shop: Terminal) -> None:
    book(shop)
    database = Database(f"sqlite:///{shop.file}")
    with database.transaction() as session:
        session.execute(
            text(
                "INSERT INTO ledger_entries (merchant_id, kind, source_ref, event_at, created_at)"
                " VALUES ('giftshop', 'odd', 'x', '2026-11-23', '2026-11-23')"
            )
        )
    database.close()
    told = shop.run("trial-balance")
    assert (told.code, told.err.strip()[-1]) == (BROKEN, "3")
    told = shop.run("trial-balance", "--json")
    assert (told.code, json.loads(told.out)["unbalanced_entries"]) == (BROKEN, [3])


def test_a_statement_tells_what_moved_between_two_days_of_the_shop(shop: Terminal) -> None:
    """The second was booked half an hour past midnight there, on the same day in Greenwich."""
    book(shop)
    both = shop.run("statement", CUSTOMER_HOLD).out.splitlines()
    assert both[0] == "customer_hold, opening balance: 0.00 CNY"
    assert both[1] == "2026-11-23 23:30  captured  pay_0  12.50 CNY  → 12.50 CNY"
    assert both[3] == "Closing balance: 25.00 CNY"
    first = shop.run("statement", CUSTOMER_HOLD, "--from", "2026-11-23", "--to", "2026-11-23").out
    assert ("pay_0" in first, "pay_1" in first) == (True, False)
    later = shop.run("statement", CUSTOMER_HOLD, "--from", "2026-11-24").out
    assert "opening balance: 12.50 CNY" in later
    assert ("pay_0" in later, "pay_1" in later) == (False, True)


def test_a_statement_for_programs_is_a_line_for_each_movement(shop: Terminal) -> None:
    book(shop, days=MANY)
    told = shop.run("statement", CUSTOMER_HOLD, "--json").out.splitlines()
    lines = [json.loads(line) for line in told]
    assert lines[0] == {
        "account": CUSTOMER_HOLD,
        "opening": {"amount_minor": 0, "currency": "CNY"},
    }
    assert [line["source_ref"] for line in lines[1:-1]] == [f"pay_{n}" for n in range(MANY)]
    assert [line["balance"]["amount_minor"] for line in lines[1:3]] == [1250, 2500]
    assert lines[-1]["closing"]["amount_minor"] == 1250 * MANY


@pytest.mark.parametrize(
    ("given", "code", "word"),
    [
        (("cash",), BROKEN, CUSTOMER_HOLD),
        ((CUSTOMER_HOLD, "--from", "yesterday"), EXIT_USAGE, "yesterday"),
        ((CUSTOMER_HOLD, "--to", "2026-02-30"), EXIT_USAGE, "2026-02-30"),
        ((CUSTOMER_HOLD, "--to", "9999-12-31"), EXIT_USAGE, "9999"),
        ((CUSTOMER_HOLD, "--from", "0001-01-01"), EXIT_USAGE, "0001"),
        ((CUSTOMER_HOLD, "--from", "2026-02-02", "--to", "2026-02-01"), EXIT_USAGE, "first"),
        ((CUSTOMER_HOLD, "--shop", "other"), BROKEN, "giftshop"),
    ],
)
def test_what_makes_no_sense_is_said(
    shop: Terminal, given: tuple[str, ...], code: int, word: str
) -> None:
    book(shop)
    told = shop.run("statement", *given)
    assert (told.code, told.out) == (code, "")
    assert word in told.err
