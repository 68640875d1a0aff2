"""The courier: in order within a chat, delayed by no other, nothing lost and nothing too late."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.adapter import (
    Migrated,
    Parcel,
    Rejected,
    Throttled,
    Undeliverable,
    Unreachable,
)
from bot.channels.messages import Capabilities
from bot.delivery.bell import Bell
from bot.delivery.courier import Courier
from data.conversations import Conversation, Mode, resume, set_mode
from data.delivery import outbox, sending
from data.delivery.bills import bills_in, make_live
from data.delivery.messages import (
    GroupBuyCard,
    Option,
    Options,
    OutboundMessage,
    PaymentLink,
    Purpose,
    Segment,
    Text,
)
from data.delivery.models import OutboxRow
from data.delivery.outbox import Letter, Origin
from data.kernel.clock import TurnableClock
from data.kernel.database import Database
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.merchants import ChannelAccount, Merchant
from data.people import Asked, Chat, ConsentPurpose, Person, grant_consent, meet_chat, opt_out
from dialogs.handing_over import hand_over
from dialogs.notices.bills import BILL as PAID_BILL
from dialogs.pool_card import RESPONSE
from tests.builders import NOW, a_merchant, a_person

LIVE = "team:1"


@dataclass(slots=True)
class Messenger:
    """A channel that takes everything, unless it was told what to raise next in a chat."""

    shown: list[Parcel] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    troubles: dict[str, list[Exception]] = field(default_factory=dict)
    edits: bool = True

    def can(self, _kind: str) -> Capabilities:
        return Capabilities(max_text=4096, edits=self.edits)

    async def deliver(self, parcel: Parcel) -> tuple[str, ...]:
        trouble = self.troubles.get(parcel.chat)
        if trouble:
            raise trouble.pop(0)
        self.shown.append(parcel)
        self.arrived.set()
        return parcel.edit_of or (str(len(self.shown)),)

    def texts(self, chat: str | None = None) -> list[str]:
        return [
            getattr(parcel.segments[0], "text", "")
            for parcel in self.shown
            if chat in (None, parcel.chat)
        ]


@dataclass(slots=True)
class Counter:
    """A courier at work, its messenger, and a hand that puts messages into the outbox."""

    database: Database
    clock: TurnableClock
    messenger: Messenger
    courier: Courier
    account: ChannelAccount
    merchant: Merchant

    def chat(self, name: str, kind: str = "private") -> Chat:
        with self.database.transaction() as session:
            return meet_chat(
                session,
                account=self.account,
                external_id=name,
                kind=kind,
                title="",
                now=self.clock.now(),
            )

    def post(
        self,
        chat: Chat,
        *segments: Segment,
        account: ChannelAccount | None = None,
        person: Person | None = None,
        conversation: str | None = None,
        **about: object,
    ) -> None:
        message = OutboundMessage(segments, **about)  # type: ignore[arg-type]  # its own fields
        with self.database.transaction() as session:
            outbox.post(
                session,
                [Letter(chat.id, message, person_id=person.id if person else None)],
                account=account or self.account,
                origin=Origin(new_id("msg"), conversation),
                now=self.clock.now(),
            )

    def card(self, chat: Chat, have: int, state: str = "open", *, of: int = 3) -> None:
        card = GroupBuyCard(
            id="1",
            title="Tea",
            have=have,
            need=of - have,
            price=Money(8800, "CNY"),
            deadline=NOW,
            state=state,
            text=f"{have} of {of}",
        )
        self.post(chat, card, coalesce_key=LIVE, purpose=Purpose.TRANSACTIONAL)

    def carry(self, *, after: float = 0) -> None:
        """Turn the clock, then send until nothing is due."""
        self.clock.turn_to(self.clock.now() + timedelta(seconds=after))
        while asyncio.run(self.courier.drain()):
            pass

    def rows(self) -> list[OutboxRow]:
        with self.database.reading() as session:
            return list(session.scalars(select(OutboxRow).order_by(OutboxRow.id)))

    def states(self) -> list[str]:
        return [row.state for row in self.rows()]


@pytest.fixture
def counter(each_database: Database) -> Counter:
    with each_database.transaction() as session:
        merchant = a_merchant(session)
        account = an_account(session, merchant, "7")
    clock, messenger = TurnableClock(NOW), Messenger()
    courier = Courier(each_database, clock, {account.id: messenger}, Bell())
    return Counter(each_database, clock, messenger, courier, account, merchant)


def an_account(session: Session, merchant: Merchant, external_id: str) -> ChannelAccount:
    account = ChannelAccount(
        id=new_id("acc"),
        merchant_id=merchant.id,
        channel="telegram",
        external_id=external_id,
        created_at=NOW,
    )
    session.add(account)
    session.flush()
    return account


def test_messages_of_a_chat_arrive_in_the_order_they_were_said(counter: Counter) -> None:
    ann = counter.chat("ann")
    for word in ("one", "two", "three"):
        counter.post(ann, Text(word))
    counter.carry()
    assert counter.messenger.texts() == ["one", "two", "three"]


def test_a_throttled_chat_waits_in_order_and_delays_no_other(counter: Counter) -> None:
    group, ann = counter.chat("group", "group"), counter.chat("ann")
    counter.messenger.troubles["group"] = [Throttled(7)]
    for word in ("one", "two"):
        counter.post(group, Text(word))
    counter.post(ann, Text("hello"))
    counter.carry()
    assert counter.messenger.texts() == ["hello"]
    counter.carry(after=6)
    assert counter.messenger.texts() == ["hello"]
    counter.carry(after=1)
    assert counter.messenger.texts("group") == ["one", "two"]
    assert [row.attempts for row in counter.rows()] == [1, 1, 1]  # waiting is no try


def test_a_counter_is_edited_every_five_seconds_and_only_to_its_newest_state(
    counter: Counter,
) -> None:
    group = counter.chat("group", "group")
    for have in (0, 1):
        counter.card(group, have)
        counter.carry()
    for have in (2, 3, 4):
        counter.card(group, have)
    counter.carry(after=1)
    assert counter.messenger.texts() == ["0 of 3", "1 of 3"]
    counter.carry(after=4)
    assert counter.messenger.texts() == ["0 of 3", "1 of 3", "4 of 3"]
    assert [parcel.edit_of for parcel in counter.messenger.shown] == [(), ("1",), ("1",)]
    assert counter.states() == ["sent", "sent", "skipped", "skipped", "sent"]


def test_a_counter_that_waits_holds_up_nothing_else_that_is_said(counter: Counter) -> None:
    group = counter.chat("group", "group")
    for have in (0, 1, 2):
        counter.card(group, have)
        counter.carry()
    counter.post(group, Text("Jun is in"))
    counter.carry()
    assert counter.messenger.texts() == ["0 of 3", "1 of 3", "Jun is in"]


def test_the_last_word_of_a_counter_is_said_at_once(counter: Counter) -> None:
    group = counter.chat("group", "group")
    for have in (0, 1, 2):
        counter.card(group, have)
        counter.carry()
    counter.card(group, 3, state="success")
    counter.carry()
    assert counter.messenger.texts() == ["0 of 3", "1 of 3", "3 of 3"]
    counter.carry(after=10)
    assert counter.messenger.texts()[3:] == []


def test_where_nothing_can_be_changed_a_counter_is_said_at_its_milestones(
    counter: Counter,
) -> None:
    counter.messenger.edits = False
    chat = counter.chat("ann")
    for have in range(1, 10):
        counter.card(chat, have, of=10)
        counter.carry(after=60)
    counter.card(chat, 10, "completed", of=10)
    counter.carry(after=60)
    shown = ["1 of 10", "5 of 10", "9 of 10", "10 of 10"]
    assert counter.messenger.texts() == shown
    assert not any(parcel.edit_of for parcel in counter.messenger.shown)


def test_where_nothing_can_be_changed_a_present_is_told_of_at_its_beginning_and_its_end(
    counter: Counter,
) -> None:
    counter.messenger.edits = False
    chat = counter.chat("ann")
    give = Options((Option("Chip in", "/Act(action_chip_in, pool=pol_1)"),))
    about = {"coalesce_key": "pool:1", "response": RESPONSE, "purpose": Purpose.TRANSACTIONAL}
    for raised in (0, 50, 100):
        counter.post(chat, Text(f"{raised} of 168"), give, **about)
        counter.carry(after=60)
    counter.post(chat, Text("The present is ordered"), **about)
    counter.carry(after=60)
    assert [text for text in counter.messenger.texts() if "1" in text or "ordered" in text] == [
        "0 of 168",
        "The present is ordered",
    ]


def test_a_message_that_arrived_in_part_goes_on_where_it_stopped(counter: Counter) -> None:
    ann = counter.chat("ann")
    trouble = Throttled(3)
    trouble.shown = ("11", "12")
    counter.messenger.troubles["ann"] = [trouble]
    counter.post(ann, Text("long"))
    counter.carry()
    counter.carry(after=3)
    assert [parcel.shown for parcel in counter.messenger.shown] == [("11", "12")]


def test_a_blocked_chat_is_written_to_no_more(counter: Counter) -> None:
    ann = counter.chat("ann")
    counter.messenger.troubles["ann"] = [Unreachable("blocked")]
    counter.post(ann, Text("one"))
    counter.post(ann, Text("two"))
    counter.carry()
    assert counter.messenger.texts() == []
    assert [(row.state, row.error.split()[0]) for row in counter.rows()] == [
        ("failed", "Unreachable"),
        ("skipped", "unreachable"),
    ]
    with counter.database.reading() as session:
        assert session.get_one(Chat, ann.id).reachable is False


def test_a_group_that_moved_goes_on_in_its_new_place(counter: Counter) -> None:
    group = counter.chat("-4321", "group")
    counter.messenger.troubles["-4321"] = [Migrated("-1001")]
    counter.post(group, Text("one"))
    counter.carry()
    counter.carry(after=1)
    assert counter.messenger.texts("-1001") == ["one"]


def test_a_group_that_moved_takes_over_from_whoever_spoke_there_first(counter: Counter) -> None:
    group = counter.chat("-4321", "group")
    newcomer = counter.chat("-1001", "group")
    counter.messenger.troubles["-4321"] = [Migrated("-1001")]
    counter.messenger.troubles["-1001"] = [Throttled(5)]
    counter.post(group, Text("from before"))
    counter.post(newcomer, Text("said meanwhile"))
    counter.carry()
    for _ in range(3):
        counter.carry(after=6)
    assert sorted(counter.messenger.texts("-1001")) == ["from before", "said meanwhile"]
    with counter.database.reading() as session:
        assert session.get_one(Chat, group.id).external_id == "-1001"


def test_a_messenger_that_is_away_for_an_hour_loses_nothing(counter: Counter) -> None:
    ann = counter.chat("ann")
    counter.messenger.troubles["ann"] = [Undeliverable("TimedOut") for _ in range(6)]
    counter.post(ann, Text("still there"))
    for _ in range(7):
        counter.carry(after=600)
    assert counter.messenger.texts() == ["still there"]


def test_after_a_day_a_message_is_a_dead_letter(counter: Counter) -> None:
    ann = counter.chat("ann")
    counter.messenger.troubles["ann"] = [Undeliverable("TimedOut") for _ in range(40)]
    counter.post(ann, Text("too late"))
    counter.carry()
    counter.carry(after=24 * 3600)
    assert counter.states() == ["failed"]


@pytest.mark.parametrize("trouble", [Rejected("no"), KeyError("our own mistake")])
def test_what_can_never_be_sent_makes_way_for_the_next(
    counter: Counter, trouble: Exception
) -> None:
    ann = counter.chat("ann")
    counter.messenger.troubles["ann"] = [trouble] * 3
    if isinstance(trouble, Rejected):
        counter.messenger.troubles["ann"] = [trouble]
    counter.post(ann, Text("broken"))
    counter.post(ann, Text("fine"))
    for _ in range(4):
        counter.carry(after=2)
    assert counter.messenger.texts() == ["fine"]
    assert counter.states() == ["failed", "sent"]


def test_accounts_nobody_serves_here_do_not_stand_in_the_way(counter: Counter) -> None:
    with counter.database.transaction() as session:
        elsewhere = an_account(session, counter.merchant, "8")
    for number in range(60):
        counter.post(counter.chat(f"other-{number}"), Text("…"), account=elsewhere)
    counter.post(counter.chat("ann"), Text("hello"))
    counter.carry()
    assert counter.messenger.texts() == ["hello"]


def test_what_came_too_late_is_not_said(counter: Counter) -> None:
    counter.post(counter.chat("ann"), Text("today only"), not_after=NOW + timedelta(hours=1))
    counter.carry(after=3600)
    assert (counter.messenger.texts(), counter.states()) == ([], ["skipped"])


@dataclass(slots=True)
class Talk:
    """A conversation in which the bot speaks until a colleague takes it over."""

    counter: Counter
    chat: Chat
    id: str

    def say(self, text: str, purpose: Purpose = Purpose.REPLY) -> None:
        self.counter.post(self.chat, Text(text), conversation=self.id, purpose=purpose)

    def turn(self, mode: Mode, *, now: datetime = NOW) -> None:
        with self.counter.database.transaction() as session:
            conversation = session.get_one(Conversation, self.id)
            if mode is Mode.HUMAN:
                hand_over(session, conversation, now=now)
            else:
                set_mode(session, conversation_id=self.id, mode=mode, now=now)


@pytest.fixture
def talk(counter: Counter) -> Talk:
    chat = counter.chat("ann")
    with counter.database.transaction() as session:
        person = a_person(session, counter.merchant)
        conversation = resume(
            session,
            merchant_id=counter.merchant.id,
            chat_id=chat.id,
            person_id=person.id,
            now=NOW,
        )
    return Talk(counter, chat, conversation.id)


@pytest.mark.parametrize("meanwhile", [timedelta(), timedelta(seconds=1)])
def test_a_thought_from_before_the_takeover_is_not_said_after_it(
    talk: Talk, meanwhile: timedelta
) -> None:
    """Nor if it is of a turn that was committed while the colleague's click was on its way."""
    talk.counter.clock.turn_to(NOW + meanwhile)
    talk.say("bot")
    talk.say("your receipt", Purpose.TRANSACTIONAL)
    talk.turn(Mode.HUMAN)
    talk.counter.carry(after=1)
    assert talk.counter.messenger.texts() == ["your receipt"]
    assert talk.counter.states() == ["skipped", "sent"]


def test_a_thought_from_before_the_takeover_is_not_said_when_the_bot_is_back(talk: Talk) -> None:
    talk.say("bot, before")
    talk.turn(Mode.HUMAN)
    talk.turn(Mode.BOT, now=NOW + timedelta(minutes=5))
    talk.say("bot, after")
    talk.counter.carry(after=1)
    assert talk.counter.messenger.texts() == ["bot, after"]


def test_a_thought_that_was_on_its_way_at_the_takeover_is_not_tried_again(talk: Talk) -> None:
    talk.say("bot")
    with talk.counter.database.transaction() as session:
        (row,) = session.scalars(select(OutboxRow))
        assert sending.lease(session, row=row, until=NOW + timedelta(minutes=2), now=row.due_at)
    talk.turn(Mode.HUMAN)
    talk.counter.carry(after=300)
    assert (talk.counter.messenger.texts(), talk.counter.states()) == ([], ["skipped"])


def test_the_sentence_that_a_colleague_comes_is_said_and_so_is_what_they_write(talk: Talk) -> None:
    talk.turn(Mode.HUMAN)
    talk.say("somebody will help you")
    talk.counter.clock.turn_to(NOW + timedelta(minutes=1))
    talk.say("hello, this is Mei")
    talk.counter.carry()
    assert talk.counter.messenger.texts() == ["somebody will help you", "hello, this is Mei"]


def test_who_says_stop_gets_not_even_the_reminder_that_waits_already(counter: Counter) -> None:
    chat = counter.chat("ann")
    with counter.database.transaction() as session:
        person = a_person(session, counter.merchant)
        asked = Asked(text_version="1", locale="en", channel="telegram", message_id="1")
        grant_consent(
            session, person=person, purpose=ConsentPurpose.REMINDERS, asked=asked, now=NOW
        )
    counter.post(chat, Text("birthday!"), person=person, purpose=Purpose.REMINDER)
    with counter.database.transaction() as session:
        opt_out(session, person=session.get_one(Person, person.id), now=NOW)
    counter.post(chat, Text("your receipt"), person=person, purpose=Purpose.TRANSACTIONAL)
    counter.carry()
    assert counter.messenger.texts() == ["your receipt"]


def test_a_nudge_held_up_into_the_night_wakes_nobody(counter: Counter) -> None:
    group = counter.chat("buyers", kind="group")
    with counter.database.transaction() as session:
        person = a_person(session, counter.merchant)
    counter.clock.turn_to(datetime(2026, 11, 22, 13, 59, tzinfo=UTC))  # a minute to ten
    counter.post(group, Text("still open"), purpose=Purpose.NUDGE)
    counter.carry()
    counter.post(group, Text("too late"), purpose=Purpose.NUDGE)
    counter.post(counter.chat("ann"), Text("late too"), person=person, purpose=Purpose.NUDGE)
    counter.carry(after=120)
    assert counter.messenger.texts() == ["still open"]
    assert [row.error for row in counter.rows()] == ["", "quiet_hours", "quiet_hours"]


BILL = PaymentLink("https://shop.example/pay/t", "ord_1", Money(8800, "CNY"), "Pay")


def _is_paid(counter: Counter, chat: Chat) -> list[str]:
    """What a receipt does with the bills of its order; the texts that replace them."""
    with counter.database.transaction() as session:
        bills = bills_in(session, chat_id=chat.id, order_id="ord_1")
        keys = [make_live(session, row) for row in bills]
        assert [make_live(session, row) for row in bills] == [None] * len(bills)  # told twice
    for key in filter(None, keys):
        counter.post(chat, Text("paid"), coalesce_key=key, response=PAID_BILL)
    return [key for key in keys if key]


def test_a_bill_that_is_paid_is_changed_where_it_stands(counter: Counter) -> None:
    chat = counter.chat("ann")
    counter.post(chat, Text("please pay"), BILL)
    counter.post(chat, Text("another"), replace(BILL, order_id="ord_2"))
    counter.carry()
    counter.post(chat, Text("the same again, not sent yet"), BILL)
    assert len(_is_paid(counter, chat)) == 1
    counter.carry()
    changed = [parcel for parcel in counter.messenger.shown if parcel.edit_of]
    assert [parcel.segments for parcel in changed] == [(Text("paid"),)]


def test_where_a_bill_cannot_be_changed_nothing_more_is_said(counter: Counter) -> None:
    counter.messenger.edits = False
    chat = counter.chat("ann")
    counter.post(chat, Text("please pay"), BILL)
    counter.carry()
    assert len(_is_paid(counter, chat)) == 1
    counter.carry()
    assert len(counter.messenger.shown) == 1
    assert counter.states() == ["sent", "skipped"]


def test_who_wants_no_nudges_gets_not_even_the_one_that_waits_already(counter: Counter) -> None:
    chat = counter.chat("ann")
    with counter.database.transaction() as session:
        person = a_person(session, counter.merchant)
    counter.post(chat, Text("your place waits"), person=person, purpose=Purpose.NUDGE)
    with counter.database.transaction() as session:
        session.get_one(Person, person.id).nudges_off_at = NOW
    counter.carry()
    assert [row.error for row in counter.rows()] == ["nudges_off"]


def test_a_message_whose_courier_died_is_tried_again_when_its_lease_is_over(
    counter: Counter,
) -> None:
    counter.post(counter.chat("ann"), Text("once more"))
    dying = Courier(counter.database, counter.clock, {counter.account.id: Dying()}, Bell())
    with pytest.raises(SystemExit):
        asyncio.run(dying.drain())
    counter.carry()
    assert counter.states() == ["sending"]
    counter.carry(after=31)
    assert counter.messenger.texts() == ["once more"]
    assert [row.attempts for row in counter.rows()] == [2]  # marked as a repeat


@pytest.mark.parametrize("trouble", [SystemExit, KeyError, TimeoutError, Undeliverable])
def test_parts_that_were_seen_to_arrive_are_not_said_again_however_it_broke(
    counter: Counter, trouble: type[BaseException]
) -> None:
    counter.post(counter.chat("ann"), Text("long"))
    channels = {counter.account.id: Breaking(trouble)}
    breaking = Courier(counter.database, counter.clock, channels, Bell())
    with suppress(SystemExit):
        asyncio.run(breaking.drain())
    counter.carry(after=31)
    assert [parcel.shown for parcel in counter.messenger.shown] == [("11", "12")]


@dataclass(frozen=True, slots=True)
class Breaking:
    """A channel that fails at the third part, and does not say what came of the others."""

    trouble: type[BaseException]

    async def deliver(self, parcel: Parcel) -> tuple[str, ...]:
        await parcel.arrived(("11",))
        await parcel.arrived(("11", "12"))
        raise self.trouble


class Dying:
    """A channel in whose middle the process ends."""

    async def deliver(self, _parcel: Parcel) -> tuple[str, ...]:
        raise SystemExit


def test_the_running_courier_hears_of_a_door_that_opens_later(counter: Counter) -> None:
    counter.post(counter.chat("ann"), Text("hello"))
    channels: dict[str, Messenger] = {}
    courier = Courier(counter.database, counter.clock, channels, Bell())

    async def act() -> None:
        running = asyncio.create_task(courier.run())
        await asyncio.sleep(0.05)
        channels[counter.account.id] = counter.messenger
        await asyncio.wait_for(counter.messenger.arrived.wait(), 10)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(act())
    assert counter.messenger.texts() == ["hello"]
