"""A flow that breaks when nobody has spoken: when its event, the worker or staff brings it back."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.play.world import World
from bot.publishing import publish_flows
from data.conversations import Conversation, ConversationEvent, ConversationWait
from data.delivery.models import Job
from data.orders import Order
from dialogs.format import shipped_sources
from tests.bot.delivery.test_waking import BUYS, NOW, act, newest, watch
from tests.worlds import world_at

WAITS = """
    description: waits for an order to be paid and breaks then
    if: slots.order
    steps:
      - id: paid
        x-wait: {event: payment_paid, key: order, set_slots: {seen_number: number},
                 timeout: PT1H, on_timeout: END}"""
# One goes in circles; one says what cannot be put into words: a number as money.
BREAKING = f"""
flows:
  in_circles:{WAITS}
      - id: again
        collect: quantity
        next: [{{if: slots.quantity > 0, then: again}}, {{else: END}}]
  unworded:{WAITS}
      - action: utter_seen
slots:
  seen_number: {{type: text}}
responses:
  utter_ask_quantity:
    - text: {{en: How many?, zh-Hans: 要几个？, zh-Hant: 要幾個？}}
  utter_seen:
    - text: {{en: "{{seen_number:money}}", zh-Hans: "{{seen_number:money}}",
             zh-Hant: "{{seen_number:money}}"}}
"""

world = world_at(NOW)


@pytest.fixture
def shop(world: World) -> World:
    sources = {**shipped_sources(), "flows/breaking.yml": BREAKING}
    with world.tuanzi.database.transaction() as session:
        mine = world.account.merchant_id
        publish_flows(session, merchant_id=mine, sources=sources, by="test", now=NOW)
    return world


def kinds(shop: World) -> Sequence[str]:
    with shop.tuanzi.database.reading() as session:
        return session.scalars(select(ConversationEvent.kind).order_by(ConversationEvent.id)).all()


def assert_over(shop: World) -> None:
    """Nothing is left that could break again."""
    with shop.tuanzi.database.reading() as session:
        assert session.scalars(select(ConversationWait)).all() == []
        assert session.scalars(select(Conversation)).one().snapshot.get("parked", []) == []
        assert session.scalars(select(Job).where(Job.attempts > 0)).all() == []
    assert "flow_cancelled" in kinds(shop)


@pytest.mark.parametrize("flow", ["in_circles", "unworded"])
def test_a_flow_that_its_event_breaks_is_apologised_for_and_the_open_question_asked_again(
    shop: World, tmp_path: Path, flow: str
) -> None:
    act(shop, tmp_path, BUYS)
    watch(shop, "Ann", flow, order=newest(shop, Order.id))
    act(shop, tmp_path, """
      - {as: Ann, user: something for my mum, utter: utter_ask_occasion}
      - {pays: Ann, utter: utter_receipt}
      - utter: utter_internal_error
      - utter: utter_ask_occasion
      - {user: birthday, utter: utter_ask_budget}
      - {later: 2 days, silent: true}""")  # fmt: skip
    assert_over(shop)
    assert "turn_failed" in kinds(shop)


def test_a_chat_is_given_back_though_what_waited_for_that_breaks(
    shop: World, tmp_path: Path
) -> None:
    act(shop, tmp_path, BUYS)
    watch(shop, "Ann", "unworded", order=newest(shop, Order.id))
    act(shop, tmp_path, """
      - {as: Ann, user: something for my mum, utter: utter_ask_occasion}
      - {console: {say: Ann, text: "Wang here"}}
      - {pays: Ann, utter: utter_receipt}
      - {console: {hand_back: Ann}, utter: utter_internal_error}
      - utter: utter_ask_occasion
      - then: {mode: bot}
      - {user: birthday, utter: utter_ask_budget}""")  # fmt: skip
    assert_over(shop)
    assert [one for one in kinds(shop) if one in ("staff_handed_back", "turn_failed")] == [
        "staff_handed_back",
        "turn_failed",
    ]


def test_a_chat_that_nobody_answered_comes_back_though_what_waited_breaks(
    shop: World, tmp_path: Path
) -> None:
    act(shop, tmp_path, BUYS)
    watch(shop, "Ann", "in_circles", order=newest(shop, Order.id))
    act(shop, tmp_path, """
      - {as: Ann, user: I want to talk to a person}
      - {pays: Ann, utter: utter_receipt}
      - {later: 25 hours, utter: utter_handed_back_unanswered}
      - utter: utter_internal_error
      - then: {mode: bot, unanswered: 1}""")  # fmt: skip
    assert_over(shop)


def test_where_older_flows_have_no_words_for_it_the_chat_comes_back_in_silence(
    world: World, tmp_path: Path
) -> None:
    words = re.compile(r"^utter_handed_back_unanswered:\n(?: .*\n)+", re.MULTILINE)
    older = {file: words.sub("", text) for file, text in shipped_sources().items()}
    assert older != shipped_sources()
    with world.tuanzi.database.transaction() as session:
        mine = world.account.merchant_id
        publish_flows(session, merchant_id=mine, sources=older, by="test", now=NOW)
    act(world, tmp_path, """
      - {as: Ann, user: I want to talk to a person}
      - {later: 25 hours, silent: true}
      - then: {mode: bot, unanswered: 1}""")  # fmt: skip
    assert "turn_failed" not in kinds(world)


def test_a_chat_is_given_back_even_where_the_apology_breaks(
    shop: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it is silent; the next word is answered."""
    act(shop, tmp_path, BUYS)
    watch(shop, "Ann", "in_circles", order=newest(shop, Order.id))
    act(shop, tmp_path, """
      - {as: Ann, user: something for my mum, utter: utter_ask_occasion}
      - {console: {take_over: Ann}}
      - {pays: Ann, utter: utter_receipt}""")  # fmt: skip
    with monkeypatch.context() as broken:
        broken.setattr("dialogs.play.Play.tell", _cannot_be_said)
        act(shop, tmp_path, "\n      - {console: {hand_back: Ann}, silent: true}")
    act(shop, tmp_path, """
      - {as: Ann, user: something for my dad, utter: utter_ask_occasion}
      - then: {mode: bot}""")  # fmt: skip
    assert_over(shop)


def _cannot_be_said(*_given: object) -> None:
    raise AttributeError
