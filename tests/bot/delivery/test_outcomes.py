"""Many messages at once are few transactions, and what breaks one of them breaks no other."""

import asyncio
from collections.abc import Set
from contextlib import suppress

import pytest

from bot.channels.adapter import Unreachable
from bot.delivery.bell import Bell
from bot.delivery.courier import Courier
from bot.delivery.outcomes import Arrived, Outcomes
from data.delivery.messages import Text
from data.delivery.models import OutboxRow
from data.kernel.clock import TurnableClock
from data.kernel.database import Database
from data.kernel.ids import new_id
from tests.bot.delivery.test_courier import Counter, Messenger, an_account
from tests.builders import NOW, a_merchant

MANY = 20


@pytest.fixture
def desk(each_database: Database) -> Counter:
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        account = an_account(session, merchant, "7")
    clock, messenger = TurnableClock(NOW), Messenger()
    courier = Courier(each_database, clock, {account.id: messenger}, Bell())
    return Counter(each_database, clock, messenger, courier, account, merchant)


def test_a_crowd_is_sent_with_fewer_commits_than_messages(desk: Counter) -> None:
    for number in range(MANY):
        chat = desk.chat(f"person {number}")
        for word in ("one", "two"):
            desk.post(chat, Text(word))
    commits: list[Set[str]] = []
    desk.database.on_commit = commits.append
    asyncio.run(_until(desk, 2 * MANY))
    assert desk.states() == ["sent"] * 2 * MANY
    assert len(commits) < 2 * MANY  # a lease and an end each would be twice as many
    for number in range(MANY):
        assert desk.messenger.texts(f"person {number}") == ["one", "two"]


async def _until(desk: Counter, sent: int) -> None:
    running = asyncio.create_task(desk.courier.run())
    async with asyncio.timeout(20):
        while desk.states().count("sent") < sent:  # noqa: ASYNC110  # no event crosses
            await asyncio.sleep(0.05)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def test_an_end_that_cannot_be_written_harms_no_other(
    desk: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("ann", "bob"):
        desk.post(desk.chat(name), Text("hello"))
    ann, bob = desk.rows()
    nowhere = OutboxRow(id=99, account_id=desk.account.id, chat_id=new_id("cht"), attempts=1)
    outcomes = Outcomes(desk.database, desk.clock)

    async def end() -> None:
        await asyncio.gather(
            outcomes.note(ann, Arrived(("1",))),
            outcomes.note(nowhere, Unreachable("blocked")),
            outcomes.note(bob, Arrived(("2",))),
        )

    asyncio.run(end())
    assert [(row.state, row.external_id) for row in desk.rows()] == [("sent", "1"), ("sent", "2")]
    assert "outbox 99" in caplog.text
