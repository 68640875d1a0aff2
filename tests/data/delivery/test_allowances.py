"""What may be said unasked is counted: never twice for one allowance, never after its end."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from data.delivery import allowances
from data.delivery.allowances import Place
from data.kernel.database import Database
from data.merchants import ChannelAccount
from data.people import meet_chat
from tests.builders import NOW, a_merchant

LATER = NOW + timedelta(hours=48)
WROTE, PRESSED = "wrote", "menu"


@pytest.fixture
def session(each_database: Database) -> Iterator[Session]:
    with each_database.transaction() as session:
        yield session


@pytest.fixture
def place(session: Session) -> Place:
    merchant = a_merchant(session)
    account = ChannelAccount(
        id="acc_1",
        merchant_id=merchant.id,
        channel="wechat",
        external_id="gh_1",
        settings={},
        created_at=NOW,
    )
    session.add(account)
    session.flush()
    chat = meet_chat(session, account=account, external_id="ann", kind="private", title="", now=NOW)
    return Place(chat.merchant_id, chat.id)


def spend(session: Session, place: Place, *sources: str) -> str | None:
    return allowances.spend(session, chat_id=place.chat_id, sources=sources, now=NOW)


def test_a_window_is_used_up_and_the_same_deed_opens_it_anew(
    session: Session, place: Place
) -> None:
    for _ in range(2):
        allowances.open_window(session, place=place, source=WROTE, uses=2, until=LATER, now=NOW)
        assert [spend(session, place, WROTE) for _ in range(3)] == [WROTE, WROTE, None]


def test_what_ends_first_is_used_first_and_a_grant_last(session: Session, place: Place) -> None:
    soon = NOW + timedelta(minutes=1)
    allowances.grant(session, place=place, source="card", now=NOW)
    allowances.open_window(session, place=place, source=WROTE, uses=1, until=LATER, now=NOW)
    allowances.open_window(session, place=place, source=PRESSED, uses=1, until=soon, now=NOW)
    every = (WROTE, PRESSED, "card")
    assert [spend(session, place, *every) for _ in range(4)] == [PRESSED, WROTE, "card", None]


def test_a_window_that_is_over_allows_nothing(session: Session, place: Place) -> None:
    allowances.open_window(session, place=place, source=WROTE, uses=5, until=NOW, now=NOW)
    assert spend(session, place, WROTE) is None
    assert allowances.left(session, chat_id=place.chat_id, sources=[WROTE], now=NOW) == 0


def test_each_grant_is_one_message_of_its_own_kind(session: Session, place: Place) -> None:
    for _ in range(2):
        allowances.grant(session, place=place, source="birthday", now=NOW)
    assert spend(session, place, "paid") is None
    assert [spend(session, place, "birthday") for _ in range(3)] == ["birthday", "birthday", None]


def test_what_was_not_used_after_all_is_given_back(session: Session, place: Place) -> None:
    allowances.open_window(session, place=place, source=WROTE, uses=1, until=LATER, now=NOW)
    assert spend(session, place, WROTE)
    allowances.give_back(session, chat_id=place.chat_id, source=WROTE)
    assert spend(session, place, WROTE) == WROTE
