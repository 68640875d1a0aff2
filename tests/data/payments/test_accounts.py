"""A shop's accounts at providers: sealed, rotated, left; each speaks for its own payments alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from data.kernel.database import Database
from data.kernel.encryption import Unreadable
from data.kernel.errors import NotFound
from data.payments.account_models import PaymentAccount
from data.payments.accounts import (
    OVERLAP,
    Credentials,
    accounts_of,
    connect_account,
    credentials_of,
    disconnect_account,
    enabled_account,
    moves_of_accounts,
)
from tests.builders import NOW, a_merchant

FIRST = Credentials("acct_1", {"mode": "live"}, {"key": "sk-canary-1", "hook": "wh-canary-1"})
RENEWED = replace(FIRST, secrets={"key": "sk-canary-1", "hook": "wh-canary-2"})
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def shop(each_database: Database) -> str:
    with each_database.transaction() as session:
        return a_merchant(session).id


def connect(database: Database, shop: str, credentials: Credentials) -> str:
    with database.transaction() as session:
        return connect_account(
            session,
            merchant_id=shop,
            provider="stripe",
            credentials=credentials,
            by="owner@example.com",
            now=NOW,
        ).id


def test_nothing_secret_lies_open_in_the_database(each_database: Database, shop: str) -> None:
    connect(each_database, shop, FIRST)
    connect(each_database, shop, RENEWED)
    with each_database.reading() as session:
        rows = [
            str(tuple(row))
            for table in ("payment_accounts", "payment_account_moves")
            for row in session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608  # two names
        ]
    assert len(rows) == 3
    assert "canary" not in "".join(rows)
    assert "canary" not in repr(FIRST)


def test_what_was_replaced_still_opens_what_comes_late_and_then_no_more(
    each_database: Database, shop: str
) -> None:
    first = connect(each_database, shop, FIRST)
    assert connect(each_database, shop, RENEWED) == first
    with each_database.reading() as session:
        account = session.get_one(PaymentAccount, first)
        fresh = credentials_of(session, account, now=LATER)
        old = credentials_of(session, account, now=NOW + OVERLAP)
    assert (fresh.secrets["hook"], fresh.before) == ("wh-canary-2", {"hook": "wh-canary-1"})
    assert old.before == {}
    assert account.version == 2


def test_connected_again_with_nothing_new_forgets_no_earlier_secret(
    each_database: Database, shop: str
) -> None:
    connect(each_database, shop, FIRST)
    connect(each_database, shop, RENEWED)
    account_id = connect(each_database, shop, RENEWED)
    with each_database.reading() as session:
        account = session.get_one(PaymentAccount, account_id)
        assert credentials_of(session, account, now=LATER).before == {"hook": "wh-canary-1"}


def test_one_account_of_a_provider_takes_new_payments(each_database: Database, shop: str) -> None:
    first = connect(each_database, shop, FIRST)
    second = connect(each_database, shop, replace(FIRST, external_id="acct_2"))
    with each_database.reading() as session:
        enabled = enabled_account(session, merchant_id=shop, provider="stripe")
        assert enabled is not None
        assert enabled.id == second
        assert {one.id for one in accounts_of(session, merchant_id=shop)} == {first, second}
    with each_database.transaction() as session:
        disconnect_account(session, merchant_id=shop, provider="stripe", by="owner", now=LATER)
    with each_database.transaction() as session, pytest.raises(NotFound):
        disconnect_account(session, merchant_id=shop, provider="stripe", by="owner", now=LATER)
    with each_database.reading() as session:
        deeds = [move.deed for move in moves_of_accounts(session, merchant_id=shop)]
    assert deeds == ["disconnected", "connected", "connected"]


def test_secrets_moved_into_another_shops_row_open_nothing(
    each_database: Database, shop: str
) -> None:
    mine = connect(each_database, shop, FIRST)
    with each_database.transaction() as session:
        thief = a_merchant(session).id
    theirs = connect(each_database, thief, replace(RENEWED, secrets={"key": "own", "hook": "own"}))
    with each_database.transaction() as session:
        stolen = session.scalar(select(PaymentAccount.sealed).where(PaymentAccount.id == mine))
        session.execute(
            update(PaymentAccount).where(PaymentAccount.id == theirs).values(sealed=stolen)
        )
    with each_database.reading() as session, pytest.raises(Unreadable):
        credentials_of(session, session.get_one(PaymentAccount, theirs), now=LATER)


def test_two_secrets_changed_one_after_the_other_both_have_their_time(
    each_database: Database, shop: str
) -> None:
    connect(each_database, shop, FIRST)
    connect(each_database, shop, RENEWED)
    both = replace(FIRST, secrets={"key": "sk-canary-2", "hook": "wh-canary-2"})
    account_id = connect(each_database, shop, both)
    with each_database.reading() as session:
        account = session.get_one(PaymentAccount, account_id)
        before = credentials_of(session, account, now=LATER).before
    assert before == {"hook": "wh-canary-1", "key": "sk-canary-1"}


def test_an_account_whose_key_is_lost_is_connected_anew(each_database: Database, shop: str) -> None:
    account_id = connect(each_database, shop, FIRST)
    with each_database.transaction() as session:
        session.get_one(PaymentAccount, account_id).sealed = "of another key"
    assert connect(each_database, shop, RENEWED) == account_id
    with each_database.reading() as session:
        account = session.get_one(PaymentAccount, account_id)
        opened = credentials_of(session, account, now=LATER)
    assert (dict(opened.secrets), dict(opened.before)) == (dict(RENEWED.secrets), {})
