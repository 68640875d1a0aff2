"""WeChat's side of the line: what it sends, signed and sealed; and a look at what came of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
from sqlalchemy import select

from bot.app import Tuanzi
from bot.channels.wechat_rules import RULES
from bot.channels.wechat_seal import Keys
from bot.channels.wechat_xml import Fields, parse, text_of, write
from bot.delivery.wechat_accounts import account_of, connect
from bot.settings import Secret
from data.delivery.models import InboxRow, OutboxRow
from data.merchants import ChannelAccount

KEYS = Keys("wx0123456789abcdef", Secret("tokenofours"), Secret("a1B2" * 10 + "xyz"))
THEIRS = Keys("wx_of_another_shop", Secret("tokenoftheirs"), Secret("z9Y8" * 10 + "abc"))
US, ANN = "gh_teahouse", "o_ann"


def an_official_account(
    tuanzi: Tuanzi, merchant_id: str, *, keys: Keys = KEYS, secret: str = "s" * 32, **rules: Any
) -> None:
    """Its patience is short: a test that waits for nobody is not to wait long."""
    with tuanzi.database.transaction() as session:
        account = connect(
            session,
            merchant_id=merchant_id,
            keys=keys,
            secret=Secret(secret),
            plain=rules.get("plain", False),
            now=tuanzi.clock.now(),
        )
        account.settings = {**account.settings, RULES: {"reply_seconds": 0.05, **rules}}


def a_text(content: str, *, number: int = 1, who: str = ANN) -> str:
    return a_message("text", number=number, who=who, Content=content)


def a_message(kind: str, *, number: int = 1, who: str = ANN, **fields: object) -> str:
    return _document(who, {"MsgType": kind, **fields, "MsgId": number})


def an_event(name: str, *, who: str = ANN, at: int = 1_790_000_000, **fields: object) -> str:
    return _document(who, {"MsgType": "event", "Event": name, **fields}, at)


def _document(who: str, fields: Mapping[str, object], at: int = 1_790_000_000) -> str:
    return write({"ToUserName": US, "FromUserName": who, "CreateTime": at, **fields})


@dataclass(frozen=True, slots=True)
class SignedCall:
    """As it goes over the wire."""

    query: dict[str, str]
    body: bytes


def signed(
    xml: str, *, at: int, nonce: str, keys: Keys = KEYS, sealed: str | None = None
) -> SignedCall:
    stamp = {"timestamp": str(at), "nonce": nonce}
    sealed = keys.seal(xml) if sealed is None else sealed
    query = {
        **stamp,
        "signature": keys.signature(*stamp.values()),
        "msg_signature": keys.signature(*stamp.values(), sealed),
        "openid": ANN,
        "encrypt_type": "aes",
    }
    return SignedCall(query, write({"ToUserName": US, "Encrypt": sealed}).encode())


@dataclass(slots=True)
class Gate:
    """WeChat at our webhook. `client` takes a path: the site in this process, or a real one."""

    tuanzi: Tuanzi
    client: Any
    keys: Keys = KEYS
    _nonces: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def path(self) -> str:
        return f"/webhooks/wechat/{self.keys.app_id}"

    @property
    def now(self) -> int:
        return int(self.tuanzi.clock.now().timestamp())

    def sign(self, xml: str, *, at: int | None = None, **more: Any) -> SignedCall:
        stamp = self.now if at is None else at
        given = {"nonce": f"n{next(self._nonces)}", "keys": self.keys, **more}
        return signed(xml, at=stamp, **given)

    def send(self, call: SignedCall) -> httpx.Response:
        answer: httpx.Response = self.client.post(self.path, params=call.query, content=call.body)
        return answer

    def bring(self, xml: str) -> httpx.Response:
        return self.send(self.sign(xml))

    def ask(self, **query: str) -> httpx.Response:
        answer: httpx.Response = self.client.get(self.path, params=query)
        return answer

    def read(self, answer: httpx.Response) -> Fields:
        """What was said in a sealed answer."""
        envelope = parse(answer.content)
        sealed = text_of(envelope, "Encrypt")
        stamp = text_of(envelope, "TimeStamp"), text_of(envelope, "Nonce")
        assert self.keys.is_signed(text_of(envelope, "MsgSignature"), *stamp, sealed)
        return parse(self.keys.open(sealed))

    # — what came of it —

    @property
    def account(self) -> ChannelAccount:
        with self.tuanzi.database.reading() as session:
            return session.scalars(account_of(self.keys.app_id)).one()

    def inbox(self) -> list[InboxRow]:
        with self.tuanzi.database.reading() as session:
            mine = InboxRow.account_id == self.account.id
            return list(session.scalars(select(InboxRow).where(mine).order_by(InboxRow.id)))

    def outbox(self) -> list[OutboxRow]:
        with self.tuanzi.database.reading() as session:
            mine = OutboxRow.account_id == self.account.id
            return list(session.scalars(select(OutboxRow).where(mine).order_by(OutboxRow.id)))

    def work(self) -> None:
        """The worker does what is due, as it would at once."""
        self.tuanzi.worker._drain()


@dataclass(slots=True)
class Platform:
    """WeChat's own interface: it takes everything, or says what it was told to say."""

    said: list[tuple[str, str]] = field(default_factory=list)
    templates: list[tuple[str, str, dict[str, Any], str]] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)

    async def send(self, openid: str, message: dict[str, Any]) -> None:
        self._refuse()
        inside = message[message["msgtype"]]
        self.said.append((openid, inside.get("content") or json.dumps(inside, ensure_ascii=False)))

    async def send_template(
        self, openid: str, template_id: str, data: dict[str, Any], url: str
    ) -> None:
        self._refuse()
        self.templates.append(("template", template_id, data, url))

    async def send_granted(
        self, openid: str, template_id: str, data: dict[str, Any], page: str
    ) -> None:
        self._refuse()
        self.templates.append(("granted", template_id, data, page))

    def _refuse(self) -> None:
        if self.refusals:
            raise self.refusals.pop(0)

    async def __aenter__(self) -> "Platform":
        return self

    async def __aexit__(self, *_error: object) -> None:
        return None
