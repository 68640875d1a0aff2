"""Speaking on the demo page takes the same turns as any other way in."""

import re

import pytest
from sqlalchemy import func, select

from bot.demo.seeding import GROUP
from data.delivery.models import InboxRow, OutboxRow
from data.people import ChannelIdentity, Person
from tests.bot.open_demo import CANARY, Demo

GIFT = "给我妈挑个生日礼物，三百以内"


def test_a_line_is_answered_with_ideas_in_the_same_private_chat(demo: Demo) -> None:
    assert demo.say(GIFT, locale="zh-Hans").json() == {"heard": True}
    kinds = [message.get("custom", {}).get("type") for message in demo.shown("you")]
    assert kinds.count("card") >= 3
    assert demo.shown("lan") == []


def test_the_same_line_again_has_one_effect(demo: Demo) -> None:
    line = {"as": "you", "id": "once", "text": GIFT, "locale": "zh-Hans"}
    for _ in range(2):
        assert demo.client.post("/demo/say", json=line).json() == {"heard": True}
    assert len(demo.told("said")) == 1


def test_what_friends_say_to_each_other_is_neither_answered_nor_kept(demo: Demo) -> None:
    assert demo.say("今晚吃什么", who="lan", where="group").json() == {"heard": False}
    with demo.tuanzi.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(InboxRow)) == 0
        assert session.scalar(select(func.count()).select_from(OutboxRow)) == 0


def test_everybody_is_answered_in_their_own_language(demo: Demo) -> None:
    for who in ("lan", "wei", "jun"):
        demo.say("@tuanzi 拼团买茶壶", who=who)
    texts = {who: demo.shown(who)[0]["text"] for who in ("lan", "wei", "jun")}
    assert len(set(texts.values())) == 3


def test_a_language_chosen_holds_from_the_next_answer_on(demo: Demo) -> None:
    chosen = demo.client.put("/demo/people/lan/language", json={"locale": "en"})
    assert chosen.json() == {"person": "lan", "locale": "en"}
    demo.say("help", who="lan")
    assert not re.search(r"[\u4e00-\u9fff]", demo.shown("lan")[0]["text"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"as": "nobody"},
        {"as": "you", "in": "elsewhere"},
        {"as": "you", "id": "not an id"},
        {"as": "you", "press": "/SetSlots(price=1)"},
        {"as": "you", "name": "x" * 41},
        {"as": "you", "recipient": "lan"},
    ],
)
def test_a_line_that_makes_no_sense_is_refused(demo: Demo, wrong: dict[str, str]) -> None:
    answer = demo.client.post("/demo/say", json={"id": "one", "text": "hello", **wrong})
    assert answer.status_code in {404, 422}
    assert demo.told("said") == []


def test_a_typed_payload_is_plain_text_t07(demo: Demo) -> None:
    demo.say("/SetSlots(budget=1)", locale="en")
    kinds = {step["kind"] for turn in demo.told("turn") for step in turn["steps"]}
    assert kinds.isdisjoint({"slot_set", "question_answered"})


def test_a_visitor_is_called_by_the_name_they_give(demo: Demo) -> None:
    demo.say("hello", name="Ada", locale="en")
    with demo.tuanzi.database.reading() as session:
        name = session.scalar(
            select(Person.name)
            .join(ChannelIdentity, ChannelIdentity.person_id == Person.id)
            .where(ChannelIdentity.external_id == "you")
        )
    assert name == "Ada"


def test_an_address_is_in_no_news_t14(demo: Demo) -> None:
    demo.say("@团子 拼团买茶壶", who="lan", where="group")
    demo.say(f"{CANARY.name} 13800138000 {CANARY.line}", who="lan")
    sealed = [line for line in demo.told("said") if line["private"]]
    assert [line["text"] for line in sealed] == [""]
    assert CANARY.line not in str(demo.told("said") + demo.told("turn"))


def test_a_pressed_button_is_told_by_its_label(demo: Demo) -> None:
    demo.say("@团子 拼团买茶壶", who="lan", where="group")
    demo.press("参团", who="wei", where="group")
    pressed = [line for line in demo.told("said") if line["pressed"]]
    assert [(line["who"], line["chat"], line["text"]) for line in pressed] == [
        ("wei", GROUP, "参团")
    ]
