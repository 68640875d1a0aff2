"""The whole demo shop with its page, on a database of its own; people speak there and pay."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

from fastapi import FastAPI
from httpx import Response
from sqlalchemy import select

from bot.app import Tuanzi
from bot.demo import pages
from bot.demo.cast import cast, web_account
from bot.demo.clock import clock_of, settle
from bot.demo.news import News, read_news
from bot.demo.seeding import GROUP
from bot.play.world import open_world
from bot.site import create_site
from bot.web.cursors import Cursor
from data.catalogue import Variant
from data.kernel.locales import Locale
from data.orders import Address, NewLine, OrderDetails, place_order
from data.payments import create_link
from data.people import meet
from tests.bot.client import TestClient
from tests.builders import NOW

CHATS = ["you", *(one.id for one in cast()), GROUP]
CANARY = Address(name="Zhao Lan", phone="+86 138 0000 0000", line="Canary Road 7", city="Suzhou")
_visitors = count(1)


@dataclass(slots=True)
class Demo:
    """A visitor's browser has an address of its own, so that no test spends another's allowance."""

    tuanzi: Tuanzi
    client: TestClient

    def say(
        self, text: str = "", *, who: str = "you", where: str = "private", **more: Any
    ) -> Response:
        """Every line has a moment of its own."""
        clock_of(self.tuanzi).advance(timedelta(seconds=1))
        line = {"as": who, "in": where, "id": f"line-{next(_visitors)}", "text": text, **more}
        answer = self.client.post("/demo/say", json=line)
        asyncio.run(settle(self.tuanzi))
        return answer

    def news(self, after: Cursor | None = None) -> News:
        with self.tuanzi.database.reading() as session:
            return read_news(session, chats=CHATS, after=after)

    def told(self, kind: str, after: Cursor | None = None) -> list[dict[str, Any]]:
        return [body for name, body in self.news(after).items if name == kind]

    def shown(self, chat: str) -> list[dict[str, Any]]:
        """All wire messages of a chat, in order."""
        return [
            message
            for item in self.told("message")
            if item["chat"] == chat
            for message in item["messages"]
        ]

    def press(self, title: str, *, who: str = "you", where: str = "private") -> Response:
        """The newest button of this name."""
        chat = GROUP if where == "group" else who
        tokens = [
            button["payload"].removeprefix("/tap:")
            for message in self.shown(chat)
            for button in message.get("buttons", ())
            if button["title"] == title
        ]
        return self.say(who=who, where=where, press=tokens[-1])

    def a_bill(self, locale: Locale = Locale.ZH_HANS) -> str:
        """The token of a payment link for something from the shelf."""
        now = self.tuanzi.clock.now()
        with self.tuanzi.database.transaction() as session:
            account = web_account(session)
            name = f"buyer-{next(_visitors)}"
            person = meet(
                session, account=account, external_id=name, name="", locale=locale, now=now
            )
            variant = session.scalars(
                select(Variant.id).where(Variant.merchant_id == account.merchant_id).limit(1)
            ).one()
            order = place_order(
                session,
                merchant_id=account.merchant_id,
                person_id=person.id,
                lines=[NewLine(variant, 1)],
                details=OrderDetails(ship_to=CANARY),
                hold_until=now + timedelta(minutes=30),
                now=now,
            )
            return create_link(session, order_id=order.id, now=now)


@contextmanager
def open_page() -> Iterator[Demo]:
    """A shop of one's own behind the same routes."""
    world = open_world(NOW)
    site = _routes()
    site.state.tuanzi = world.tuanzi
    yield Demo(world.tuanzi, a_browser(site))
    world.close()


@cache
def _routes() -> FastAPI:
    world = open_world(NOW)
    site = create_site(world.tuanzi, works=False)
    pages.install(site)
    world.close()
    return site


def a_browser(site: Any, *, at: str = "", **headers: str) -> TestClient:
    """On this machine unless said otherwise, with an address nobody else has."""
    number = next(_visitors)
    host = at or f"127.0.{number // 250}.{number % 250 + 2}"
    return TestClient(
        site,
        base_url="http://127.0.0.1",
        client=(host, 50_000),
        headers=headers,
        follow_redirects=False,
    )
