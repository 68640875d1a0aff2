"""What leaves the shop: words without whom they are about (T32)."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.kernel.locales import Locale
from dialogs.understanding.model import messages_of, redact, schema_of
from dialogs.understanding.values import Setting
from tests.dialogs.understanding.model.questions import TODAY, a_question, shipped

SETTING = Setting(TODAY, Locale.EN, "CNY")
NAMES = ["Zhao Lan", "张小兰"]
CANARIES = [
    ("call me at 138 0013 8000 about it", "138 0013 8000"),
    ("call me at +86-138-0013-8000 about it", "8000"),
    ("my landline (021) 5555 1234 is off", "5555"),
    ("it's 13800138000 as always", "13800138000"),
    ("mail zhao.lan+gift@example.com please", "zhao.lan"),
    ("mail zhao.lan@例子.公司 please", "zhao.lan"),
    ("it is for 22 Baker Street people", "Baker"),
    ("送到和平路12号3栋501室的那个", "501"),
    ("那個中山北路二段5樓的", "5樓"),
    ("my order 10012 looks odd to me", "10012"),
    ("订单号:10012 怪怪的", "10012"),
    ("see https://wei.example/p?token=abc", "token"),
    ("the one of ord_8hTq2Zp is odd", "8hTq2Zp"),
    ("I am Zhao Lan and lost", "Zhao"),
    ("lan here, quite lost", "lan"),
    ("我是张小兰，迷路了", "小兰"),
    ("小兰想不出来送什么", "小兰"),
    ("write to @zhao_lan_88 instead", "zhao_lan"),
    ("打138/0013/8000给我", "8000"),
    ("打138·0013·8000给我", "8000"),
    ("一三八零零一三八零零零找我", "一三八"),
    ("我微信lan2020xx加我", "lan2020"),
    ("加微信号：lan-2020", "2020"),
    ("Line ID: zhaolan88 is me", "zhaolan88"),
    ("the card ************4242 again", "4242"),
    ("Tom's birthday it is, what now", "Tom"),
]


@pytest.mark.parametrize(("text", "canary"), CANARIES)
def test_t32_what_tells_who_or_where_is_blacked_out(text: str, canary: str) -> None:
    masked = redact(text, NAMES, SETTING)
    assert canary not in masked
    assert "[" in masked


@pytest.mark.parametrize(
    "text",
    [
        "my old lady turns sixty, got three hundred",
        "about 12000 for all of us, by 24 December",
        "老太太3月8号六十大寿，手头三百五",
        "二楼邻居家的猫",
    ],
)
def test_what_is_needed_to_understand_stays(text: str) -> None:
    assert redact(text, NAMES, SETTING) == text


_LETTERS = st.text("ab 07-.@_/号路张兰一😀\u0301", max_size=40)


@settings(max_examples=60)
@given(_LETTERS, _LETTERS)
def test_t32_a_number_to_call_is_found_anywhere(before: str, after: str) -> None:
    masked = redact(f"{before} 138-0013-8000 {after}", ["Lan"], SETTING)
    assert "138-0013-8000" not in masked


def test_t32_a_question_holds_nothing_but_the_flows_and_the_words() -> None:
    """No product, no price, no slot of anybody: a poisoned catalogue has no way in (T29)."""
    question = a_question("the old dear turns sixty")
    (system, user) = messages_of(question)
    told = json.loads(user["content"])
    assert set(told) == {"flows", "slots", "open_flow", "asked_slot", "message"}
    flows = {flow.id: flow.description for flow in shipped().flows.values()}
    assert all(flows[one["id"]] == one["description"] for one in told["flows"])
    assert "sixty" not in system["content"]


def test_the_schema_is_closed_and_small_enough_to_be_paid_for() -> None:
    schema = schema_of(a_question("anything"))
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == set(schema["properties"])
    assert len(json.dumps(schema)) < 8_000
