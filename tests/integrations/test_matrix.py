"""The client of a homeserver: its refusals in our words, and no secret in any of them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from integrations.egress import Egress
from integrations.matrix import LARGEST_FILE, File, Homeserver
from integrations.matrix_answers import (
    Away,
    Forbidden,
    HomeserverError,
    Refused,
    TooFast,
    UnknownToken,
)
from tests.small_homeserver import SmallHomeserver, small_homeserver

TOKEN = "syt_canary-token"
PASSWORD = "canary-password"
LOOPBACK = Egress.to("127.0.0.0/8")


@pytest.fixture
def home() -> Iterator[SmallHomeserver]:
    with small_homeserver() as home:
        yield home


def asked(home: SmallHomeserver, ask: Callable[[Homeserver], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        server = Homeserver(home.url, TOKEN, egress=LOOPBACK)
        try:
            return await ask(server)
        finally:
            await server.close()

    return asyncio.run(run())


def send(server: Homeserver) -> Awaitable[str]:
    return server.send("!r/?:a", {"body": "x"}, once="in:1:0/x")


@pytest.mark.parametrize(
    ("status", "answer", "error", "told"),
    [
        (429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2500}, TooFast, "2.5s"),
        (429, {"retry_after_ms": "soon"}, TooFast, "1.0s"),
        (429, {"retry_after_ms": 1e300}, TooFast, "600.0s"),
        (429, {"retry_after_ms": 10**400}, TooFast, "600.0s"),
        (403, {"errcode": "M_FORBIDDEN", "error": "words of theirs"}, Forbidden, "M_FORBIDDEN"),
        (401, {"errcode": "M_UNKNOWN_TOKEN"}, UnknownToken, "M_UNKNOWN_TOKEN"),
        (413, {"errcode": "M_TOO_LARGE"}, Refused, "M_TOO_LARGE"),
        (404, b"<html>", Refused, "404"),
        (400, {"errcode": "<script>"}, Refused, "400"),
        (502, b"", Away, "502"),
        (200, b"[" * 5000, Away, "answer"),
        (200, [], Away, "answer"),
        (200, {"event_id": 7}, Away, "no event_id"),
    ],
)
def test_each_refusal_has_a_name_and_none_of_their_words(
    home: SmallHomeserver,
    status: int,
    answer: object,
    error: type[HomeserverError],
    told: str,
) -> None:
    home.say("PUT", answer, status)
    with pytest.raises(error) as raised:
        asked(home, send)
    assert str(raised.value) == told


def test_a_message_is_put_under_its_key_whatever_is_in_the_names(home: SmallHomeserver) -> None:
    home.say("PUT", {"event_id": "$1"})
    assert asked(home, send) == "$1"
    (call,) = home.calls
    assert call.path == "/_matrix/client/v3/rooms/!r/?:a/send/m.room.message/in:1:0/x"
    assert call.headers["authorization"] == f"Bearer {TOKEN}"
    assert call.content == {"body": "x"}


def test_an_edit_says_all_of_it_again(home: SmallHomeserver) -> None:
    home.say("PUT", {"event_id": "$2"})
    asked(home, lambda server: server.edit("!r:a", "$1", {"body": "two of three"}, once="k"))
    content = home.calls[0].content
    assert content["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$1"}
    assert (content["body"], content["m.new_content"]) == (
        "* two of three",
        {"body": "two of three"},
    )


def test_a_reaction_and_a_picture_go_and_come(home: SmallHomeserver) -> None:
    home.say("PUT", {"event_id": "$2"})
    home.say("POST .*upload", {"content_uri": "mxc://a/b"})
    home.say("GET .*download/a/b", b"\x89PNG")
    asked(home, lambda server: server.react("!r:a", "$1", "1️⃣", once="k"))
    relation = {"rel_type": "m.annotation", "event_id": "$1", "key": "1️⃣"}
    assert home.calls[0].content == {"m.relates_to": relation}
    picture = File("tea pot.png", "image/png", b"\x89PNG")
    assert asked(home, lambda server: server.upload(picture)) == "mxc://a/b"
    assert home.calls[1].headers["content-type"] == "image/png"
    assert asked(home, lambda server: server.download("mxc://a/b")) == b"\x89PNG"


def test_a_file_above_the_limit_is_neither_sent_nor_kept(home: SmallHomeserver) -> None:
    huge = bytes(LARGEST_FILE + 1)
    with pytest.raises(Refused, match="M_TOO_LARGE"):
        asked(home, lambda server: server.upload(File("x.png", "image/png", huge)))
    assert not home.calls
    home.say("GET", huge)
    with pytest.raises(Away, match="file"):
        asked(home, lambda server: server.download("mxc://a/b"))


def test_no_answer_and_a_forbidden_place_are_both_away(home: SmallHomeserver) -> None:
    async def elsewhere(url: str) -> None:
        await Homeserver(url, TOKEN).who_am_i()

    with pytest.raises(Away, match="forbidden_host"):
        asyncio.run(elsewhere(home.url))
    with pytest.raises(Away, match="forbidden_host"):
        asyncio.run(elsewhere("https://10.0.0.1"))


def test_neither_token_nor_password_is_told_or_logged(
    home: SmallHomeserver, caplog: pytest.LogCaptureFixture
) -> None:
    """T47"""
    caplog.set_level(logging.DEBUG)
    home.say("POST", {"errcode": "M_FORBIDDEN", "error": f"{TOKEN} {PASSWORD}"}, 403)
    home.say("GET", {"errcode": "M_UNKNOWN_TOKEN", "error": TOKEN}, 401)
    told = ""
    for ask in (lambda s: s.log_in("shop", PASSWORD), lambda s: s.who_am_i()):
        with pytest.raises(HomeserverError) as raised:
            asked(home, ask)
        told += f"{raised.value!r} {raised.value.__cause__} {raised.value.__context__}"
    server = Homeserver(home.url, TOKEN)
    told += f"{server!r} {caplog.text}"
    asyncio.run(server.close())
    assert TOKEN not in told
    assert PASSWORD not in told
