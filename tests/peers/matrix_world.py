"""A whole shop behind a real socket, a real Synapse beside it, and people with clients.

What a person does is what their client would send; what they see is what their homeserver shows.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from bot.app import Tuanzi, build
from bot.delivery.matrix_accounts import User as Introduced
from bot.delivery.matrix_accounts import connect
from bot.settings import Settings
from data.delivery.models import InboxRow
from data.kernel.clock import SystemClock, TurnableClock
from data.merchants import Merchant
from data.people import Chat
from tests import calling
from tests.peers.synapse_peer import Bubble, Synapse, User
from tests.peers.telegram_world import free_port, serving, settle, shop_settings, wait

People = Callable[..., list[User]]


@dataclass(slots=True)
class Square:
    """The shop with its account, and whom we meet there."""

    tuanzi: Tuanzi
    synapse: Synapse
    bot: User
    client: httpx.Client

    # — doing —

    def say(self, who: User, text: str, room: str, **more: Any) -> str:
        """Until we have it."""
        return self.send(who, {"msgtype": "m.text", "body": text, **more}, room)

    def send(self, who: User, content: dict[str, Any], room: str) -> str:
        event = who.send(room, content)
        self.arrived(event)
        return event

    def arrived(self, event: str) -> None:
        wait(lambda: self.stored(event) or None, lambda: f"{event} in the inbox")

    def with_us(self, room: str) -> None:
        wait(lambda: room in self.bot.rooms() or None, lambda: f"us in {room}")

    def direct_room(self, who: User) -> str:
        room = who.open_room(self.bot.id, direct=True)
        self.with_us(room)
        return room

    def group(self, host: User, *others: User, **more: Any) -> str:
        room = host.open_room(self.bot.id, *(one.id for one in others), name="Buyers", **more)
        for one in others:
            one.join(room)
        self.with_us(room)
        return room

    def invited(self, who: User) -> str:
        """Into the room that we opened for them."""
        (room,) = wait(lambda: who.invitations() or None, lambda: f"{who.id} invited")
        who.join(room)
        return room

    def pay(self, who: User, room: str) -> None:
        links = re.findall(r"/pay/[\w-]+", "\n".join(self.told(who, room)))
        assert links, self.told(who, room)
        answer = self.client.post(
            f"{self.tuanzi.settings.public_url}{links[-1]}/sandbox",
            data={"outcome": "approved"},
            follow_redirects=False,
        )
        assert answer.status_code == 303, answer.text

    def reached(self) -> list[str]:
        """Where we may speak: the names of chats that reach somebody."""
        with self.tuanzi.database.reading() as session:
            return list(session.scalars(select(Chat.external_id).where(Chat.reachable.is_(True))))

    def settle(self) -> None:
        settle(self.tuanzi)

    # — seeing —

    def stored(self, event: str) -> int:
        with self.tuanzi.database.reading() as session:
            found = select(func.count()).select_from(InboxRow).where(InboxRow.event_id == event)
            return session.scalar(found) or 0

    def bubbles(self, who: User, room: str) -> list[Bubble]:
        return [bubble for bubble in who.bubbles(room) if bubble.sender == self.bot.id]

    def told(self, who: User, room: str) -> list[str]:
        return [bubble.text for bubble in self.bubbles(who, room)]

    def wait_for(self, words: str, who: User, room: str) -> str:
        def found() -> str | None:
            texts = [text for text in reversed(self.told(who, room)) if re.search(words, text)]
            return texts[0] if texts else None

        return wait(found, lambda: f"{words!r} in {self.told(who, room)}")


def matrix_settings(database: Path) -> Settings:
    ours = shop_settings(database, port=free_port(), peer="http://127.0.0.1:1")
    return replace(
        ours,
        telegram_token=None,
        telegram_secret=None,
        egress_allowed=(ip_network("127.0.0.0/8"),),
    )


@contextmanager
def opened(settings: Settings, synapse: Synapse, bot: User) -> Iterator[Square]:
    """The shop with this account, connected anew; its clock is the real one, and may be turned."""
    system = SystemClock()
    tuanzi = build(settings, clock=TurnableClock(system.now(), running=system))
    with tuanzi.database.transaction() as session:
        merchant_id = session.scalars(select(Merchant.id)).one()
        user = Introduced(bot.id, "Tuanzi Gifts", synapse.url)
        now = tuanzi.clock.now()
        connect(session, merchant_id=merchant_id, user=user, token=bot.token, now=now)
    with serving(tuanzi), calling.client(timeout=30) as client:
        yield Square(tuanzi, synapse, bot, client)
