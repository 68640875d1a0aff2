"""IRC, the poorest channel there is, for the tests: text alone, in lines of 400 bytes.

No pictures, no buttons, no edits, no links that open anything. Everything goes through the
product's own renderer, courier and hearing; here are only lines in and lines out.
"""

import asyncio
import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bot.channels.adapter import Parcel, Undeliverable, Unreadable
from bot.channels.addressing import is_addressed, without_mention
from bot.channels.messages import Capabilities, Unit
from bot.channels.render import render
from bot.delivery.storing import store_update
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Sender
from data.kernel.clock import Clock
from data.kernel.database import Database
from data.kernel.storable import storable
from data.merchants import ChannelAccount

CAPABILITIES = Capabilities(max_text=400, unit=Unit.BYTES, markup=False, images=False, edits=False)
_SAID = re.compile(r":([^!\s]+)!\S+ PRIVMSG (\S+) :(.*)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
Json = dict[str, Any]


def read_line(raw: Json, account: ChannelAccount) -> InboundEvent | None:
    said = _SAID.fullmatch(str(raw.get("line", "")))
    if said is None:
        raise Unreadable("line")
    who, where, text = said.groups()
    if who == account.external_id:
        return None
    group = where.startswith("#")
    return InboundEvent(
        event_id=str(raw["number"]),
        kind=EventKind.MESSAGE,
        chat=ChatRef(where, "group", where) if group else ChatRef(who),
        sender=Sender(who, who, "en"),
        text=storable(without_mention(text) if group else text),
        addressed=not group or is_addressed(text),
        numbered=True,
    )


@dataclass
class Irc:
    """One connection to one server, in one channel."""

    database: Database
    clock: Clock
    account: ChannelAccount
    port: int
    room: str
    numbers: Any = field(default_factory=lambda: count(1))
    writer: asyncio.StreamWriter | None = None

    def can(self, _kind: str) -> Capabilities:
        return CAPABILITIES

    async def run(self) -> None:
        """Until cancelled: every line that is said to us, or before us, is stored."""
        reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        us = self.account.external_id
        try:
            await self._tell(f"NICK {us}", f"USER {us} 0 * :shop")
            while raw := await reader.readline():
                await self._hear(raw.decode("utf-8", "replace").rstrip("\r\n"))
        finally:
            self.writer.close()

    async def _hear(self, line: str) -> None:
        if line.startswith("PING"):
            await self._tell(line.replace("PING", "PONG", 1))
        elif " 001 " in line:
            await self._tell(f"JOIN {self.room}")
        elif _SAID.fullmatch(line):
            await asyncio.to_thread(self._keep, line)

    async def deliver(self, parcel: Parcel) -> tuple[str, ...]:
        if self.writer is None:
            raise Undeliverable("connecting")
        drafts = render(parcel.segments, self.can(parcel.kind))
        for draft in drafts:
            lines = [_CONTROL.sub(" ", line) for line in draft.text.split("\n")]
            await self._tell(*(f"PRIVMSG {parcel.chat} :{line}" for line in lines if line.strip()))
        return tuple(str(next(self.numbers)) for _ in drafts)

    async def _tell(self, *lines: str) -> None:
        assert self.writer is not None
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self.writer.drain()

    def _keep(self, line: str) -> None:
        number = next(self.numbers)
        said = _SAID.fullmatch(line)
        assert said is not None
        who, where, _ = said.groups()
        store_update(
            self.database,
            self.clock,
            account=self.account,
            event_id=str(number),
            chat=where if where.startswith("#") else who,
            payload={"line": line, "number": number},
        )
