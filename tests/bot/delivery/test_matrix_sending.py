"""What leaves for Matrix: once, in place, in the right room, and when the homeserver bears it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.channels.adapter import Rejected, Throttled, Undeliverable, Unreachable
from bot.channels.matrix_rooms import MARK
from data.delivery.messages import Image, Text
from data.kernel.database import Database
from tests.bot.delivery.matrix import ANN, ROOM, Corner, Voice, an_account
from tests.small_homeserver import small_homeserver

TWO = (Text("one"), Text("two"))


@pytest.fixture
def corner(database: Database) -> Iterator[Corner]:
    with small_homeserver() as home:
        yield Corner(home, database, an_account(database))


def test_each_part_has_a_key_that_a_second_try_repeats(corner: Corner) -> None:
    corner.run(lambda voice: voice.say(*TWO))
    corner.run(lambda voice: voice.say(*TWO, shown=("$sent",)))
    keys = [call.path.rpartition("/")[2] for call in corner.home.asked("/send/")]
    assert keys == ["in:1:0:0", "in:1:0:1", "in:1:0:1"]


def test_what_replaces_a_message_changes_it_in_place(corner: Corner) -> None:
    names = corner.run(lambda voice: voice.say(Text("2 of 3"), edit_of=("$card",)))
    (call,) = corner.home.asked("/send/")
    assert names == ("$card",)
    assert call.content["m.relates_to"]["event_id"] == "$card"
    assert call.content["m.new_content"]["body"] == "2 of 3"


def test_a_picture_is_uploaded_once(corner: Corner, tmp_path: Path) -> None:
    file = tmp_path / "pot.png"
    file.write_bytes(b"\x89PNG")
    corner.pictures["http://shop/pot.png"] = file
    corner.home.say("POST .*upload", {"content_uri": "mxc://a/b"})

    async def twice(voice: Voice) -> None:
        for key in ("in:1:0", "in:2:0"):
            await voice.say(Image("http://shop/pot.png", "Teapot"), chat=f"{ROOM}{key}")

    corner.run(twice)
    assert len(corner.home.asked("upload")) == 1
    pictures = [call.content for call in corner.home.asked("/send/")]
    assert [content.get("url") for content in pictures].count("mxc://a/b") == 2


def test_who_has_no_room_with_us_is_asked_into_one_and_only_one(corner: Corner) -> None:
    corner.home.say("POST .*createRoom", {"room_id": "!new:loop.test"})

    async def twice(voice: Voice) -> None:
        await voice.say(Text("hello"), chat=ANN)
        await voice.say(Text("again"), chat=ANN)

    corner.run(twice)
    (opened,) = corner.home.asked("createRoom")
    assert opened.content["invite"] == [ANN]
    assert opened.content["creation_content"] == {MARK: ANN}
    assert all("!new:loop.test" in call.path for call in corner.home.asked("/send/"))


def refused(corner: Corner, status: int, answer: dict[str, Any]) -> Undeliverable:
    corner.home.say("PUT .*/send/", answer, status)
    with pytest.raises(Undeliverable) as raised:
        corner.run(lambda voice: voice.say(*TWO))
    return raised.value


def test_refusals_are_told_as_the_courier_knows_them(corner: Corner) -> None:
    assert isinstance(refused(corner, 403, {"errcode": "M_FORBIDDEN"}), Unreachable)
    assert isinstance(refused(corner, 413, {"errcode": "M_TOO_LARGE"}), Rejected)
    assert type(refused(corner, 502, {})) is Undeliverable
    assert type(refused(corner, 401, {"errcode": "M_UNKNOWN_TOKEN"})) is Undeliverable


def test_told_to_wait_all_chats_wait_and_nobody_asks_meanwhile(corner: Corner) -> None:
    corner.home.say("PUT", {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 4000}, 429)

    async def try_twice(voice: Voice) -> None:
        for chat, left in ((ROOM, 4), ("!other:loop.test", 3)):
            with pytest.raises(Throttled) as raised:
                await voice.say(Text("hello"), chat=chat)
            assert raised.value.seconds == pytest.approx(left)
            corner.now += 1
        corner.home.say("PUT", {"event_id": "$late"})
        corner.now += 3
        assert await voice.say(Text("hello")) == ("$late",)

    corner.run(try_twice)
    assert len(corner.home.asked("PUT")) == 2
