"""Matrix on the bench: its account listens to a homeserver that says what it is told to."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from html import unescape
from pathlib import Path
from typing import Any, ClassVar, Self

from sqlalchemy import select

from bot.channels.adapter import Unreadable
from bot.channels.matrix import CAPABILITIES, Matrix
from bot.channels.matrix_events import NAME, read_event
from bot.channels.matrix_rooms import MARK, Rooms
from bot.delivery.matrix_guests import Guest
from bot.delivery.matrix_inbox import MatrixInbox
from bot.delivery.matrix_listening import Listening
from data.delivery.inbound import InboundEvent
from data.delivery.models import InboxRow
from data.kernel.ids import new_id
from data.merchants import ChannelAccount, Merchant
from integrations.egress import Egress
from integrations.matrix import Homeserver
from integrations.matrix_answers import TooLarge
from tests.bot.delivery.matrix import US, news
from tests.bot.open_demo import Demo
from tests.builders import NOW
from tests.peers.conformance.bench import Bench, Golden, Taken, numbers, read_each
from tests.small_homeserver import Call, SmallHomeserver, small_homeserver

_FOLDER = Path(__file__).parents[2] / "recordings" / "matrix"
_PUSHED = "the homeserver is asked by us, with our token: nobody calls in"
_BREAK = re.compile(r"<br>")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a room, as an answer of the homeserver has it."""

    room: str
    event: Any


@dataclass
class MatrixBench(Bench):
    name = "matrix"
    longest = CAPABILITIES.max_text
    patience = 5.0
    reasons: ClassVar[dict[str, str]] = {
        "who_cannot_sign_is_refused_and_leaves_nothing": _PUSHED,
        "a_stamp_of_another_time_is_refused": _PUSHED,
        "a_chat_that_must_wait_delays_no_other": "a homeserver counts what an account sends in all "
        "rooms together: told to wait, all its chats wait",
        "a_choice_pressed_and_its_number_typed_are_the_same_turn": "a message has no buttons: a "
        "choice is always typed",
        "nobody_presses_anothers_choice_nor_one_that_never_was": "a message has no buttons, and a "
        "number presses only what its writer was offered",
        "a_kind_that_does_not_exist_yet_is_kept_and_harmless": "the homeserver is asked for the "
        "kinds that we read; another one is left out (see junk)",
    }
    home: SmallHomeserver = None  # type: ignore[assignment]  # `opened` gives it
    rooms: Rooms = None  # type: ignore[assignment]
    listening: Listening = None  # type: ignore[assignment]
    arrived: list[Call] = field(default_factory=list)
    troubles: list[tuple[int, Json]] = field(default_factory=list)
    away: bool = False

    @classmethod
    @contextmanager
    def opened(cls, demo: Demo, runner: asyncio.Runner, _peer: str) -> Iterator[Self]:
        with small_homeserver() as home:
            tuanzi = demo.tuanzi
            with tuanzi.database.transaction() as session:
                merchant = session.scalars(select(Merchant.id)).one()
                account = ChannelAccount(
                    id=new_id("acc"),
                    merchant_id=merchant,
                    channel="matrix",
                    external_id=US,
                    settings={NAME: "Tuanzi Gifts"},
                    created_at=NOW,
                )
                session.add(account)
            server = Homeserver(home.url, "token", egress=Egress.to("127.0.0.0/8"))
            rooms, inbox_of = Rooms(US), (tuanzi.database, tuanzi.clock, account)
            guest = Guest(server, rooms)
            listening = Listening(server, rooms, MatrixInbox(*inbox_of, rooms), guest)
            time = lambda: tuanzi.clock.now().timestamp()  # noqa: E731  # the shop's own clock
            tuanzi.channels[account.id] = Matrix(server, rooms, lambda _: None, time=time)
            home.say("GET .*/sync", {"next_batch": "s1"})
            runner.run(listening.look_around())
            bench = cls(demo, runner, account, home=home, rooms=rooms, listening=listening)
            home.says.insert(0, ("PUT .*/send/", bench._listen))
            home.say("PUT .*account_data", {})
            try:
                yield bench
            finally:
                guest.stop()
                runner.run(server.close())

    # — what comes in —

    def person(self) -> str:
        """With a room that we opened for them."""
        who = f"@p{next(numbers)}:loop.test"
        mark = {"type": "m.room.create", "state_key": "", "sender": US, "content": {MARK: who}}
        members = {"m.joined_member_count": 2, "m.invited_member_count": 0}
        part = {"state": {"events": [mark]}, "summary": members}
        self.rooms.learn({"rooms": {"join": {_room(who): part}}})
        return who

    def said(self, text: str, who: str) -> Told:
        return self._event(who, {"msgtype": "m.text", "body": text})

    def _event(self, who: str, content: object, kind: str = "m.room.message") -> Told:
        event = {"type": kind, "event_id": f"${next(numbers)}", "sender": who, "content": content}
        return Told(_room(who), event)

    def bring(self, wire: Told) -> Taken:
        """As the next answer of the homeserver; what it left in the inbox says how it was taken."""
        answer = news(wire.event, at=f"s{next(numbers)}", room=wire.room)
        self.home.say("GET .*/sync.*since=", answer)
        try:
            self.runner.run(self.listening.step())
        except TooLarge:
            return Taken.BAD
        return Taken.TAKEN if self._is_kept(wire.event) else Taken.BAD

    def _is_kept(self, event: object) -> bool:
        name = event.get("event_id") if isinstance(event, dict) else None
        if not isinstance(name, str):
            return False
        mine = (InboxRow.account_id == self.account.id) & (InboxRow.event_id == name)
        with self.tuanzi.database.reading() as session:
            return session.scalar(select(InboxRow.id).where(mine)) is not None

    def goldens(self) -> Iterator[Golden]:
        files = sorted(_FOLDER.glob("*.json"))
        recorded = [(file.stem, json.loads(file.read_text(encoding="utf-8"))) for file in files]
        cases = ((name, one["told"], one["event"]) for name, one in recorded)
        return read_each(cases, lambda told: _plain(read_event(told, self.account), told))

    def junk(self, who: str) -> list[Told]:
        sound, room = self.said("x", who).event, _room(who)
        changes: list[Json] = [
            *({"event_id": wrong} for wrong in (None, 7, "", "$" + "b" * 300)),
            *({"sender": wrong} for wrong in (None, 7, "", "@" + "b" * 300)),
            *({"type": wrong} for wrong in (None, [], "")),
            *({"content": {"msgtype": "m.text", wrong: 1}} for wrong in ("\0", "\ud800")),
            {"type": "org.example.moon_landing"},
        ]
        return [Told(room, one) for one in (None, 7, [], {}, *({**sound, **c} for c in changes))]

    def too_large(self, who: str) -> Told:
        return self.said("x" * 33 * 1024 * 1024, who)

    def poison(self, who: str) -> list[Told]:
        wires = [self._event("bob", {"body": "no person"}), self._event("@", {"body": "nobody"})]
        wires = [Told(_room(who), wire.event) for wire in wires]
        wires += [self._event(who, content) for content in (None, [], "words")]
        for wire in wires:
            try:
                read_event(self._envelope(wire), self.account)
            except Unreadable:
                continue
            raise AssertionError(wire)
        return wires

    def _envelope(self, wire: Told) -> Json:
        place = {"id": wire.room, "title": "", "partner": None}
        return {"room": place, "called": "", "to_us": False, "event": wire.event}

    # — what goes out —

    def shown(self, chat: str) -> list[str]:
        return [content["body"] for content in self._sent(chat)]

    def sizes(self, chat: str) -> list[int]:
        return [len(content["body"].encode()) for content in self._sent(chat)]

    def _sent(self, chat: str) -> list[Json]:
        """The words; where there is HTML too it says the same."""
        here = f"/rooms/{_room(chat)}/"
        contents = [call.content for call in self.arrived if here in call.path]
        for content in contents:
            html = _BREAK.sub("\n", content.get("formatted_body", ""))
            assert not html or unescape(re.sub(r"</?b>", "", html)) == content["body"]
        return contents

    def _listen(self, _body: bytes) -> tuple[int, Json]:
        """What it answers to something said: the next trouble, or the event."""
        if self.away:
            return 502, {}
        if self.troubles:
            return self.troubles.pop(0)
        self.arrived.append(self.home.calls[-1])
        return 200, {"event_id": f"$sent{len(self.arrived)}"}

    def throttle(self, _chat: str) -> float:
        answer = {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 7000}
        self.troubles.append((429, answer))
        return 7.0

    def close(self, _chat: str) -> None:
        self.troubles.append((403, {"errcode": "M_FORBIDDEN", "error": "not in room"}))

    def refuse(self, _chat: str) -> None:
        self.troubles.append((413, {"errcode": "M_TOO_LARGE"}))

    def go_away(self) -> None:
        self.away = True

    def come_back(self) -> None:
        self.away = False

    def group(self) -> str:
        return f"!r{next(numbers)}:loop.test"

    def move(self, group: str) -> str:
        after = self.group()
        tombstone = {"type": "m.room.tombstone", "state_key": "", "sender": "@ann:loop.test"}
        content = {"body": "moved", "replacement_room": after}
        self.bring(Told(group, {**tombstone, "event_id": f"${next(numbers)}", "content": content}))
        return after


def _room(chat: str) -> str:
    """A private chat is called by its person; this is where we meet them."""
    return chat if chat.startswith("!") else f"!{chat[1:].partition(':')[0]}:loop.test"


def _plain(event: InboundEvent | None, told: Json) -> Json | None:
    """As the recordings have it."""
    if event is None:
        return None
    assert event.event_id == told["event"]["event_id"]
    plain = asdict(event)
    chat, sender = plain["chat"], plain["sender"]
    plain |= {"chat": [*chat.values()], "sender": [sender["external_id"], sender["name"]]}
    left_out = {"event_id", "token", "start"}
    return {
        name: value
        for name, value in plain.items()
        if name not in left_out and value is not None and (name, value) != ("text", "")
    }
