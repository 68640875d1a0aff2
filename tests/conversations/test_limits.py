"""What a story cannot show: very long messages, and what is written down of a typed card number."""

import time
from datetime import datetime

import pytest
from sqlalchemy import select

from bot.channels.rest import RestMetadata
from bot.play.world import World
from data.conversations import Conversation, ConversationEvent
from data.delivery.models import InboxRow
from tests.worlds import world_at

_CARD, _BAR_CODE = "4111 1111 1111 1111", "2100000010004"
_SLOWEST = 2.0  # seconds; a tenth of it on a machine with nothing else to do


world = world_at(datetime.fromisoformat("2026-11-22T10:00:00+08:00"))


def _say(world: World, text: str) -> list[str | None]:
    before = len(world.heard)
    world.say(who="小兰", where="private", text=text, about=RestMetadata(locale="zh-Hans"))
    return [said.response for said in world.heard[before:]]


@pytest.mark.parametrize(
    "text",
    ["好" * 10_000, "给我妈挑个生日礼物，三百以内。" * 625, "有没有茶具" * 2_000, "x " * 5_000],
)
def test_ten_thousand_characters_are_answered_quickly(world: World, text: str) -> None:
    _say(world, "你好")
    start = time.perf_counter()
    assert _say(world, text)
    assert time.perf_counter() - start < _SLOWEST


def test_a_long_message_amid_a_question_leaves_the_question_open(world: World) -> None:
    _say(world, "给我妈挑个生日礼物")
    assert _say(world, "啊" * 10_000)[-1] == "utter_ask_budget"
    assert "utter_ideas" in _say(world, "三百以内")


def test_a_card_number_typed_in_a_chat_is_nowhere_written_down(world: World) -> None:
    """T48: masked before anything is stored; the number under a bar code is none."""
    for text in (f"我的卡号是 {_CARD}", f"有没有 {_CARD}", _BAR_CODE):
        _say(world, text)
    with world.tuanzi.database.reading() as session:
        stored = [
            *map(str, session.scalars(select(InboxRow.payload))),
            *map(str, session.scalars(select(ConversationEvent.body))),
            *map(str, session.scalars(select(Conversation.snapshot))),
        ]
    digits = "".join(stored).replace(" ", "")
    assert _CARD.replace(" ", "") not in digits
    assert "1111" in digits
    assert _BAR_CODE in digits
