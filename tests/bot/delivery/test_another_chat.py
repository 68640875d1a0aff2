"""What a messenger does not let us say comes in another private chat of that person, once."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.channels.adapter import Channel, NotAllowed, Parcel
from bot.channels.messages import Capabilities
from bot.delivery.another_chat import AnotherChat
from bot.delivery.bell import Bell
from bot.delivery.courier import Courier
from bot.demo.clock import clock_of
from bot.play.world import World
from data.conversations import OfferedOption
from data.delivery.messages import Option, Options, OutboundMessage, Purpose, Text
from data.delivery.models import OutboxRow
from data.delivery.outbox import Letter, Origin
from data.kernel.ids import new_id
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from data.people import (
    Asked,
    Chat,
    ConsentPurpose,
    Person,
    grant_consent,
    meet,
    meet_chat,
    note_member,
)
from data.people.models import ChannelIdentity
from dialogs.letters import send
from tests.bot.delivery.test_waking import NOW
from tests.worlds import world_at

world = world_at(NOW)


@dataclass(slots=True)
class Shut:
    """A messenger whose windows are closed."""

    asked: list[Parcel] = field(default_factory=list)

    def can(self, kind: str) -> Capabilities:
        return Capabilities()

    async def deliver(self, parcel: Parcel) -> tuple[str, ...]:
        self.asked.append(parcel)
        raise NotAllowed("no_window")


@dataclass(slots=True)
class Linked:
    """Ann on WeChat, in the app, and in a group of it."""

    world: World
    wechat: ChannelAccount
    person: str
    chats: dict[str, str]
    shut: Shut = field(default_factory=Shut)

    def post(self, where: str, purpose: Purpose) -> None:
        options = Options((Option("Yes", "/StartFlow(gift_finder)"),))
        message = OutboundMessage((Text("your CANARY is paid"), options), purpose=purpose)
        with self.world.tuanzi.database.transaction() as session:
            letter = Letter(self.chats[where], message, person_id=self.person)
            origin = Origin(new_id("test"))
            send(session, [letter], account=self.wechat, origin=origin, now=NOW)

    def carry(self) -> list[tuple[str, str, str]]:
        """Chat, state and reason of all that was to be said."""
        tuanzi = self.world.tuanzi
        channels: dict[str, Channel] = {self.wechat.id: self.shut}
        courier = Courier(
            tuanzi.database, tuanzi.clock, channels, Bell(), AnotherChat(tuanzi.house)
        )
        while asyncio.run(courier.drain()):
            pass
        names = {chat: name for name, chat in self.chats.items()}
        with tuanzi.database.reading() as session:
            rows = session.scalars(select(OutboxRow).order_by(OutboxRow.id))
            return [(names[row.chat_id], row.state, row.error) for row in rows]


@pytest.fixture
def ann(world: World) -> Linked:
    with world.tuanzi.database.transaction() as session:
        wechat = ChannelAccount(
            id=new_id("acc"),
            merchant_id=world.account.merchant_id,
            channel="wechat",
            external_id="wx1",
            settings={},
            created_at=NOW,
        )
        session.add(wechat)
        session.flush()
        app = session.get_one(ChannelAccount, world.account.id)
        person = meet(
            session, account=app, external_id="ann", name="Ann", locale=Locale.EN, now=NOW
        )
        identity = {"merchant_id": app.merchant_id, "person_id": person.id}
        session.add(ChannelIdentity(account_id=wechat.id, external_id="o-ann", **identity))
        asked = Asked("t-1", Locale.EN, "wechat", "m")
        grant_consent(
            session, person=person, purpose=ConsentPurpose.REMINDERS, asked=asked, now=NOW
        )
        chats = {}
        for name, account, kind in (
            ("wechat", wechat, "private"), ("app", app, "private"), ("group", app, "group"),
            ("wechat group", wechat, "group"),
        ):  # fmt: skip
            chat = meet_chat(
                session, account=account, external_id=name, kind=kind, title="", now=NOW
            )
            note_member(session, chat=chat, person=person, now=NOW)
            chats[name] = chat.id
    return Linked(world, wechat, person.id, chats)


GONE = ("wechat", "skipped", "elsewhere")


@pytest.mark.parametrize("purpose", [Purpose.TRANSACTIONAL, Purpose.REMINDER])
def test_what_they_bought_or_asked_for_comes_in_their_other_chat_once(
    ann: Linked, purpose: Purpose
) -> None:
    ann.post("wechat", purpose)
    assert ann.carry() == [GONE, ("app", "sent", "")]
    assert ann.carry() == [GONE, ("app", "sent", "")]
    assert len(ann.shut.asked) == 1
    with ann.world.tuanzi.database.reading() as session:
        row = session.scalars(select(OutboxRow).order_by(OutboxRow.id.desc())).first()
        assert row is not None
        why, said, options = row.segments
        assert why["text"].startswith("WeChat does not let me write to you there")
        assert said["text"] == "your CANARY is paid"
        (option,) = options["options"]
        here = session.scalars(
            select(OfferedOption).where(OfferedOption.token == option["payload"])
        ).one()
        assert (here.chat_id, here.person_id) == (ann.chats["app"], ann.person)
        assert here.payload == "/StartFlow(gift_finder)"


@pytest.mark.parametrize(
    ("where", "purpose"),
    [
        ("wechat", Purpose.MARKETING),
        ("wechat", Purpose.REPLY),
        ("wechat group", Purpose.TRANSACTIONAL),
    ],
)
def test_nothing_else_does(ann: Linked, where: str, purpose: Purpose) -> None:
    with ann.world.tuanzi.database.transaction() as session:
        person = session.get_one(Person, ann.person)
        asked = Asked("t-1", Locale.EN, "wechat", "m")
        grant_consent(
            session, person=person, purpose=ConsentPurpose.MARKETING, asked=asked, now=NOW
        )
    ann.post(where, purpose)
    assert ann.carry() == [(where, "failed", "NotAllowed no_window")]


def test_a_group_is_no_other_chat_of_theirs(ann: Linked) -> None:
    with ann.world.tuanzi.database.transaction() as session:
        session.get_one(Chat, ann.chats["app"]).reachable = False
    ann.post("wechat", Purpose.TRANSACTIONAL)
    assert ann.carry() == [("wechat", "failed", "NotAllowed no_window")]


def test_a_no_to_reminders_holds_there_too(ann: Linked) -> None:
    ann.post("wechat", Purpose.REMINDER)
    with ann.world.tuanzi.database.transaction() as session:
        session.get_one(Person, ann.person).opted_out_at = NOW
    assert ann.carry() == [("wechat", "skipped", "opted_out")]


def test_at_night_it_waits_for_the_morning_and_holds_up_nothing_behind_it(ann: Linked) -> None:
    clock = clock_of(ann.world.tuanzi)
    clock.advance(timedelta(hours=13))  # 23 o'clock where she lives
    ann.post("wechat", Purpose.REMINDER)
    ann.post("wechat", Purpose.TRANSACTIONAL)
    waits = ("wechat", "pending", "paused")
    assert ann.carry() == [waits, GONE, ("app", "sent", "")]
    clock.advance(timedelta(hours=8))
    assert ann.carry() == [waits, GONE, ("app", "sent", "")]
    assert len(ann.shut.asked) == 2
    clock.advance(timedelta(hours=2))
    assert ann.carry() == [GONE, GONE, ("app", "sent", ""), ("app", "sent", "")]


def test_what_would_be_too_late_in_the_morning_is_not_said(ann: Linked) -> None:
    clock = clock_of(ann.world.tuanzi)
    clock.advance(timedelta(hours=13))
    ann.post("wechat", Purpose.REMINDER)
    with ann.world.tuanzi.database.transaction() as session:
        session.execute(update(OutboxRow).values(not_after=clock.now() + timedelta(hours=1)))
    assert ann.carry() == [("wechat", "pending", "paused")]
    clock.advance(timedelta(hours=10))
    assert ann.carry() == [("wechat", "skipped", "expired")]
