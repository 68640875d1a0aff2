"""One token for all processes: who renews it is decided by the row, and it lies there sealed."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.delivery import channel_tokens
from data.delivery.channel_tokens import LEASE, Kept
from data.delivery.token_models import TokenKind
from data.delivery.used_tokens import use_up
from data.kernel.database import Database
from data.merchants import ChannelAccount
from tests.builders import NOW, a_merchant

CANARY = "ACCESS-CANARY-1"
ACCESS, JSAPI = TokenKind.ACCESS, TokenKind.JSAPI
END = NOW + timedelta(hours=2)


@pytest.fixture
def session(each_database: Database) -> Iterator[Session]:
    with each_database.transaction() as session:
        yield session


@pytest.fixture
def account(session: Session) -> ChannelAccount:
    return an_account(session)


def an_account(session: Session, name: str = "wx1") -> ChannelAccount:
    account = ChannelAccount(
        id=f"acc_{name}",
        merchant_id=a_merchant(session).id,
        channel="wechat",
        external_id=name,
        settings={},
        created_at=NOW,
    )
    session.add(account)
    session.flush()
    return account


def renew(
    session: Session, account: ChannelAccount, token: str = CANARY, kind: TokenKind = ACCESS
) -> Kept:
    version = channel_tokens.kept(session, account=account, kind=kind).version
    until = channel_tokens.win(session, account=account, kind=kind, version=version, now=NOW)
    assert until
    assert channel_tokens.keep(
        session, account=account, kind=kind, version=version, until=until, renewed=(token, END)
    )
    return channel_tokens.kept(session, account=account, kind=kind)


def test_there_is_none_and_then_there_is_one_for_everybody(
    session: Session, account: ChannelAccount
) -> None:
    assert channel_tokens.kept(session, account=account, kind=ACCESS) == Kept()
    assert renew(session, account) == Kept(1, CANARY, END)
    assert renew(session, account, "next") == Kept(2, "next", END)


def test_its_end_is_known_and_some_time_before_it_one_looks_for_the_next() -> None:
    token = Kept(1, CANARY, END)
    assert token.is_good(END - timedelta(seconds=1))
    assert not token.is_good(END)
    assert not token.is_good(END - timedelta(minutes=5), spare=timedelta(minutes=5))
    assert not Kept().is_good(NOW)


def test_while_one_renews_nobody_else_may_until_the_lease_is_over(
    session: Session, account: ChannelAccount
) -> None:
    first = channel_tokens.win(session, account=account, kind=ACCESS, version=0, now=NOW)
    assert first == NOW + LEASE
    soon = NOW + LEASE - timedelta(seconds=1)
    assert not channel_tokens.win(session, account=account, kind=ACCESS, version=0, now=soon)
    second = channel_tokens.win(session, account=account, kind=ACCESS, version=0, now=NOW + LEASE)
    assert second
    mine = {"account": account, "kind": ACCESS, "version": 0}
    late = channel_tokens.keep(session, **mine, until=first, renewed=("late", END))
    assert not late  # its lease was over: what it brings is not everybody's
    assert channel_tokens.keep(session, **mine, until=second, renewed=("second", END))
    assert channel_tokens.kept(session, account=account, kind=ACCESS).token == "second"


def test_who_saw_an_older_token_renews_nothing(session: Session, account: ChannelAccount) -> None:
    renew(session, account)
    assert not channel_tokens.win(session, account=account, kind=ACCESS, version=0, now=NOW)


def test_who_fails_lets_the_next_one_try_at_once(session: Session, account: ChannelAccount) -> None:
    until = channel_tokens.win(session, account=account, kind=ACCESS, version=0, now=NOW)
    assert until
    channel_tokens.give_up(session, account=account, kind=ACCESS, version=0, until=until)
    assert channel_tokens.win(session, account=account, kind=ACCESS, version=0, now=NOW)


def test_the_ticket_of_the_pages_is_kept_in_the_same_way_and_apart(
    session: Session, account: ChannelAccount
) -> None:
    renew(session, account)
    assert renew(session, account, "ticket", JSAPI) == Kept(1, "ticket", END)
    assert channel_tokens.kept(session, account=account, kind=ACCESS).token == CANARY


def test_t47_a_token_lies_sealed_and_for_its_own_row(
    session: Session, account: ChannelAccount
) -> None:
    assert CANARY not in repr(renew(session, account))
    other = an_account(session, "wx2")
    renew(session, other, "theirs")
    rows = session.execute(text("SELECT account_id, sealed FROM channel_tokens")).all()
    sealed = {row.account_id: row.sealed for row in rows}
    assert not [one for one in sealed.values() if CANARY in one]
    moved = text("UPDATE channel_tokens SET sealed = :sealed WHERE account_id = :other")
    session.execute(moved, {"sealed": sealed[account.id], "other": other.id})
    assert channel_tokens.kept(session, account=other, kind=ACCESS).token == ""


def test_an_account_connected_anew_uses_nothing_old(
    session: Session, account: ChannelAccount
) -> None:
    seen = renew(session, account)
    channel_tokens.forget(session, account=account)
    now = channel_tokens.kept(session, account=account, kind=ACCESS)
    assert (now.token, now.version) == ("", seen.version + 1)


def test_a_signed_token_is_used_up_once_and_forgotten_after_its_end(
    session: Session, account: ChannelAccount
) -> None:
    once = {"merchant_id": account.merchant_id, "token": "state", "expires_at": END}
    assert use_up(session, **once, now=NOW)
    assert not use_up(session, **once, now=NOW)
    assert use_up(session, **{**once, "token": "other"}, now=END)
    assert session.scalars(text("SELECT count(*) FROM used_tokens")).one() == 1
