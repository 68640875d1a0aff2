"""Chats of a merchant's site that stay open, at a real `tuanzi serve` of two processes."""

import json
import threading
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select

from bot.webchat.sites import Look, open_site, read_origins
from data.kernel.clock import SystemClock
from data.kernel.database import Database
from data.kernel.encryption import CIPHER, FieldCipher
from data.merchants import Merchant
from tests import calling
from tests.bench.server import Server, Shop, running_server, seeded_shop

pytestmark = pytest.mark.slow
_PATIENCE = 30.0
_EARS = 4  # connections: of two processes each answers some


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with seeded_shop() as shop:
        yield shop


def connected(shop: Shop) -> str:
    database = Database(shop.database_url, info={CIPHER: FieldCipher([shop.field_key])})
    try:
        with database.transaction() as session:
            return open_site(
                session,
                merchant_id=session.scalars(select(Merchant.id)).one(),
                origins=read_origins(["https://www.tea.example"]),
                look=Look(),
                now=SystemClock().now(),
            ).id
    finally:
        database.close()


def test_every_process_tells_the_news_and_ends_with_its_chats_open(shop: Shop) -> None:
    account = connected(shop)
    with running_server(shop, processes=2) as server:
        address = f"http://127.0.0.1:{server.port}/webchat/{account}"
        begun = calling.post(f"{address}/begin", json={}).json()
        bearer = {"Authorization": f"Bearer {begun['token']}"}
        listening = threading.Barrier(_EARS + 1)
        heard: list[str] = []
        ears = [
            threading.Thread(target=listen, args=(address, bearer, listening, heard))
            for _ in range(_EARS)
        ]
        for ear in ears:
            ear.start()
        listening.wait(_PATIENCE)
        line = {"id": "line-in-two-processes", "text": "hello", "locale": "en"}
        said = calling.post(f"{address}/say", json=line, headers=bearer)
        assert said.status_code == 202
        listening.wait(_PATIENCE)
        assert heard == ["hello"] * _EARS
        end(server)
        for ear in ears:
            ear.join(_PATIENCE)
            assert not ear.is_alive()


def listen(
    address: str, bearer: dict[str, str], listening: threading.Barrier, heard: list[str]
) -> None:
    with httpx.stream(
        "GET", f"{address}/stream", headers=bearer, trust_env=False, timeout=_PATIENCE
    ) as answer:
        for line in answer.iter_lines():
            if not line.startswith("data: "):
                continue
            items = json.loads(line[6:])["items"]
            heard += [item["text"] for item in items if item["kind"] == "said"]
            if not items or any(item["kind"] == "said" for item in items):
                listening.wait(_PATIENCE)


def end(server: Server) -> None:
    """Asked once; nobody is made to."""
    server.process.terminate()
    assert server.process.wait(_PATIENCE) == 0
