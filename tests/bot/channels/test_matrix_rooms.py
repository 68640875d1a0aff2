"""Which room is whose private chat, and when it is no more."""

from typing import Any

import pytest

from bot.channels.matrix_rooms import DIRECT, MARK, Rooms

US, ANN = "@shop:loop.test", "@ann:loop.test"
ROOM = "!one:loop.test"
Json = dict[str, Any]


def sync(*state: Json, joined: int = 2, invited: int = 0, room: str = ROOM, **more: Any) -> Json:
    part = {
        "state": {"events": [*state]},
        "summary": {"m.joined_member_count": joined, "m.invited_member_count": invited},
    }
    return {"rooms": {"join": {room: {**part, **more}}}}


def state(kind: str, content: Json, sender: str = US) -> Json:
    return {"type": kind, "state_key": "", "sender": sender, "content": content}


OPENED = state("m.room.create", {MARK: ANN})


def rooms(*answers: Json) -> Rooms:
    known = Rooms(US)
    for answer in answers:
        known.learn(answer)
    return known


def test_a_room_that_we_opened_is_found_again_after_a_restart() -> None:
    assert rooms(sync(OPENED, joined=1, invited=1)).direct_room(ANN) == ROOM


def test_nobody_elses_mark_is_believed() -> None:
    forged = state("m.room.create", {MARK: ANN}, sender="@mallory:loop.test")
    assert rooms(sync(forged)).partner(ROOM) is None


def test_a_third_one_makes_it_a_group_and_their_leaving_private_again() -> None:
    known = rooms(sync(OPENED), sync(joined=2, invited=1))
    assert (known.partner(ROOM), known.direct_room(ANN)) == (None, None)
    known.learn(sync(joined=2))
    assert (known.partner(ROOM), known.direct_room(ANN)) == (ANN, ROOM)


@pytest.mark.parametrize(
    "closed",
    [
        sync(state("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})),
        sync(state("m.room.tombstone", {"replacement_room": "!next:loop.test"})),
        sync(joined=1),
        {"rooms": {"leave": {ROOM: {}}}},
    ],
)
def test_where_they_cannot_read_us_we_do_not_write(closed: Json) -> None:
    assert rooms(sync(OPENED), closed).direct_room(ANN) is None


def test_where_they_began_to_write_last_we_write() -> None:
    known = rooms(sync(OPENED), sync(joined=2, room="!two:loop.test"))
    note = known.choose("!two:loop.test", ANN, 5)
    assert known.direct_room(ANN) == "!two:loop.test"
    known.choose(ROOM, ANN, 9)
    assert known.direct_room(ANN) == ROOM
    kept: Json = {"events": [{"type": MARK, "content": note}]}
    restarted = rooms(sync(room="!two:loop.test", account_data=kept))
    assert restarted.direct_room(ANN) == "!two:loop.test"


def test_whoever_comes_after_they_left_is_somebody_else() -> None:
    known = rooms(sync(OPENED))
    known.forget(ROOM)
    assert (known.partner(ROOM), known.direct_room(ANN)) == (None, None)


def test_rooms_that_a_client_marked_as_direct_are_private() -> None:
    told = {"type": DIRECT, "content": {ANN: [ROOM, 7], "@bob:x": "no list"}}
    known = rooms({**sync(), "account_data": {"events": [told]}})
    assert known.direct_room(ANN) == ROOM


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"rooms": []},
        {"rooms": {"join": [ROOM]}},
        {"rooms": {"join": {ROOM: None}}},
        sync(state("m.room.name", {"name": 7})),
        sync({"type": "m.room.name", "state_key": "", "content": None}),
        {"rooms": {"join": {ROOM: {"summary": {"m.joined_member_count": "2"}}}}},
        {"account_data": {"events": [{"type": DIRECT, "content": 3}]}},
    ],
)
def test_odd_answers_are_taken_for_no_news(odd: Json) -> None:
    known = rooms(sync(OPENED), odd)
    assert (known.title(ROOM), known.direct_room(ANN)) == ("", ROOM)
