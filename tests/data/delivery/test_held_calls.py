"""A messenger on the line: who waits, who has called how often, and which call is forged."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.delivery import held_calls, inbox, outbox, sending
from data.delivery.held_calls import KEPT, Signed
from data.delivery.held_models import HeardCall, HeldCall
from data.delivery.messages import OutboundMessage, Text
from data.delivery.outbox import Letter, Origin
from data.kernel.database import Database
from data.kernel.errors import Forbidden
from data.merchants import ChannelAccount
from data.people import Chat, meet_chat
from tests.builders import NOW, a_merchant

SOON, LATER = NOW + timedelta(seconds=5), NOW + timedelta(seconds=15)


@pytest.fixture
def session(each_database: Database) -> Iterator[Session]:
    with each_database.transaction() as session:
        yield session


@pytest.fixture
def account(session: Session) -> ChannelAccount:
    account = ChannelAccount(
        id="acc_1",
        merchant_id=a_merchant(session).id,
        channel="wechat",
        external_id="wx1",
        settings={},
        created_at=NOW,
    )
    session.add(account)
    session.flush()
    return account


@pytest.fixture
def chat(session: Session, account: ChannelAccount) -> Chat:
    return meet_chat(session, account=account, external_id="ann", kind="private", title="", now=NOW)


def a_held_update(session: Session, account: ChannelAccount) -> int:
    merchant = account.merchant_id
    inbox_id = inbox.store(
        session, merchant_id=merchant, account_id=account.id, event_id="1", payload={}, now=NOW
    )
    assert inbox_id is not None
    held_calls.hold(session, inbox_id=inbox_id, merchant_id=merchant, until=LATER, now=NOW)
    return inbox_id


def call_again(session: Session, inbox_id: int) -> int | None:
    return held_calls.call_again(session, inbox_id=inbox_id, most=3, until=LATER, now=SOON)


def is_held(session: Session, inbox_id: int) -> bool:
    return inbox_id in session.scalars(held_calls.held(SOON)).all()


def test_calls_are_counted_as_far_as_the_messenger_calls(
    session: Session, account: ChannelAccount
) -> None:
    inbox_id = a_held_update(session, account)
    assert [call_again(session, inbox_id) for _ in range(3)] == [2, 3, None]


def test_a_line_that_was_hung_up_is_not_taken_up_again(
    session: Session, account: ChannelAccount
) -> None:
    inbox_id = a_held_update(session, account)
    assert is_held(session, inbox_id)
    held_calls.hang_up(session, inbox_id=inbox_id, now=SOON)
    call_again(session, inbox_id)
    assert not is_held(session, inbox_id)


def test_what_is_waited_for_on_the_line_is_not_the_couriers_and_what_comes_after_waits(
    session: Session, account: ChannelAccount, chat: Chat
) -> None:
    inbox_id = a_held_update(session, account)
    for key, cause in (("answer", inbox_id), ("news", None)):
        letter, origin = Letter(chat.id, OutboundMessage((Text(key),))), Origin(key, inbox_id=cause)
        outbox.post(session, [letter], account=account, origin=origin, now=NOW)

    def due() -> list[str]:
        return [row.key for row in sending.due(session, account_ids=[account.id], now=SOON)]

    assert due() == []
    held_calls.hang_up(session, inbox_id=inbox_id, now=SOON)
    assert due() == ["answer:0"]


def test_a_nonce_is_good_for_the_same_bytes_only(session: Session, account: ChannelAccount) -> None:
    told = [
        held_calls.hear(session, account=account, signed=Signed("n", "b"), now=NOW)
        for _ in range(2)
    ]
    assert told == [True, False]
    with pytest.raises(Forbidden):
        held_calls.hear(session, account=account, signed=Signed("n", "other"), now=NOW)


def test_what_is_too_old_to_be_called_for_is_forgotten(
    session: Session, account: ChannelAccount
) -> None:
    a_held_update(session, account)
    held_calls.hear(session, account=account, signed=Signed("old", "b"), now=NOW)
    late = NOW + KEPT + timedelta(seconds=1)
    held_calls.hear(session, account=account, signed=Signed("new", "b"), now=late)
    counts = [
        session.scalar(select(func.count()).select_from(kind)) for kind in (HeardCall, HeldCall)
    ]
    assert counts == [1, 0]
