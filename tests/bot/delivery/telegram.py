"""Updates as Telegram sends them, and a shop whose Telegram account takes them."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
from sqlalchemy import select

from bot.app import Tuanzi
from data.delivery.models import InboxRow, OutboxRow
from data.kernel.encryption import cipher_of, place_of
from data.kernel.ids import new_id
from data.merchants import ChannelAccount
from data.people import Chat
from tests.bot.client import TestClient
from tests.builders import NOW

SECRET = "secret-of-our-webhook"
ANN, BOB = 101, 102
GROUP = -1001


def an_account(
    tuanzi: Tuanzi, merchant_id: str, *, external_id: str, secret: str
) -> ChannelAccount:
    with tuanzi.database.transaction() as session:
        account = ChannelAccount(
            id=new_id("acc"),
            merchant_id=merchant_id,
            channel="telegram",
            external_id=external_id,
            settings={"username": "tuanzi_test_bot"},
            created_at=NOW,
        )
        place = place_of(merchant_id, "channel_accounts", account.id)
        account.secret = cipher_of(session).encrypt(secret, place=place)
        session.add(account)
        session.flush()
        return account


@dataclass(slots=True)
class Post:
    """Telegram, calling our webhook; and a look at what came of it."""

    tuanzi: Tuanzi
    client: TestClient
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def call(
        self, raw: object, *, secret: bytes | None = SECRET.encode(), bot: str = "7"
    ) -> httpx.Response:
        headers = {} if secret is None else {b"X-Telegram-Bot-Api-Secret-Token": secret}
        url = f"/webhooks/telegram/{bot}"
        if isinstance(raw, bytes):
            return self.client.post(url, content=raw, headers=headers)
        return self.client.post(url, json=raw, headers=headers)

    def say(self, text: str, *, who: int = ANN, where: int | None = None, **more: Any) -> None:
        assert self.call(
            message(next(self._numbers), text, who=who, where=where, **more)
        ).is_success

    @property
    def account(self) -> ChannelAccount:
        with self.tuanzi.database.reading() as session:
            ours = select(ChannelAccount).where(
                ChannelAccount.channel == "telegram", ChannelAccount.external_id == "7"
            )
            return session.scalars(ours).one()

    def work(self) -> None:
        """The worker does what is due, as it would at once."""
        self.tuanzi.worker._drain()

    def inbox(self) -> list[InboxRow]:
        with self.tuanzi.database.reading() as session:
            rows = session.scalars(
                select(InboxRow).where(InboxRow.account_id == self.account.id).order_by(InboxRow.id)
            )
            return list(rows)

    def said(self) -> list[str | None]:
        """The responses that wait to be sent, in order."""
        return [row.response for row in self._outbox()]

    def buttons(self) -> list[dict[str, Any]]:
        """Of everything said, the newest last."""
        return [
            option
            for row in self._outbox()
            for part in row.segments
            for option in part.get("options", ())
        ]

    def chat(self, external_id: int) -> Chat | None:
        with self.tuanzi.database.reading() as session:
            return session.scalar(
                select(Chat).where(
                    Chat.account_id == self.account.id, Chat.external_id == str(external_id)
                )
            )

    def _outbox(self) -> list[OutboxRow]:
        with self.tuanzi.database.reading() as session:
            rows = session.scalars(
                select(OutboxRow)
                .where(OutboxRow.account_id == self.account.id)
                .order_by(OutboxRow.id)
            )
            return list(rows)


def user(number: int) -> dict[str, Any]:
    return {"id": number, "is_bot": False, "first_name": f"P{number}", "language_code": "en"}


def place(number: int) -> dict[str, Any]:
    if number < 0:
        return {"id": number, "type": "supergroup", "title": "Buyers"}
    return {"id": number, "type": "private", "first_name": f"P{number}"}


def message(
    number: int, text: str, *, who: int = ANN, where: int | None = None, **more: Any
) -> dict[str, Any]:
    return update(number, message=body(text, who=who, where=where, **more))


def body(text: str, *, who: int = ANN, where: int | None = None, **more: Any) -> dict[str, Any]:
    return {
        "message_id": 1,
        "date": 1_790_000_000,
        "chat": place(where or who),
        "from": user(who),
        **({"text": text} if text else {}),
        **more,
    }


def press(number: int, token: str, *, who: int = ANN, where: int | None = None) -> dict[str, Any]:
    shown = {"message_id": 1, "date": 1, "chat": place(where or who), "text": "…"}
    return update(
        number,
        callback_query={
            "id": str(number),
            "from": user(who),
            "chat_instance": "1",
            "data": f"tap:{token}",
            "message": shown,
        },
    )


def update(number: int, **kind: Any) -> dict[str, Any]:
    return {"update_id": number, **kind}
