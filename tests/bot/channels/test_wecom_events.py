"""What WeCom tells, as neutral events."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.adapter import Unreadable
from bot.channels.wechat_xml import parse
from bot.channels.wecom_events import members_of, name_of, read_call, read_said
from data.delivery.inbound import EventKind
from tests.bot.delivery.wecom import ANN, a_group_event, happened, said

LINK = "A" * 22


def test_a_text_is_a_private_message_in_which_a_number_chooses() -> None:
    event = read_said(said("你好 🎂"))
    assert event is not None
    assert (event.kind, event.text, event.numbered) == (EventKind.MESSAGE, "你好 🎂", True)
    assert (event.chat.external_id, event.chat.kind, event.sender.external_id) == (
        ANN,
        "private",
        ANN,
    )
    assert event.event_id == event.message_id == "m1"


def test_a_press_of_a_menu_tells_its_token() -> None:
    event = read_said(said("Yes", text={"content": "Yes", "menu_id": "tok123"}))
    assert event is not None
    assert (event.kind, event.token, event.text) == (EventKind.ACTION, "tok123", "Yes")


@pytest.mark.parametrize("kind", ["image", "voice", "video", "file", "link", "miniprogram"])
def test_what_cannot_be_read_is_a_picture_or_the_like(kind: str) -> None:
    event = read_said(said("", msgtype=kind, **{kind: {"media_id": "M"}}))
    assert event is not None
    assert event.kind is EventKind.MEDIA


def test_a_place_is_its_address_in_words() -> None:
    where = {"latitude": 23.1, "longitude": 113.3, "name": "茶馆", "address": "天河路 1 号"}
    event = read_said(said("", msgtype="location", location=where))
    assert event is not None
    assert event.text == "天河路 1 号"
    nothing = read_said(said("", msgtype="location", location=[1]))
    assert nothing is not None
    assert nothing.kind is EventKind.MEDIA


@pytest.mark.parametrize(
    ("more", "text", "start"),
    [
        ({"welcome_code": "CODE"}, "/start", None),
        ({"welcome_code": "CODE", "scene_param": LINK}, "", LINK),
        ({"scene_param": LINK}, "", LINK),
        ({"welcome_code": "CODE", "scene_param": "poster"}, "/start", None),
    ],
)
def test_who_comes_in_is_greeted_or_goes_on(
    more: dict[str, Any], text: str, start: str | None
) -> None:
    event = read_said(happened("enter_session", **more))
    assert event is not None
    assert (event.text, event.start) == (text, start)


def test_who_opens_the_talk_again_is_not_greeted_again() -> None:
    assert read_said(happened("enter_session", scene="tuanzi")) is None


def test_what_staff_do_is_none_of_ours_and_the_unknown_is_harmless() -> None:
    assert read_said(said("x", origin=5)) is None
    assert read_said(happened("session_status_change", change_type=1)) is None
    assert read_said(happened("msg_send_fail", fail_type=4)) is None
    for odd in (said("x", msgtype="hologram"), happened("never_heard_of")):
        event = read_said(odd)
        assert event is not None
        assert (event.kind, event.addressed) == (EventKind.UNKNOWN, False)


def test_a_message_without_a_number_is_known_by_what_it_says() -> None:
    one, other = said("x", msgid=None), said("y", msgid=None)
    assert name_of(one) == name_of(dict(one)) != name_of(other)
    assert len(name_of(said("x", number="n" * 500))) <= 160


_ITEMS = "<MemChangeList><Item>a</Item><Item>b</Item></MemChangeList>"


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        (_ITEMS, ["a", "b"]),
        ("<MemChangeList>a, b,,a</MemChangeList>", ["a", "b"]),
        ("<MemChangeList><Item>a</Item></MemChangeList>", ["a"]),
        ("<MemChangeList><Item><b>x</b></Item></MemChangeList>", []),
        ("<MemChangeList/>", []),
        ("", []),
    ],
)
def test_members_come_in_two_forms(inside: str, named: list[str]) -> None:
    xml = a_group_event("update").replace("</xml>", f"{inside}</xml>")
    assert members_of(parse(xml)) == named


@pytest.mark.parametrize("change", ["create", "update", "dismiss"])
def test_what_happens_in_a_group_is_no_event_of_a_chat(change: str) -> None:
    assert read_call(parse(a_group_event(change, UpdateDetail="add_member"))) is None


def test_what_nobody_has_heard_of_is_harmless() -> None:
    event = read_call(parse(a_group_event("evaporate")))
    assert event is not None
    assert (event.kind, event.addressed) == (EventKind.UNKNOWN, False)


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
_FIELDS = [
    "msgid",
    "msgtype",
    "origin",
    "text",
    "event",
    "external_userid",
    "send_time",
    "location",
]


@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON), st.sampled_from([said, happened]))
@settings(max_examples=60)
def test_whatever_comes_is_an_event_nothing_or_unreadable(
    changed: dict[str, Any], make: Any
) -> None:
    whole = json.loads(json.dumps({**make("enter_session"), **changed}))
    try:
        event = read_said(whole)
    except Unreadable:
        return
    assert event is None or len(event.event_id) <= 160
