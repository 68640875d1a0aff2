"""A shop's Matrix account over a homeserver that says what it is told to."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.channels.adapter import Parcel
from bot.channels.matrix import Matrix
from bot.channels.matrix_rooms import Rooms
from bot.delivery.matrix_guests import Guest
from bot.delivery.matrix_inbox import MatrixInbox
from bot.delivery.matrix_listening import Listening
from data.delivery.messages import Segment
from data.kernel.clock import TurnableClock
from data.kernel.database import Database
from data.merchants import ChannelAccount
from integrations.egress import Egress
from integrations.matrix import Homeserver
from tests.builders import NOW, a_merchant
from tests.small_homeserver import SmallHomeserver

US, ANN, ROOM = "@shop:loop.test", "@ann:loop.test", "!buyers:loop.test"
Json = dict[str, Any]


@dataclass(slots=True)
class Corner:
    """`now`: seconds of a clock that only we turn."""

    home: SmallHomeserver
    database: Database
    account: ChannelAccount
    pictures: dict[str, Path] = field(default_factory=dict)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.home.say("PUT .*/send/", {"event_id": "$sent"})

    def run(self, act: Callable[["Voice"], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            server = Homeserver(self.home.url, "token", egress=Egress.to("127.0.0.0/8"))
            rooms = Rooms(US)
            guest = Guest(server, rooms)
            inbox = MatrixInbox(self.database, TurnableClock(NOW), self.account, rooms)
            channel = Matrix(server, rooms, self.pictures.get, time=lambda: self.now)
            try:
                return await act(Voice(channel, rooms, Listening(server, rooms, inbox, guest)))
            finally:
                guest.stop()
                await server.close()

        return asyncio.run(run())


@dataclass(frozen=True, slots=True)
class Voice:
    channel: Matrix
    rooms: Rooms
    listening: Listening

    async def say(self, *segments: Segment, chat: str = ROOM, **more: Any) -> tuple[str, ...]:
        kind = "private" if chat.startswith("@") else "group"
        return await self.channel.deliver(Parcel("in:1:0", chat, kind, segments, **more))


def an_account(database: Database) -> ChannelAccount:
    with database.transaction() as session:
        merchant_id = a_merchant(session).id
    account = ChannelAccount(
        id="acc_matrix",
        merchant_id=merchant_id,
        channel="matrix",
        external_id=US,
        settings={"name": "Tuanzi Gifts"},
        created_at=NOW,
    )
    with database.transaction() as session:
        session.add(account)
    return account


def said(event: str, text: str, sender: str = ANN) -> Json:
    content = {"msgtype": "m.text", "body": text}
    return {"type": "m.room.message", "event_id": event, "sender": sender, "content": content}


def member(who: str, membership: str, before: str = "") -> Json:
    return {
        "type": "m.room.member",
        "event_id": f"${membership}{who[1:4]}",
        "sender": who,
        "state_key": who,
        "content": {"membership": membership, "displayname": "Ann"},
        "unsigned": {"prev_content": {"membership": before}} if before else {},
    }


def news(*events: Json, at: str = "s2", room: str = ROOM, **timeline: Any) -> Json:
    part = {"timeline": {"events": [*events], **timeline}, "state": {"events": []}}
    return {"next_batch": at, "rooms": {"join": {room: part}}}
