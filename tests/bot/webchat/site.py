"""A merchant's own site with its chat: a browser's frame, and what it is told."""

import asyncio
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from httpx import Response
from sqlalchemy import select

from bot.app import Tuanzi
from bot.demo.clock import settle
from bot.webchat.sites import Look, open_site, read_origins
from data.merchants import Merchant
from tests.bot.client import TestClient
from tests.bot.open_demo import Demo

PAGE = "https://www.merchant.example"
_numbers = count(1)


def a_site(demo: Demo, *, origin: str = PAGE, look: Look | None = None) -> str:
    """The account's id."""
    with demo.tuanzi.database.transaction() as session:
        return open_site(
            session,
            merchant_id=session.scalars(select(Merchant.id)).one(),
            origins=read_origins([origin]),
            look=look or Look(),
            now=demo.tuanzi.clock.now(),
        ).id


@dataclass(slots=True)
class Frame:
    """Our page in somebody's browser, at an address of its own so that no limit is shared."""

    demo: Demo
    account: str
    client: TestClient
    token: str = ""
    ids: Any = field(default_factory=lambda: count(1))

    @property
    def tuanzi(self) -> Tuanzi:
        return self.demo.tuanzi

    @property
    def visitor(self) -> str:
        return self.token.partition(".")[0]

    def begin(self, token: str | None = None) -> Response:
        shown = self.token if token is None else token
        answer = self.client.post(f"/webchat/{self.account}/begin", json={"token": shown})
        if answer.status_code == 200:
            self.token = answer.json()["token"]
        return answer

    def say(self, text: str, **more: Any) -> Response:
        return self.post("say", {"id": self.new_id(), "text": text, "locale": "en", **more})

    def press(self, token: str) -> Response:
        return self.post("press", {"id": self.new_id(), "token": token, "locale": "en"})

    def post(self, what: str, body: dict[str, Any]) -> Response:
        path = f"/webchat/{self.account}/{what}"
        return self.client.post(path, json=body, headers=self.bearer)

    def send(self, content: bytes, line_id: str = "") -> Response:
        path = f"/webchat/files/{self.account}"
        about = {"id": line_id or self.new_id(), "locale": "en"}
        return self.client.post(path, content=content, params=about, headers=self.bearer)

    def hear(self, after: str = "") -> dict[str, Any]:
        """What is there now, after the shop has done its work."""
        asyncio.run(settle(self.tuanzi))
        path = f"/webchat/{self.account}/messages"
        answer = self.client.get(path, params={"after": after}, headers=self.bearer)
        assert answer.status_code == 200, answer.text
        news: dict[str, Any] = answer.json()
        return news

    def lines(self) -> list[str]:
        return [item["text"] for item in self.hear()["items"] if item["kind"] == "said"]

    def messages(self) -> list[dict[str, Any]]:
        """Wire messages of the shop, in order."""
        said = [item for item in self.hear()["items"] if item["kind"] == "message"]
        return [message for item in said for message in item["messages"]]

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def new_id(self) -> str:
        return f"line-{next(self.ids):06d}"


def a_frame(demo: Demo, account: str, *, begun: bool = True, **headers: str) -> Frame:
    number = next(_numbers)
    headers = headers or {"Sec-Fetch-Site": "same-origin"}
    client = TestClient(
        demo.client.app,
        base_url="http://127.0.0.1",
        headers=headers,
        client=(f"198.18.{number // 250}.{number % 250 + 1}", 50_000),
    )
    frame = Frame(demo, account, client)
    if begun:
        assert frame.begin().status_code == 200
    return frame
