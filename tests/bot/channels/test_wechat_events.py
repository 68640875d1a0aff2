"""Every kind of WeChat message and event ▸ the neutral event, and what it lets us say."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.channels.adapter import Unreadable
from bot.channels.registry import reader_of
from bot.channels.wechat_events import XML, Grant, event_id_of, grants_of, window_of
from bot.channels.wechat_xml import parse
from data.merchants import ChannelAccount
from tests.builders import NOW

RECORDINGS = Path(__file__).parents[2] / "recordings" / "wechat" / "messages.json"
CASES: list[dict[str, Any]] = json.loads(RECORDINGS.read_text(encoding="utf-8"))
NAMED = {case["case"]: case["xml"] for case in CASES}
ACCOUNT = ChannelAccount(
    id="acc_1", merchant_id="mer_1", channel="wechat", external_id="wx1", created_at=NOW
)


def read(xml: str) -> dict[str, Any] | None:
    """What it says, without the names that every event has."""
    event = reader_of("wechat")({XML: xml}, ACCOUNT)
    if event is None:
        return None
    told = {"kind": event.kind.value, "text": event.text, "start": event.start}
    return {name: value for name, value in told.items() if value}


def test_each_kind_opens_the_window_that_is_recorded() -> None:
    opened = {case["case"]: window_of(parse(case["xml"])) for case in CASES}
    assert opened == {case["case"]: case["window"] for case in CASES}


def test_a_private_chat_is_called_by_its_person() -> None:
    event = reader_of("wechat")({XML: NAMED["text"]}, ACCOUNT)
    assert event is not None
    assert (event.chat.external_id, event.chat.kind) == ("o_ann", "private")
    assert (event.sender.external_id, event.message_id) == ("o_ann", "24012345678901234")


def test_a_repeat_has_the_name_of_the_first() -> None:
    assert event_id_of(parse(NAMED["image"])) == "24012345678901234"
    assert event_id_of(parse(NAMED["menu_click"])) == "o_ann:1790000000:CLICK"
    sent = [event_id_of(parse(NAMED[f"template_{end}"])) for end in ("sent", "blocked")]
    assert len(set(sent)) == 2  # two reports of one second are two


def test_a_long_name_is_kept_by_its_fingerprint() -> None:
    names = [event_id_of({"MsgId": "7" * 200 + end}) for end in ("1", "2")]
    assert len(set(names)) == 2
    assert all(len(name) <= 160 for name in names)


def test_one_entry_two_and_none_are_read_alike() -> None:
    accepted, refused = Grant("t1", accepted=True), Grant("t2", accepted=False)
    popups = [grants_of(parse(NAMED[f"subscribe_msg_popup_{many}"])) for many in _MANY]
    assert popups == [[], [accepted], [accepted, refused]]
    assert grants_of(parse(NAMED["subscribe_msg_change"])) == [Grant("t1", accepted=False)]
    assert grants_of(parse(NAMED["subscribe_msg_sent"])) == []


_MANY = ("none", "one", "two")


@pytest.mark.parametrize(
    "xml",
    [
        "",
        " ",
        "hi",
        "<xml></xml>",
        "<xml/>",
        "<html><MsgType>text</MsgType></html>",
        "<xml><MsgType>text</MsgType></xml>",
        "<xml><Content>hi</Content></xml>",
        '<?xml version="1.0" encoding="no-such"?><xml><MsgType>text</MsgType></xml>',
        '<!DOCTYPE xml [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>',
        "<xml>" + "<a>" * 5000 + "</a>" * 5000 + "</xml>",
        "<xml><MsgType>text</xml>",
    ],
)
def test_what_is_no_message_is_unreadable_and_nothing_worse(xml: str) -> None:  # T04, T24
    with pytest.raises(Unreadable):
        read(xml)


def test_a_field_that_is_not_what_it_should_be_is_no_words() -> None:
    twice = "<xml><MsgType>text</MsgType><FromUserName>o</FromUserName><MsgId>1</MsgId>"
    for content in ("<Content>a</Content><Content>b</Content>", "<Content><a>b</a></Content>"):
        assert read(f"{twice}{content}</xml>") == {"kind": "media"}


def test_a_typed_payload_in_a_menu_key_is_only_its_words() -> None:  # T07
    key = "/SetSlots(price=1)"
    assert read(NAMED["menu_click"].replace("送礼物", key)) == {"kind": "message", "text": key}


def test_a_number_typed_presses_any_choice_for_there_are_no_buttons() -> None:
    said = "<xml><FromUserName>o1</FromUserName><MsgType>text</MsgType><MsgId>7</MsgId>{}</xml>"
    event = reader_of("wechat")({XML: said.format("<Content>1</Content>")}, ACCOUNT)
    assert event is not None
    assert (event.text, event.numbered) == ("1", True)
