"""The doors that strangers can reach: what is thrown at each, and what must still go well after."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Protocol
from urllib.parse import urlencode

from httpx import AsyncClient
from sqlalchemy import select

from bot.demo.cast import web_account
from data.catalogue import Variant, restock
from data.orders import Order, OrderState
from tests.bot.delivery.telegram import SECRET
from tests.bot.delivery.wechat import SignedCall, signed
from tests.bot.open_demo import Demo
from tests.bot.webchat.site import Frame, a_frame
from tests.peers.conformance.bench import Bench, numbers
from tests.peers.conformance.mutating import (
    leaf,
    mutated,
    mutated_xml,
    names_in,
    to_bytes,
    torn,
    words,
)

_RECORDED = Path(__file__).parents[2] / "recordings"
_API = json.loads((_RECORDED / "telegram_api.json").read_text(encoding="utf-8"))
_JSON = {"content-type": "application/json"}
_ANSWERS = {200, 202, 303, 400, 401, 403, 404, 405, 413, 422, 429, 503}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Thrown:
    """One request, as it goes over the wire."""

    path: str
    content: bytes
    headers: dict[str, str | bytes]
    query: dict[str, str] | None = None
    method: str = "POST"

    async def fly(self, client: AsyncClient) -> None:
        """An answer of ours comes back, and it is none that we did not mean."""
        answer = await client.request(
            self.method,
            self.path,
            content=self.content,
            headers=self.headers,  # type: ignore[arg-type]  # bytes are allowed
            params=self.query,
        )
        assert answer.status_code in _ANSWERS, answer.status_code


class Flying(Protocol):
    """One input, on its way to us: a request, or an answer to what we asked."""

    async def fly(self, client: AsyncClient, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Door:
    """`run`: on whose loop; what asks the other side has its connections there."""

    throw: Callable[[Random], Flying]
    check: Callable[[], None]  # a good message is taken and answered
    run: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run


def door_of(bench: Bench) -> Door:
    return Door(_THROWN[bench.name](bench), lambda: is_answered(bench))


def is_answered(bench: Bench) -> None:
    who = bench.person()
    bench.say("hello", who)
    bench.tuanzi.worker._drain()
    assert bench.answers(who)


@cache
def _loaded(folder: str) -> list[Any]:
    files = sorted((_RECORDED / folder).rglob("*.json"))
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


# — Telegram —


def _telegram(_bench: Bench) -> Callable[[Random], Thrown]:
    updates = [one.get("update", one) for one in _loaded("telegram")]
    updates += [{"update_id": 1, kind: _smallest(shape)} for kind, shape in _API["updates"].items()]
    names = names_in(updates)

    def throw(chance: Random) -> Thrown:
        update = mutated(
            {**chance.choice(updates), "update_id": next(numbers)}, chance, names=names
        )
        secret = SECRET if chance.random() < 0.97 else words(chance)
        headers = {**_JSON, "x-telegram-bot-api-secret-token": secret.encode("utf-8", "replace")}
        return Thrown("/webhooks/telegram/7", to_bytes(update, chance), headers)

    return throw


def _smallest(kind: str) -> Any:
    """The least that the public description requires of a type."""
    if kind.startswith("Array of "):
        return [_smallest(kind.removeprefix("Array of "))]
    plain: Json = {"Integer": 1, "String": "x", "Boolean": False, "Float": 1.0}
    if kind in plain:
        return plain[kind]
    shape = _API["types"][kind]
    if "one_of" in shape:
        return _smallest(shape["one_of"][0])
    return {name: _smallest(part) for name, part in shape["required"].items()}


# — WeChat —


def _wechat(bench: Bench) -> Callable[[Random], Thrown]:
    recorded = json.loads((_RECORDED / "wechat" / "messages.json").read_text(encoding="utf-8"))
    documents = [one["xml"] for one in recorded]
    names = sorted({part.partition(">")[0] for xml in documents for part in xml.split("</")[1:]})
    path = f"/webhooks/wechat/{bench.account.external_id}"

    def document(chance: Random) -> str:
        xml = chance.choice(documents).replace("24012345678901234", str(next(numbers)))
        return mutated_xml(xml, chance, names=names)

    def throw(chance: Random) -> Thrown:
        now = int(bench.tuanzi.clock.now().timestamp())
        call = signed(document(chance), at=now, nonce=f"{chance.getrandbits(64):x}")
        return as_thrown(path, broken(call, document, chance), chance)

    return throw


def broken(call: SignedCall, document: Callable[[Random], str], chance: Random) -> SignedCall:
    """Now and then its seal or its signature is."""
    name = chance.choice([*call.query])
    match chance.randrange(12):
        case 0:
            return SignedCall({**call.query, name: words(chance)}, call.body)
        case 1:
            left = {key: value for key, value in call.query.items() if key != name}
            return SignedCall(left, call.body)
        case 2:
            changed = mutated_xml(call.body.decode(), chance, names=["Encrypt", "ToUserName"])
            return SignedCall(call.query, changed.encode())
        case 3:
            return SignedCall(call.query, document(chance).encode())
    return call


def as_thrown(path: str, call: SignedCall, chance: Random, method: str = "POST") -> Thrown:
    query = {name: text.encode("utf-8", "replace").decode() for name, text in call.query.items()}
    return Thrown(path, torn(call.body, chance), {}, query, method)


# — web chat —


def _web(bench: Bench) -> Callable[[Random], Thrown]:
    lines = [
        one["body"] for one in json.loads((_RECORDED / "web" / "lines.json").read_text("utf-8"))
    ]
    lines += [{"token": "", "cookie": True, "known": True}]
    names, frames = names_in(lines), [a_frame(bench.demo, bench.account.id)]

    def throw(chance: Random) -> Thrown:
        frame = _fresh(bench, frames, chance)
        body = chance.choice(lines)
        body = mutated({**body, "id": f"line-{next(numbers)}"}, chance, names=names)
        what = chance.choice(["say", "say", "press", "begin"])
        path = f"/webchat/{bench.account.id}/{what}"
        if chance.random() < 0.03:
            path, content = f"/webchat/files/{bench.account.id}", _file(chance)
        else:
            content = to_bytes(body, chance)
        token = frame.token if chance.random() < 0.95 else words(chance)
        bearer = f"Bearer {token}".encode("utf-8", "replace")
        query = {"id": words(chance).encode("utf-8", "replace").decode()}
        return Thrown(path, content, {**_JSON, "authorization": bearer}, query)

    return throw


def _fresh(bench: Bench, frames: list[Frame], chance: Random) -> Frame:
    """Now and then somebody new, before a token has its day."""
    if chance.random() < 0.01:
        frames[0] = a_frame(bench.demo, bench.account.id)
    return frames[0]


def _file(chance: Random) -> bytes:
    heads = [
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"%PDF-1.7\n",
        b"<svg>",
        b"RIFF\0\0\0\0WEBP",
    ]
    return chance.choice(heads) + chance.randbytes(chance.randrange(200))


# — REST —


def _rest(_bench: Bench) -> Callable[[Random], Thrown]:
    messages = [
        one["body"] for one in json.loads((_RECORDED / "rest" / "messages.json").read_text("utf-8"))
    ]
    names = names_in(messages)

    def throw(chance: Random) -> Thrown:
        message = chance.choice(messages)
        about = {**message["metadata"], "message_id": str(next(numbers))}
        body = mutated({**message, "metadata": about}, chance, names=names)
        key = b"Bearer the channel's key"
        if chance.random() < 0.03:
            key = words(chance).encode("utf-8", "replace")
        return Thrown(
            "/webhooks/rest/webhook", to_bytes(body, chance), {**_JSON, "authorization": key}
        )

    return throw


_THROWN: dict[str, Callable[[Bench], Callable[[Random], Thrown]]] = {
    "telegram": _telegram,
    "wechat": _wechat,
    "web": _web,
    "rest": _rest,
}


# — the SIMULATED bank's door —


def bank_door(demo: Demo) -> Door:
    """What a payer's browser posts; a bill stays open while only nonsense and refusals come."""
    _fill_the_shelf(demo)
    bills = [demo.a_bill()]

    def throw(chance: Random) -> Thrown:
        if chance.random() < 0.02:
            bills[0] = demo.a_bill()
        token = bills[0] if chance.random() < 0.9 else _in_a_path(words(chance))
        outcome = chance.choice(["declined", "approved", words(chance), str(leaf(chance))])
        fields = [
            ("outcome", outcome.encode("utf-8", "replace")) for _ in range(chance.randrange(3))
        ]
        fields += [(words(chance).encode("utf-8", "replace"), b"1")] * chance.randrange(3)
        kinds = ["application/x-www-form-urlencoded"] * 8 + [
            "multipart/form-data",
            "text/plain",
            "",
        ]
        content = torn(urlencode(fields).encode(), chance)
        return Thrown(f"/pay/{token}/sandbox", content, {"content-type": chance.choice(kinds)})

    return Door(throw, lambda: _is_paid(demo))


def _in_a_path(text: str) -> str:
    kept = (
        text.encode("utf-8", "replace").decode().replace("\0", "").replace("?", "").replace("#", "")
    )
    return "".join(mark for mark in kept if mark.isprintable()).replace("/", "")[:200] or "x"


def _is_paid(demo: Demo) -> None:
    token = demo.a_bill()
    answer = demo.client.post(f"/pay/{token}/sandbox", data={"outcome": "approved"})
    assert answer.status_code == 303
    demo.tuanzi.worker._drain()
    newest = select(Order.state).order_by(Order.created_at.desc()).limit(1)
    with demo.tuanzi.database.reading() as session:
        assert session.scalar(newest) not in (OrderState.AWAITING_PAYMENT, OrderState.EXPIRED)


def _fill_the_shelf(demo: Demo) -> None:
    """Of what everybody here buys."""
    with demo.tuanzi.database.transaction() as session:
        wanted = select(Variant.id).where(Variant.merchant_id == web_account(session).merchant_id)
        variant = session.scalars(wanted.limit(1)).one()
        now = demo.tuanzi.clock.now()
        restock(session, variant_id=variant, quantity=10**6, reason="opening", ref="", now=now)
