"""Every recorded event becomes the neutral event beside it; what is wrongly shaped harms nobody."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.adapter import Unreadable
from bot.channels.matrix_events import NAME, answered_event, read_event
from data.delivery.inbound import EventKind, InboundEvent, Reaction
from data.merchants import ChannelAccount
from tests.builders import NOW

US = "@shop:loop.test"
ACCOUNT = ChannelAccount(
    id="acc_m",
    merchant_id="mer_m",
    channel="matrix",
    external_id=US,
    settings={NAME: "Tuanzi Gifts"},
    created_at=NOW,
)
Json = dict[str, Any]


def told(
    content: object, *, kind: str = "m.room.message", room: Json | None = None, **event: Any
) -> Json:
    return {
        "room": {"id": "!buyers:loop.test", "title": "Buyers", "partner": None, **(room or {})},
        "called": "Bob",
        "to_us": False,
        "event": {
            "type": kind,
            "event_id": "$one",
            "sender": "@bob:loop.test",
            "content": content,
            **event,
        },
    }


def said(text: str, **more: Any) -> Json:
    return told({"msgtype": "m.text", "body": text, **more})


def read(raw: Json) -> InboundEvent:
    event = read_event(raw, ACCOUNT)
    assert event is not None
    return event


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Tuanzi Gifts start a group buy", "start a group buy"),
        ("tuanzi gifts，开团", "开团"),
        ("@shop: hello", "hello"),
        ("shop, hello", "hello"),
        ("@shop:loop.test hello", "hello"),
        ("is that so, @shop", "is that so,"),
        ("Tuanzi Gifts", ""),
    ],
)
def test_our_name_is_heard_and_not_repeated(text: str, rest: str) -> None:
    event = read(said(text))
    assert (event.addressed, event.text, event.kind) == (True, rest, EventKind.MESSAGE)


@pytest.mark.parametrize(
    "text", ["shopping is fun", "the shop is shut", "shops are shut", "mail@shop.example", "1"]
)
def test_what_only_looks_like_our_name_is_talk_among_friends(text: str) -> None:
    assert not read(said(text)).addressed


def test_somebody_else_in_a_private_room_speaks_in_front_of_others() -> None:
    raw = said("something for my brother")
    raw["room"]["partner"] = "@ann:loop.test"
    event = read(raw)
    assert (event.chat.kind, event.addressed) == ("group", False)


def test_a_thread_of_a_room_with_a_long_name_is_the_room_itself() -> None:
    room = "!" + "r" * 100
    raw = said("tuanzi, hello", **{"m.relates_to": {"rel_type": "m.thread", "event_id": "$" * 40}})
    raw["room"]["id"] = room
    assert read(raw).chat.external_id == room


def test_only_state_ends_a_room() -> None:
    """Anybody may send an event that is called so."""
    content = {"replacement_room": "!mine:evil.test"}
    assert read_event(told(content, kind="m.room.tombstone"), ACCOUNT) is None
    real = read(told(content, kind="m.room.tombstone", state_key=""))
    assert (real.kind, real.migrated_to) == (EventKind.MIGRATED, "!mine:evil.test")


def test_a_thread_names_its_last_message_for_old_clients_only() -> None:
    to = {"m.in_reply_to": {"event_id": "$ours"}}
    assert answered_event({"m.relates_to": to}) == "$ours"
    assert not answered_event({"m.relates_to": {**to, "is_falling_back": True}})


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"event": None},
        told(None),
        told([]),
        told({}, sender=None),
        told({}, sender="bob"),
        told({}, sender="@" + "b" * 200),
        told({}, event_id=7),
        told({}, room={"id": "#alias:loop.test"}),
        {**said("hello"), "room": None},
    ],
)
def test_what_is_no_event_is_unreadable_and_nothing_worse(wrong: Json) -> None:  # T04
    with pytest.raises(Unreadable):
        read_event(wrong, ACCOUNT)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
_KEYS = ["body", "msgtype", "m.relates_to", "m.mentions", "formatted_body", "filename"]
_CONTENT = st.dictionaries(
    st.sampled_from([*_KEYS, "membership", "displayname", "replacement_room"]),
    _JSON
    | st.sampled_from(["m.text", "m.image", "join", "leave", "\0", "\ud800", "\u202e<b>"])
    | st.just({"rel_type": "m.thread", "event_id": "$x", "m.in_reply_to": {"event_id": 1}}),
)


def reaction(key: str, **more: Any) -> Json:
    about = {"rel_type": "m.annotation", "event_id": "$card", "key": key, **more}
    return told({"m.relates_to": about}, kind="m.reaction")


@pytest.mark.parametrize("key", ["👍", "👍🏽", "❤️", "❤", "+1"])
def test_a_reaction_for_a_message_is_a_vote_called_by_its_event(key: str) -> None:
    event = read(reaction(key))
    assert (event.kind, event.addressed) == (EventKind.REACTION, False)
    assert event.reaction == Reaction("$card", likes=True, mark="$one")


@pytest.mark.parametrize(
    "raw",
    [
        reaction("😂"),
        reaction("👎"),
        reaction("👍", rel_type="m.thread"),
        reaction("👍", event_id=["$card"]),
        told({}, kind="m.reaction"),  # taken back before we heard of it
        told({}, kind="m.room.redaction"),
        told({"redacts": 3}, kind="m.room.redaction"),
    ],
)
def test_what_is_for_nothing_is_no_vote(raw: Json) -> None:
    assert read_event(raw, ACCOUNT) is None


@pytest.mark.parametrize("where", ["beside", "inside"])
def test_a_vote_is_taken_back_by_its_name_in_old_rooms_and_new(where: str) -> None:
    inside, beside = ({"redacts": "$one"}, {}) if where == "inside" else ({}, {"redacts": "$one"})
    event = read(told(inside, kind="m.room.redaction", **beside))
    assert event.reaction == Reaction("", likes=False, told=1, mark="$one")


_TYPES = [
    "m.room.message",
    "m.room.member",
    "m.room.tombstone",
    "m.sticker",
    "m.reaction",
    "m.room.redaction",
    "?",
]


@settings(max_examples=60)
@given(_CONTENT, st.sampled_from(_TYPES), st.none() | st.text(max_size=4), _JSON)
def test_whatever_stands_in_it_an_event_is_read_or_put_aside(
    content: Json, kind: str, state_key: str | None, unsigned: object
) -> None:
    raw = told(content, kind=kind, state_key=state_key, unsigned=unsigned)
    try:
        event = read_event(raw, ACCOUNT)
    except Unreadable:
        return
    if event is not None:
        event.text.encode()
        assert "\0" not in event.text + event.sender.name
        assert len(event.chat.external_id) <= 128
