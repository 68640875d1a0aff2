"""What waits in a chat that was unlinked goes on in another one of theirs, and is never silent."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.delivery.waking import stage_of
from bot.play.world import World
from bot.publishing import publish_flows
from data.conversations import Conversation, ConversationEvent, ConversationWait
from data.delivery.models import Job, OutboxRow
from data.flows.models import ConversationPin
from data.orders import Order
from data.people import Chat
from dialogs.actions.turn import PrivateStart
from dialogs.calling import begin_later
from dialogs.format import shipped_sources
from dialogs.house import Cause
from tests.bot.delivery.test_unspoken import BREAKING
from tests.bot.delivery.test_waking import BUYS, NOW, OWN, act, newest, watch
from tests.worlds import world_at

AT_ONCE = """
  late_tea:
    description: waits for the time alone
    steps:
      - id: tea
        x-wait: {event: timeout, timeout: PT30M}
      - action: utter_seen_tea
  at_once:
    description: says at once what cannot be put into words
    steps:
      - set_slots: [{seen_number: "1001"}]
      - action: utter_seen
slots:"""
LINKS = """
      - {as: Ann, user: /link}
      - {as: Annie, user: "/link {code}"}
      - {press: "Yes, they are both mine"}
      - {as: Ann, press: "Yes, that was me"}"""
UNLINKS = """
      - {as: Annie, user: unlink}
      - {press: "the app (1)"}
      - {press: "Yes, unlink", utter: utter_unlinked}"""
PAID = "\n      - {pays: Ann}\n      - {as: Annie, in: private, utter: utter_receipt}"

world = world_at(NOW)


@pytest.fixture
def shop(world: World) -> Iterator[World]:
    sources = {
        **shipped_sources(),
        "flows/breaking.yml": BREAKING.replace("\nslots:", AT_ONCE, 1),
        "flows/watching.yml": OWN.replace("  seen_number: {type: text}\n", "", 1),
    }
    with world.tuanzi.database.transaction() as session:
        mine = world.account.merchant_id
        publish_flows(session, merchant_id=mine, sources=sources, by="test", now=NOW)
    yield world
    assert world.unlike_their_log() == []


def told(shop: World, name: str) -> list[str | None]:
    """What has been said in somebody's chat, by its responses."""
    with shop.tuanzi.database.reading() as session:
        rows = select(OutboxRow.response).join(Chat, Chat.id == OutboxRow.chat_id)
        return list(session.scalars(rows.where(Chat.external_id == name).order_by(OutboxRow.id)))


def waits(shop: World) -> list[str]:
    """In whose chats something waits still."""
    with shop.tuanzi.database.reading() as session:
        return list(
            session.scalars(
                select(Chat.external_id)
                .join(Conversation, Conversation.chat_id == Chat.id)
                .join(ConversationWait, ConversationWait.conversation_id == Conversation.id)
                .distinct()
            )
        )


def test_it_waits_on_in_the_other_chat_as_often_as_it_must(shop: World, tmp_path: Path) -> None:
    act(shop, tmp_path, BUYS)
    watch(shop, "Ann", "watch_order", order=newest(shop, Order.id))
    act(shop, tmp_path, LINKS + UNLINKS)
    before = told(shop, "Ann")
    act(shop, tmp_path, "\n      - {pays: Ann, outcome: declined}")
    assert waits(shop) == ["Annie"], "what waits for the same payment moves with its first news"
    act(shop, tmp_path, PAID)
    assert told(shop, "Annie").count("utter_seen_order") == 2
    assert told(shop, "Ann") == before
    assert waits(shop) == ["Annie"], "it tells each time"
    with shop.tuanzi.database.reading() as session:
        kinds = session.scalars(select(ConversationEvent.kind)).all()
        assert "event_ignored" not in kinds
        pins = set(session.scalars(select(ConversationPin.conversation_id)))
        moved = session.scalars(select(Conversation).join(Chat).where(Chat.external_id == "Ann"))
        assert [one.id for one in moved if one.id in pins] == []


def test_time_that_runs_out_is_told_there_too(shop: World, tmp_path: Path) -> None:
    act(shop, tmp_path, "\n      - {as: Ann, user: hello}")
    watch(shop, "Ann", "late_tea")
    act(shop, tmp_path, LINKS + UNLINKS + "\n      - {later: 1 hour}")
    assert "utter_seen_tea" in told(shop, "Annie")
    assert "utter_seen_tea" not in told(shop, "Ann")


def test_where_a_person_has_the_chat_it_waits_for_them(shop: World, tmp_path: Path) -> None:
    act(shop, tmp_path, BUYS)
    watch(shop, "Ann", "watch_order", order=newest(shop, Order.id))
    act(shop, tmp_path, LINKS + UNLINKS + "\n      - {console: {take_over: Annie}}" + PAID)
    assert "utter_seen_order" not in told(shop, "Annie")
    act(shop, tmp_path, "\n      - {console: {hand_back: Annie}}")
    assert "utter_seen_order" in told(shop, "Annie")


@pytest.mark.parametrize("flow", ["in_circles", "unworded"])
def test_what_breaks_there_is_apologised_for_there(shop: World, tmp_path: Path, flow: str) -> None:
    act(shop, tmp_path, BUYS)
    watch(shop, "Ann", flow, order=newest(shop, Order.id))
    act(shop, tmp_path, LINKS + UNLINKS + PAID)
    assert "utter_internal_error" in told(shop, "Annie")
    assert "utter_internal_error" not in told(shop, "Ann")
    assert waits(shop) == []
    with shop.tuanzi.database.reading() as session:
        assert session.scalars(select(Job).where(Job.attempts > 0)).all() == []
        talks = session.scalars(select(Conversation)).all()
        assert [one.snapshot.get("parked", []) for one in talks] == [[]] * len(talks)


def test_what_had_to_wait_to_begin_and_breaks_then_is_apologised_for(
    shop: World, tmp_path: Path
) -> None:
    act(
        shop, tmp_path, "\n      - {as: Ann, user: something for my mum, utter: utter_ask_occasion}"
    )
    _begin_later(shop, "at_once")
    assert told(shop, "Ann")[-2:] == ["utter_internal_error", "utter_ask_occasion"]
    act(shop, tmp_path, "\n      - {as: Ann, user: birthday, utter: utter_ask_budget}")
    with shop.tuanzi.database.reading() as session:
        assert session.scalars(select(Job).where(Job.attempts > 0)).all() == []


def test_what_had_to_wait_to_begin_begins_where_they_are_by_then(
    shop: World, tmp_path: Path
) -> None:
    act(shop, tmp_path, LINKS)
    act(shop, tmp_path, UNLINKS)
    _begin_later(shop, "gift_finder")
    assert told(shop, "Annie")[-1] == "utter_ask_recipient"
    assert "utter_ask_recipient" not in told(shop, "Ann")


def _begin_later(shop: World, flow: str) -> None:
    """As a group's turn does while an action is under way in Ann's chat."""
    with shop.tuanzi.database.transaction() as session:
        talk = session.scalars(
            select(Conversation).join(Chat).where(Chat.external_id == "Ann")
        ).first()
        assert talk is not None
        stage = stage_of(session, talk.id)
        start = PrivateStart(stage.person.id, flow, {})
        cause = Cause("group", shop.tuanzi.clock.now())
        begin_later(session, stage=stage, start=start, cause=cause)
    asyncio.run(shop.tuanzi.worker.drain())
