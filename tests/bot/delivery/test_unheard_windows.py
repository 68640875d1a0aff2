"""A receipt that WeChat does not let us say waits until its buyer opens a window; told once."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.channels.adapter import Channel
from bot.channels.wechat import WeChat
from bot.channels.wechat_rules import Rules
from bot.delivery.another_chat import AnotherChat
from bot.delivery.bell import Bell
from bot.delivery.courier import Courier
from bot.delivery.unheard import window_opened
from bot.delivery.wechat_windows import Windows
from bot.demo.clock import clock_of, settle
from bot.play.world import World
from data.delivery import allowances
from data.delivery.allowances import Place
from data.delivery.models import OutboxRow
from data.merchants import ChannelAccount
from data.orders import Order, ship
from data.people import Chat
from tests.bot.delivery.test_unheard_money import receipts, waiting
from tests.bot.delivery.test_waking import BUYS, NOW, act
from tests.bot.delivery.wechat import Platform
from tests.worlds import world_at

world = world_at(NOW)


class Desk:
    """Ann has bought, and her only chat is one of an official account whose window is shut. The
    adapter is the real one; WeChat's own interface takes everything."""

    def __init__(self, world: World) -> None:
        self.world, self.platform = world, Platform()
        with world.tuanzi.database.transaction() as session:
            account = update(ChannelAccount).where(ChannelAccount.id == world.account.id)
            session.execute(account.values(channel="wechat"))
            chats = select(Chat).where(Chat.external_id == "Ann", Chat.kind == "private")
            chat = session.scalars(chats).one()
            self.place = Place(chat.merchant_id, chat.id)

    def carry(self) -> list[tuple[str, str]]:
        """All that is to be said is tried; gives state and reason of each receipt."""
        tuanzi = self.world.tuanzi
        windows = Windows(tuanzi.database, tuanzi.clock, self.world.account.id)
        channels: dict[str, Channel] = {
            self.world.account.id: WeChat(self.platform, windows, Rules())
        }
        courier = Courier(
            tuanzi.database, tuanzi.clock, channels, Bell(), AnotherChat(tuanzi.house)
        )
        while asyncio.run(courier.drain()):
            pass
        return [(row.state, row.error) for row in receipts(self.world)]

    def later(self, by: timedelta) -> None:
        clock_of(self.world.tuanzi).advance(by)
        asyncio.run(settle(self.world.tuanzi))

    def writes(self, *, uses: int = 5) -> None:
        """Ann does something: WeChat lets us speak for 48 hours."""
        now = self.world.tuanzi.clock.now()
        with self.world.tuanzi.database.transaction() as session:
            until = now + timedelta(hours=48)
            allowances.open_window(
                session, place=self.place, source="message", uses=uses, until=until, now=now
            )
            window_opened(session, chat_id=self.place.chat_id, now=now)
        asyncio.run(settle(self.world.tuanzi))


@pytest.fixture
def ann(world: World, tmp_path: Path) -> Desk:
    act(world, tmp_path, BUYS)
    desk = Desk(world)
    act(world, tmp_path, "\n      - {pays: Ann}")
    return desk


SHUT = ("failed", "NotAllowed no_window")


def test_a_receipt_waits_for_the_window_and_comes_once_as_soon_as_it_opens(ann: Desk) -> None:
    assert ann.carry() == [SHUT]
    (kept,) = waiting(ann.world)
    for _ in range(9):
        ann.later(timedelta(days=1))
    assert ann.carry() == [SHUT]  # while it is shut nothing is posted that would only fail
    assert len(waiting(ann.world)) == 1
    ann.writes()
    assert ann.carry() == [SHUT, ("sent", "")]
    said = [text for _, text in ann.platform.said]
    assert len(said) == 1
    assert receipts(ann.world)[1].segments[0] == kept.args["segments"][0]
    for _ in range(3):
        ann.later(timedelta(days=1))
        ann.writes()
    assert ann.carry() == [SHUT, ("sent", "")]
    assert waiting(ann.world) == []


def test_a_window_that_wechat_counts_otherwise_is_waited_for_again(ann: Desk) -> None:
    ann.carry()
    ann.writes(uses=1)
    with ann.world.tuanzi.database.transaction() as session:
        allowances.revoke(session, chat_id=ann.place.chat_id, sources=["message"])
    assert ann.carry() == [SHUT, SHUT]
    assert len(waiting(ann.world)) == 1
    ann.later(timedelta(hours=2))
    ann.writes()
    assert ann.carry() == [SHUT, SHUT, ("sent", "")]
    assert waiting(ann.world) == []


def test_what_is_not_about_money_does_not_wait_for_a_window(ann: Desk) -> None:
    ann.writes()
    assert ann.carry() == [("sent", "")]
    tuanzi = ann.world.tuanzi
    ann.later(timedelta(days=3))
    with tuanzi.database.transaction() as session:
        order = session.scalars(select(Order)).one()
        merchant = order.merchant_id
        ship(
            session, merchant_id=merchant, order_id=order.id, tracking=None, now=tuanzi.clock.now()
        )
    asyncio.run(settle(tuanzi))
    ann.carry()
    with tuanzi.database.reading() as session:
        last = session.scalars(select(OutboxRow).order_by(OutboxRow.id.desc())).first()
    assert last is not None
    assert (last.state, last.error) == SHUT
    assert last.response != "utter_receipt"
    assert waiting(ann.world) == []


def test_after_a_month_it_is_told_no_more(ann: Desk) -> None:
    ann.carry()
    for _ in range(33):
        ann.later(timedelta(days=1))
    assert waiting(ann.world) == []
    ann.writes()
    assert ann.carry() == [SHUT]
