"""What somebody must be told about their money waits for an open chat of theirs; told once."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.channels.adapter import Channel, Parcel, Unreachable
from bot.channels.messages import Capabilities
from bot.delivery.bell import Bell
from bot.delivery.courier import Courier
from bot.play.world import World
from data.delivery.models import Job, OutboxRow, OutboxState
from data.orders import Order, ship
from data.people import Chat
from dialogs.notices.unheard import TELL_UNHEARD
from tests.bot.delivery.test_waking import BUYS, NOW, act
from tests.worlds import world_at

world = world_at(NOW)


class Blocked:
    """SIMULATED: a messenger where everybody has just blocked us."""

    def can(self, kind: str) -> Capabilities:
        return Capabilities()

    async def deliver(self, parcel: Parcel) -> tuple[str, ...]:
        raise Unreachable("blocked")


def reaches(world: World, who: str, *, reachable: bool) -> None:
    with world.tuanzi.database.transaction() as session:
        session.execute(update(Chat).where(Chat.external_id == who).values(reachable=reachable))


def receipts(world: World) -> list[OutboxRow]:
    with world.tuanzi.database.reading() as session:
        said = select(OutboxRow).where(OutboxRow.response == "utter_receipt")
        return list(session.scalars(said.order_by(OutboxRow.id)))


def waiting(world: World) -> list[Job]:
    with world.tuanzi.database.reading() as session:
        due = select(Job).where(Job.kind == TELL_UNHEARD, Job.state == "due")
        return list(session.scalars(due))


def test_a_receipt_waits_for_an_open_chat_and_is_told_once(world: World, tmp_path: Path) -> None:
    act(world, tmp_path, BUYS)
    reaches(world, "Ann", reachable=False)
    act(world, tmp_path, "\n      - {pays: Ann}\n      - {later: 9 days}")
    assert receipts(world) == []
    reaches(world, "Ann", reachable=True)
    act(world, tmp_path, "\n      - {later: 1 day, as: Ann, utter: utter_receipt}")
    act(world, tmp_path, "\n      - {later: 20 days}")
    assert len(receipts(world)) == 1
    assert waiting(world) == []


def test_a_payment_that_failed_comes_with_a_button_that_works(world: World, tmp_path: Path) -> None:
    act(world, tmp_path, BUYS)
    reaches(world, "Ann", reachable=False)
    act(world, tmp_path, "\n      - {pays: Ann, outcome: declined}\n      - {later: 5 minutes}")
    reaches(world, "Ann", reachable=True)
    act(
        world,
        tmp_path,
        """
      - {later: 2 hours, as: Ann, utter: utter_payment_failed}
      - {press: Try again}""",
    )


def test_what_is_not_about_money_is_not_kept(world: World, tmp_path: Path) -> None:
    act(world, tmp_path, BUYS + "\n      - {pays: Ann}")
    reaches(world, "Ann", reachable=False)
    with world.tuanzi.database.transaction() as session:
        order = session.scalars(select(Order)).one()
        merchant, now = order.merchant_id, world.tuanzi.clock.now()
        ship(session, merchant_id=merchant, order_id=order.id, tracking=None, now=now)
    act(world, tmp_path, "\n      - {later: 1 hour}")
    assert waiting(world) == []


@pytest.mark.parametrize("known", [True, False])
def test_who_blocked_us_before_it_left_or_just_then_is_told_elsewhere(
    world: World, tmp_path: Path, known: bool
) -> None:
    """Elsewhere: here the same chat, once it is open again."""
    act(world, tmp_path, BUYS + "\n      - {pays: Ann}")
    (row,) = receipts(world)
    with world.tuanzi.database.transaction() as session:  # as on a channel that is pushed to
        session.execute(update(OutboxRow).values(state=OutboxState.SENT))
        waits = update(OutboxRow).where(OutboxRow.id == row.id)
        session.execute(waits.values(state=OutboxState.PENDING, external_id=None))
    reaches(world, "Ann", reachable=not known)
    channels: dict[str, Channel] = {world.account.id: Blocked()}
    courier = Courier(world.tuanzi.database, world.tuanzi.clock, channels, Bell())
    asyncio.run(courier.drain())
    assert [one.state for one in receipts(world)] == ["skipped" if known else "failed"]
    act(world, tmp_path, "\n      - {later: 3 days}")
    assert len(receipts(world)) == 1
    reaches(world, "Ann", reachable=True)
    act(world, tmp_path, "\n      - {later: 1 day, as: Ann, utter: utter_receipt}")
    again = receipts(world)[-1]
    assert again.segments == row.segments
    assert again.not_after is not None


@pytest.mark.slow
def test_after_a_month_it_is_told_no_more(world: World, tmp_path: Path) -> None:
    act(world, tmp_path, BUYS)
    reaches(world, "Ann", reachable=False)
    act(world, tmp_path, "\n      - {pays: Ann}\n      - {later: 32 days}\n      - {later: 2 days}")
    assert waiting(world) == []
    assert receipts(world) == []
