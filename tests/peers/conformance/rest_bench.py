"""The REST channel on the bench: a backend that speaks for its people and fetches what is said."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from sqlalchemy import select

from bot.channels.rest import RestMessage, parse
from bot.opening import REST
from data.delivery.inbound import InboundEvent
from data.kernel.tokens import fingerprint
from data.merchants import ApiToken, ChannelAccount
from tests.bot.open_demo import Demo
from tests.builders import NOW
from tests.peers.conformance.bench import Bench, Golden, Taken, numbers, read_each

_RECORDED = Path(__file__).parents[2] / "recordings" / "rest" / "messages.json"
_PULLED = "what is said waits until it is fetched: nothing is sent to anybody, so nobody "
FETCHED = {
    "told_to_wait_we_wait_and_lose_nothing": f"{_PULLED}tells us to wait",
    "a_chat_that_must_wait_delays_no_other": f"{_PULLED}tells us to wait",
    "who_shut_us_out_is_written_to_no_more_until_they_write": f"{_PULLED}can shut us out",
    "a_group_that_moved_goes_on_in_its_new_place": "chats are named by whoever speaks for them: "
    "they do not move",
    "what_was_to_be_said_while_nobody_was_there_is_said_once": f"{_PULLED}can be away",
    "what_will_never_be_taken_makes_way_for_the_next": f"{_PULLED}can refuse it",
}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    body: Any
    key: bytes | None = b"Bearer the channel's key"


@dataclass
class RestBench(Bench):
    name = "rest"
    reasons: ClassVar[dict[str, str]] = {
        **FETCHED,
        "a_stamp_of_another_time_is_refused": "a key has no time of its own; it ends when it is "
        "revoked",
        "what_cannot_be_read_harms_no_other": "a message is read before it is kept, while its "
        "caller waits: what cannot be read is refused",
        "a_kind_that_does_not_exist_yet_is_kept_and_harmless": "it is our own format: what it "
        "does not have is refused, or left out of what is read",
    }

    @classmethod
    @contextmanager
    def opened(cls, demo: Demo, runner: asyncio.Runner, _peer: str) -> Iterator[Self]:
        with demo.tuanzi.database.transaction() as session:
            rest = select(ChannelAccount).where(ChannelAccount.channel == REST)
            account = session.scalars(rest).one()
            key = ApiToken(
                token_hash=fingerprint("the channel's key"),
                merchant_id=account.merchant_id,
                account_id=account.id,
                scope="channel",
                created_at=NOW,
            )
            session.add(key)
        yield cls(demo, runner, account)

    # — what comes in —

    def person(self) -> str:
        return f"user-{next(numbers)}"

    def said(self, text: str, who: str) -> Call:
        about = {"message_id": str(next(numbers)), "locale": "en"}
        return Call({"sender": who, "message": text, "metadata": about})

    def press(self, token: str, who: str) -> Call:
        return self.said(f"/tap:{token}", who)

    def bring(self, wire: Call) -> Taken:
        headers: dict[str, Any] = {"Content-Type": "application/json"}
        if wire.key is not None:
            headers["Authorization"] = wire.key
        content = wire.body if isinstance(wire.body, bytes) else json.dumps(wire.body).encode()
        answer = self.demo.client.post("/webhooks/rest/webhook", content=content, headers=headers)
        return Taken.by(answer.status_code)

    def goldens(self) -> Iterator[Golden]:
        recorded = json.loads(_RECORDED.read_text(encoding="utf-8"))
        cases = ((one["case"], one["body"], one["event"]) for one in recorded)
        return read_each(cases, lambda body: as_recorded(parse(RestMessage.model_validate(body))))

    def forged(self, who: str) -> list[Call]:  # T12
        call = self.said("hi", who)
        keys = [
            b"",
            b"Bearer",
            b"Bearer wrong",
            b"the channel's key",
            b"Basic dTpw",
            b"Bearer \xff",
        ]
        return [replace(call, key=key) for key in keys]

    def junk(self, who: str) -> list[Call]:
        body = self.said("hi", who).body
        raw: list[Any] = [b"", b"{", b"[]", b"null", b"\xff", b'{"sender": NaN}', b"[" * 30_000]
        raw += [{**body, "sender": sender} for sender in ("", "a\0b", None, 7, ["x"], "x" * 129)]
        raw += [{**body, "message": text} for text in (None, 7, ["hi"])]
        raw += [{**body, "metadata": {"message_id": "a\0b"}}]
        raw += [{**body, "metadata": about} for about in ([], "x", {"chat": {"kind": "channel"}})]
        return [Call(one) for one in raw]

    def too_large(self, who: str) -> Call:
        return self.said("x" * 70_000, who)

    # — what goes out —

    def shown(self, chat: str) -> list[str]:
        key = {"Authorization": "Bearer the channel's key"}
        answer = self.demo.client.get(
            "/webhooks/rest/messages", params={"recipient": chat}, headers=key
        )
        return what_is_said(answer.json()["messages"] if answer.status_code == 200 else [])


def what_is_said(messages: list[Json]) -> list[str]:
    return [message["text"] for message in messages if message.get("text")]


def as_recorded(event: InboundEvent) -> Json:
    """What is not as with everybody."""
    plain = asdict(event)
    usual = {"addressed": True, "numbered": False, "text": ""}
    return {
        name: [*value.values()] if isinstance(value, dict) else value
        for name, value in plain.items()
        if value is not None and usual.get(name, ...) != value
    }
