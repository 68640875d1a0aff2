"""What leaves for WeChat when no call waits for it: windows, grants, and what it says no with."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.channels.wechat import WeChat
from bot.channels.wechat_rules import Rules
from bot.delivery.bell import Bell
from bot.delivery.courier import Courier
from bot.delivery.wechat_windows import Windows
from data.delivery import allowances, outbox
from data.delivery.allowances import Place
from data.delivery.messages import Card, OutboundMessage, Purpose, Segment, Text
from data.delivery.models import OutboxRow
from data.delivery.outbox import Letter, Origin
from data.kernel.clock import TurnableClock
from data.kernel.database import Database
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.merchants import ChannelAccount
from data.people import Chat, meet_chat
from integrations.http import Unreachable as NoAnswer
from integrations.wechat_errors import (
    NoPermission,
    NotSubscribed,
    QuotaReached,
    TokenExpired,
    WeChatError,
    WindowClosed,
)
from tests.bot.delivery.wechat import ANN, Platform
from tests.builders import NOW, a_merchant

REMINDER = {"reminder": {"id": "t1", "field": "thing1"}}


@dataclass(slots=True)
class Counter:
    """A courier, an official account whose platform does as it is told, and Ann's chat."""

    database: Database
    account: ChannelAccount
    chat: Chat
    clock: TurnableClock = field(default_factory=lambda: TurnableClock(NOW))
    platform: Platform = field(default_factory=Platform)

    def courier(self, *, speaks: bool = True, **rules: object) -> Courier:
        windows = Windows(self.database, self.clock, self.account.id)
        told = Rules.model_validate(rules)
        channel = WeChat(self.platform if speaks else None, windows, told)
        return Courier(self.database, self.clock, {self.account.id: channel}, Bell())

    def post(self, *segments: Segment, purpose: Purpose = Purpose.REPLY) -> None:
        with self.database.transaction() as session:
            letter = Letter(self.chat.id, OutboundMessage(segments, purpose=purpose))
            origin, now = Origin(new_id("msg")), self.clock.now()
            outbox.post(session, [letter], account=self.account, origin=origin, now=now)

    def open(self, uses: int, *, seconds: float = 60, source: str = "message") -> None:
        with self.database.transaction() as session:
            until = self.clock.now() + timedelta(seconds=seconds)
            allowances.open_window(
                session, place=self.place, source=source, uses=uses, until=until, now=NOW
            )

    def grant(self, source: str) -> None:
        with self.database.transaction() as session:
            allowances.grant(session, place=self.place, source=source, now=NOW)

    @property
    def place(self) -> Place:
        return Place(self.chat.merchant_id, self.chat.id)

    def left(self, *sources: str) -> int:
        with self.database.reading() as session:
            names = sources or ("touch", "message")
            now = self.clock.now()
            return allowances.left(session, chat_id=self.chat.id, sources=names, now=now)

    def carry(self, **rules: object) -> list[tuple[str, str]]:
        """Send until nothing is due; how each message ended."""
        courier = self.courier(**rules)  # type: ignore[arg-type]  # `speaks` is a bool
        while asyncio.run(courier.drain()):
            pass
        with self.database.reading() as session:
            rows = session.scalars(select(OutboxRow).order_by(OutboxRow.id))
            return [(row.state, row.error) for row in rows]

    def is_open(self) -> bool:
        with self.database.reading() as session:
            return session.get_one(Chat, self.chat.id).reachable


@pytest.fixture
def counter(database: Database) -> Counter:
    with database.transaction() as session:
        merchant = a_merchant(session)
        account = ChannelAccount(
            id=new_id("acc"),
            merchant_id=merchant.id,
            channel="wechat",
            external_id="wx1",
            settings={},
            created_at=NOW,
        )
        session.add(account)
        session.flush()
        chat = meet_chat(
            session, account=account, external_id=ANN, kind="private", title="", now=NOW
        )
    return Counter(database, account, chat)


def test_each_message_uses_up_one_of_what_the_window_holds(counter: Counter) -> None:
    counter.open(2)
    for text in ("one", "two", "three"):
        counter.post(Text(text))
    ends = counter.carry()
    assert ends == [("sent", ""), ("sent", ""), ("failed", "NotAllowed no_window")]
    assert counter.platform.said == [(ANN, "one"), (ANN, "two")]
    assert counter.is_open()  # the next one may be said when they have written again


def test_the_window_that_ends_first_is_used_first(counter: Counter) -> None:
    counter.open(1, seconds=48 * 3600)
    counter.open(1, seconds=60, source="touch")
    counter.post(Text("one"))
    counter.carry()
    assert (counter.left("touch"), counter.left("message")) == (0, 1)


def test_a_window_that_is_over_holds_nothing(counter: Counter) -> None:
    counter.open(3, seconds=60)
    counter.clock.turn_to(NOW + timedelta(seconds=61))
    counter.post(Text("late"))
    assert counter.carry() == [("failed", "NotAllowed no_window")]
    assert counter.platform.said == []


def test_a_reminder_goes_by_the_template_that_was_granted_once(counter: Counter) -> None:
    counter.grant("template:t1")
    for _ in range(2):
        text = Text("妈妈的生日就在下个星期天，要不要看看礼物？https://shop.example/g/1")
        counter.post(text, purpose=Purpose.REMINDER)
    ends = counter.carry(templates=REMINDER)
    assert ends == [("sent", ""), ("failed", "NotAllowed no_window")]
    value = {"thing1": {"value": "妈妈的生日就在下个星期天，要不要看看礼物"}}
    assert counter.platform.templates == [("granted", "t1", value, "https://shop.example/g/1")]


def test_an_open_window_spares_the_grant(counter: Counter) -> None:
    counter.grant("template:t1")
    counter.open(1)
    counter.post(Text("soon"), purpose=Purpose.REMINDER)
    counter.carry(templates=REMINDER)
    assert (counter.left("template:t1"), counter.platform.templates) == (1, [])


def test_a_template_for_another_purpose_is_not_used(counter: Counter) -> None:
    counter.grant("template:t1")
    counter.post(Text("buy more"), purpose=Purpose.MARKETING)
    assert counter.carry(templates=REMINDER) == [("failed", "NotAllowed no_window")]


def test_a_template_that_needs_no_grant_needs_none(counter: Counter) -> None:
    always = {"transactional": {"id": "t2", "field": "first", "granted": False, "longest": 4}}
    counter.post(Text("已发货：顺丰"), purpose=Purpose.TRANSACTIONAL)
    assert counter.carry(templates=always) == [("sent", "")]
    assert counter.platform.templates == [("template", "t2", {"first": {"value": "已发货："}}, "")]


def test_without_an_app_secret_nothing_is_said_first(counter: Counter) -> None:
    counter.open(5)
    counter.post(Text("hello"))
    assert counter.carry(speaks=False) == [("failed", "NotAllowed answers_only")]
    assert counter.left() == 5


def test_wechat_counts_otherwise_and_is_right(counter: Counter) -> None:
    counter.open(5)
    counter.platform.refusals.append(WindowClosed(45015))
    counter.post(Text("one"))
    assert counter.carry() == [("failed", "NotAllowed no_window")]
    assert counter.left() == 0


def test_a_window_that_wechat_has_closed_leaves_the_grant(counter: Counter) -> None:
    counter.open(5)
    counter.grant("template:t1")
    counter.platform.refusals.append(WindowClosed(45047))
    counter.post(Text("soon"), purpose=Purpose.REMINDER)
    assert counter.carry(templates=REMINDER) == [("sent", "")]
    assert len(counter.platform.templates) == 1


def test_who_does_not_follow_us_any_more_is_out_of_reach(counter: Counter) -> None:
    counter.open(5)
    counter.platform.refusals.append(NotSubscribed(43004))
    counter.post(Text("one"))
    assert counter.carry() == [("failed", "Unreachable not_subscribed")]
    assert not counter.is_open()


@pytest.mark.parametrize(
    ("refusal", "end", "left"),
    [
        (NoPermission(48001), ("failed", "NotAllowed no_permission"), 5),
        (WeChatError(40003), ("failed", "Rejected 40003"), 5),
        (WeChatError(-1), ("pending", "Undeliverable WeChatError"), 5),
        (TokenExpired(42001), ("pending", "Undeliverable token"), 5),
        (QuotaReached(45009), ("pending", "Throttled 3600.0s"), 5),
        (NoAnswer("ReadTimeout"), ("pending", "Undeliverable Unreachable"), 4),  # it may be there
    ],
)
def test_each_refusal_is_understood(
    counter: Counter, refusal: Exception, end: tuple[str, str], left: int
) -> None:
    counter.open(5)
    counter.platform.refusals.append(refusal)
    counter.post(Text("one"))
    assert counter.carry() == [end]
    assert counter.left() == left


def test_after_a_refusal_in_the_middle_it_goes_on_from_there(counter: Counter) -> None:
    counter.open(5)
    picture = "https://shop.example/media/tea.png"
    card = Card("p1", "Tea", Money(8800, "CNY"), "¥88.00", image=picture)
    counter.post(Text("Look:"), card)
    courier = counter.courier()
    counter.platform.refusals += [WeChatError(-1)]
    asyncio.run(courier.drain())
    counter.clock.turn_to(NOW + timedelta(seconds=10))
    counter.carry()
    assert [said.split(":")[0] for _, said in counter.platform.said] == ["Look", '{"articles"']
    assert counter.left() == 3


def test_a_chat_that_nobody_knows_has_no_window(counter: Counter) -> None:
    windows = Windows(counter.database, counter.clock, counter.account.id)
    assert windows.spend("o_nobody", ["message"]) is None
    windows.close("o_nobody", ["message"])
    windows.give_back("o_nobody", "message")
