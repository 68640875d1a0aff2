"""What a desk shows: texts and one menu, within WeCom's limits, understandable as text."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.wecom_parts import Menu, parts_of
from data.delivery.messages import Card, Option, Options, Segment, Text
from data.kernel.money import Money


def a_card(number: int, **more: Any) -> Card:
    pick = Option("Pick this", f"tok{number}", number=number)
    price = Money.of("88", "CNY")
    told: dict[str, Any] = {"title": f"Tea {number}", "price": price, "options": (pick,), **more}
    return Card(f"prd_{number}", body="a body", **told)


def choices(*labels: str) -> Options:
    return Options(tuple(Option(label, f"t{n}", number=n) for n, label in enumerate(labels, 1)))


def test_choices_below_a_text_are_one_menu() -> None:
    (part,) = parts_of([Text("Shall I?"), choices("Yes", "No")])
    assert isinstance(part, Menu)
    told = part.as_message()["msgmenu"]
    assert told["head_content"] == "Shall I?"
    assert [one["click"] for one in told["list"]] == [
        {"id": "t1", "content": "Yes"},
        {"id": "t2", "content": "No"},
    ]


def test_a_page_is_an_entry_that_opens_it() -> None:
    (part,) = parts_of([Text("Pay"), Options((Option("Pay", url="https://shop.example/pay/x"),))])
    assert part.as_message()["msgmenu"]["list"] == [
        {"type": "view", "view": {"url": "https://shop.example/pay/x", "content": "Pay"}}
    ]


def test_choices_in_several_places_are_lines_with_numbers() -> None:
    (part,) = parts_of([Text("Ideas"), a_card(1), a_card(2)])
    text = part.as_message()["text"]["content"]
    assert "1. Pick this" in text
    assert "2. Pick this" in text


def test_a_long_text_stands_above_its_menu() -> None:
    words, menu = parts_of([Text("团" * 500), choices("好")])
    assert words.as_message()["text"]["content"] == "团" * 500
    assert "head_content" not in menu.as_message()["msgmenu"]


def test_nothing_that_somebody_wrote_becomes_a_link() -> None:  # T21
    words = parts_of([Text('<a href="https://evil.example">茶</a>')])
    assert "<a" not in str(words[0].as_message())
    menu = parts_of([Text("x"), choices("<a href='https://evil.example'>茶</a>")])
    assert "<a" not in str(menu[0].as_message())


_LABELS = st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=14)
_SEGMENTS: st.SearchStrategy[list[Segment]] = st.lists(
    st.one_of(
        st.builds(Text, st.text(min_size=1, max_size=1500)),
        st.builds(lambda labels: choices(*labels), _LABELS),
        st.builds(a_card, st.integers(1, 9), title=st.text(min_size=1, max_size=90)),
    ),
    min_size=1,
    max_size=4,
)


@given(_SEGMENTS)
@settings(max_examples=40)
def test_no_message_is_above_a_limit_of_wecoms(segments: list[Segment]) -> None:
    for part in parts_of(segments):
        message = part.as_message()
        inside = message[message["msgtype"]]
        if message["msgtype"] == "text":
            assert 0 < len(inside["content"].encode()) <= 2048
            continue
        assert len(inside.get("head_content", "").encode()) <= 1024
        assert 1 <= len(inside["list"]) <= 10
        for entry in inside["list"]:
            pressed = entry[entry["type"]]
            assert 0 < len(pressed["content"].encode()) <= 128
            assert len(pressed.get("id", "").encode()) <= 128
