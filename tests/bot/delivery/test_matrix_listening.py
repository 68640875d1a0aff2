"""From a homeserver's answers into the inbox: each once, nothing lost, nobody held up."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from bot.delivery import storing
from data.delivery import cursors
from data.delivery.models import InboxRow
from data.kernel.database import Database
from integrations.matrix_answers import Away, Refused
from tests.bot.delivery.matrix import (
    ANN,
    ROOM,
    US,
    Corner,
    Voice,
    an_account,
    member,
    news,
    said,
)
from tests.small_homeserver import small_homeserver

Json = dict[str, Any]


@pytest.fixture
def corner(database: Database) -> Iterator[Corner]:
    with small_homeserver() as home:
        home.say("GET .*/sync", {"next_batch": "s1"})
        yield Corner(home, database, an_account(database))


def position(corner: Corner) -> str | None:
    with corner.database.reading() as session:
        return cursors.position(session, account_id=corner.account.id)


def stored(corner: Corner) -> list[str]:
    with corner.database.reading() as session:
        return list(session.scalars(select(InboxRow.event_id).order_by(InboxRow.id)))


async def listen(voice: Voice) -> None:
    """Looks around, then takes one answer."""
    await voice.listening.look_around()
    await voice.listening.step()


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not seen():  # noqa: ASYNC110  # no event crosses from the homeserver's thread
            await asyncio.sleep(0.01)


def tell(corner: Corner, answer: Json) -> None:
    corner.home.say("GET .*/sync.*since=", answer)


def test_what_was_before_we_came_is_not_ours_and_the_rest_is_stored_once(corner: Corner) -> None:
    corner.run(lambda voice: voice.listening.look_around())
    assert position(corner) == "s1"
    entered = member(US, "join", before="invite")
    tell(corner, news(said("$before", "old"), entered, said("$after", "hello")))
    corner.run(listen)
    corner.run(listen)
    assert stored(corner) == ["$joinsho", "$after"]
    assert position(corner) == "s2"
    (asked, again) = corner.home.asked("since=")
    assert ("since=s1" in asked.path, "since=s2" in again.path) == (True, True)


def test_what_did_not_fit_into_an_answer_is_fetched_behind_it(corner: Corner) -> None:
    tell(corner, news(said("$9", "nine"), limited=True, prev_batch="p8"))
    corner.home.say(
        "GET .*/messages.*from=p8", {"chunk": [said("$8", "8"), said("$7", "7")], "end": "p6"}
    )
    corner.home.say("GET .*/messages.*from=p6", {"chunk": [said("$6", "six")]})
    corner.run(listen)
    assert stored(corner) == ["$6", "$7", "$8", "$9"]
    assert all("to=s1" in call.path for call in corner.home.asked("/messages"))


def test_where_the_gap_cannot_be_filled_the_position_stays(corner: Corner) -> None:
    tell(corner, news(said("$9", "nine"), limited=True, prev_batch="p8"))
    corner.home.say("GET .*/messages", {}, 502)
    with pytest.raises(Away):
        corner.run(listen)
    assert (stored(corner), position(corner)) == ([], "s1")


def test_a_gap_that_nobody_shows_us_holds_up_no_other_room(corner: Corner) -> None:
    answer = news(said("$9", "nine"), limited=True, prev_batch="half a character \ud83d")
    answer["rooms"]["join"] |= news(said("$other", "hi"), room="!o:loop.test")["rooms"]["join"]
    tell(corner, answer)
    corner.home.say("GET .*/messages", {"errcode": "M_FORBIDDEN"}, 403)
    corner.run(listen)
    assert (stored(corner), position(corner)) == (["$9", "$other"], "s2")


@pytest.mark.parametrize("there", ["a\0b", "\ud83d", "", None, 7])
def test_an_answer_that_ends_nowhere_is_kept_and_asked_for_once_more(
    corner: Corner, there: object
) -> None:
    tell(corner, {**news(said("$9", "nine")), "next_batch": there})
    with pytest.raises(Away):
        corner.run(listen)
    assert (stored(corner), position(corner)) == (["$9"], "s1")


def test_a_number_that_is_none_spoils_its_own_event_only(corner: Corner) -> None:
    odd = {**said("$odd", "hi"), "age": 1e308}
    tell(corner, json.dumps(news(odd, said("$9", "nine"))).replace("1e+308", "1e999").encode())
    corner.run(listen)
    assert (stored(corner), position(corner)) == (["$9"], "s2")


def test_our_own_words_are_not_stored(corner: Corner) -> None:
    tell(corner, news(said("$ours", "hello", sender=US), said("$theirs", "hello")))
    corner.run(listen)
    assert stored(corner) == ["$theirs"]


def test_a_room_that_says_too_much_holds_up_no_other(
    corner: Corner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "BACKLOG", 2)
    answer = news(*(said(f"$loud{number}", "!") for number in range(4)), room="!loud:loop.test")
    answer["rooms"]["join"] |= news(said("$calm", "hello"))["rooms"]["join"]
    tell(corner, answer)

    async def a_moment(voice: Voice) -> None:
        await voice.listening.look_around()
        step = asyncio.ensure_future(voice.listening.step())
        await until(lambda: "$calm" in stored(corner))
        step.cancel()

    corner.run(a_moment)
    assert stored(corner) == ["$loud0", "$loud1", "$calm"]
    assert position(corner) == "s1"  # what waits is told again


def test_an_invitation_for_two_is_noted_and_accepted(corner: Corner) -> None:
    invited = {**member(US, "invite"), "sender": ANN}
    invited["content"]["is_direct"] = True
    invitation = {"invite_state": {"events": [invited]}}
    tell(corner, {"next_batch": "s2", "rooms": {"invite": {ROOM: invitation}}})
    corner.home.say("PUT .*account_data", {})
    corner.home.say("POST .*/join/", {"room_id": ROOM})

    async def accept(voice: Voice) -> str | None:
        await listen(voice)
        await until(lambda: bool(corner.home.asked("/join/")))
        return voice.rooms.partner(ROOM)

    assert corner.run(accept) == ANN
    (note,) = corner.home.asked("PUT .*account_data")
    assert note.content["user"] == ANN


def test_a_homeserver_that_knows_the_position_no_more_is_begun_with_anew(corner: Corner) -> None:
    corner.home.say("GET .*/sync.*since=", {"errcode": "M_UNKNOWN"}, 400)
    corner.run(lambda voice: voice.listening.look_around())
    corner.home.says[-1] = ("GET .*/sync", lambda _body: (200, {"next_batch": "t7"}))
    corner.run(listen)
    assert position(corner) == "t7"


def test_a_no_that_is_not_the_homeservers_own_costs_no_message(corner: Corner) -> None:
    corner.run(lambda voice: voice.listening.look_around())
    corner.home.say("GET .*/sync.*since=", b"<html>", 403)
    corner.home.says[-1] = ("GET .*/sync", lambda _body: (200, {"next_batch": "t7"}))
    with pytest.raises(Refused):
        corner.run(listen)
    assert position(corner) == "s1"


def test_two_restarts_ask_two_different_questions(corner: Corner) -> None:
    """Synapse keeps the answer to the same one for two minutes."""
    for _ in range(2):
        corner.run(lambda voice: voice.listening.look_around())
    first, second = corner.home.asked("/sync")
    assert first.path != second.path
