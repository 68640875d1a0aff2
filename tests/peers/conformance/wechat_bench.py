"""WeChat on the bench: calls signed and sealed as it does them, and a platform that takes messages.

A call that was left without an answer comes again when the shop has done its work, as WeChat's do.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import httpx
from sqlalchemy import select

from bot.channels.adapter import Unreadable
from bot.channels.wechat import WeChat
from bot.channels.wechat_events import XML, read_message
from bot.channels.wechat_parts import CAPABILITIES
from bot.channels.wechat_rules import Rules
from bot.channels.wechat_xml import parse, text_of
from bot.delivery.wechat_accounts import account_of
from bot.delivery.wechat_windows import Windows
from data.merchants import Merchant
from integrations.egress import Egress
from integrations.wechat import OfficialAccount
from integrations.wechat_shapes import App
from integrations.wechat_tokens import SharedTokens
from tests.bot.delivery.wechat import (
    KEYS,
    THEIRS,
    Gate,
    SignedCall,
    a_message,
    a_text,
    an_official_account,
)
from tests.bot.open_demo import Demo
from tests.peers.conformance.bench import Bench, Golden, Taken, numbers, read_each
from tests.peers.conformance.sealed import (
    OFF,
    SOUND,
    forged_calls,
    junk_calls,
    plainly,
    without_tags,
)
from tests.small_homeserver import SmallHomeserver, small_homeserver

_RECORDED = Path(__file__).parents[2] / "recordings" / "wechat" / "messages.json"
# How long its patience is here; what takes it to its end is not what these cases are about.
_MANY = {"messages": 10_000, "seconds": 10**7}
_RULES = {"reply_seconds": 0.02, "message": _MANY}
_TEXT_TOO_LONG = 45002
Json = dict[str, Any]


@dataclass
class WeChatBench(Bench):
    name = "wechat"
    longest = CAPABILITIES.max_text
    patience = 5.0
    reasons: ClassVar[dict[str, str]] = {
        "a_group_that_moved_goes_on_in_its_new_place": "an official account is in no group",
        "a_choice_pressed_and_its_number_typed_are_the_same_turn": "a message has no buttons: a "
        "choice is always typed",
        "nobody_presses_anothers_choice_nor_one_that_never_was": "a message has no buttons; the "
        "menu's keys are words that anybody may type",
    }
    gate: Gate = None  # type: ignore[assignment]  # `opened` gives it
    home: SmallHomeserver = None  # type: ignore[assignment]
    arrived: list[tuple[str, str]] = field(default_factory=list)  # openid, words
    answered: dict[str, str] = field(default_factory=dict)  # on the line, by message
    unanswered: dict[str, str] = field(default_factory=dict)
    troubles: dict[str, int] = field(default_factory=dict)  # errcodes, once, by openid
    away: bool = False

    @classmethod
    @contextmanager
    def opened(cls, demo: Demo, runner: asyncio.Runner, _peer: str) -> Iterator[Self]:
        with small_homeserver() as home:
            tuanzi = demo.tuanzi
            with tuanzi.database.reading() as session:
                merchant = session.scalars(select(Merchant.id)).one()
            an_official_account(tuanzi, merchant, **_RULES)
            with tuanzi.database.reading() as session:
                account = session.scalars(account_of(KEYS.app_id)).one()
            tokens = SharedTokens(tuanzi.database, tuanzi.clock, account)
            egress = Egress.to("127.0.0.0/8")
            app = App(account.external_id, "s" * 32)
            platform = OfficialAccount(app, tokens, api=home.url, egress=egress)
            windows = Windows(tuanzi.database, tuanzi.clock, account.id)
            tuanzi.channels[account.id] = WeChat(platform, windows, Rules.of(account))
            gate = Gate(tuanzi, demo.client)
            bench = cls(demo, runner, account, gate=gate, home=home)
            home.say("POST .*token", {"access_token": "T", "expires_in": 10**6})
            home.says.insert(0, ("POST .*custom/send", bench._take))
            try:
                yield bench
            finally:
                runner.run(platform.close())

    # — what comes in —

    def person(self) -> str:
        return f"o_{next(numbers)}"

    def said(self, text: str, who: str) -> SignedCall:
        return self._sign(a_text(text, number=next(numbers), who=who))

    def _sign(self, xml: str, **more: Any) -> SignedCall:
        return self.gate.sign(xml, nonce=f"n{next(numbers)}", **more)

    def bring(self, wire: SignedCall) -> Taken:
        answer = self.gate.send(wire)
        taken = Taken.by(answer.status_code)
        if taken in (Taken.TAKEN, Taken.LATER):
            self._note(wire, answer)
        return taken

    def _note(self, wire: SignedCall, answer: httpx.Response) -> None:
        """What its sender sees at once; what was left open comes again."""
        xml = self._opened(wire)
        name = text_of(parse(xml), "MsgId")
        if answer.status_code == 200 and answer.text != "success" and name not in self.answered:
            fields = self.gate.read(answer)
            self.answered[name] = fields["Content"]
            self.arrived.append((fields["ToUserName"], fields["Content"]))
        if answer.status_code == 503:
            self.unanswered[name] = xml
        else:
            self.unanswered.pop(name, None)

    def _opened(self, wire: SignedCall) -> str:
        sealed = text_of(parse(wire.body), "Encrypt")
        return KEYS.open(sealed) if sealed else wire.body.decode()

    def work(self) -> None:
        self.gate.work()
        for xml in [*self.unanswered.values()]:
            self.bring(self._sign(xml))
        super().work()

    def goldens(self) -> Iterator[Golden]:
        recorded = json.loads(_RECORDED.read_text(encoding="utf-8"))
        cases = ((one["case"], one["xml"], one["event"]) for one in recorded)
        return read_each(cases, self._read_plainly)

    def _read_plainly(self, xml: str) -> Json | None:
        return plainly(read_message({XML: xml}, self.account), "text", "start")

    def forged(self, who: str) -> list[SignedCall]:
        sound = a_text("hi", number=next(numbers), who=who)
        return forged_calls(sound, self._sign, ours=KEYS, theirs=THEIRS)

    def stamped(self, who: str) -> tuple[list[SignedCall], list[SignedCall]]:
        def at(seconds: int) -> SignedCall:
            xml = a_text("hi", number=next(numbers), who=who)
            return self._sign(xml, at=self.gate.now + seconds)

        return [*map(at, SOUND)], [*map(at, OFF)]

    def junk(self, _who: str) -> list[SignedCall]:
        return junk_calls(self._sign)

    def too_large(self, who: str) -> SignedCall:
        return self.said("茶" * 30_000, who)

    def poison(self, who: str) -> list[SignedCall]:
        documents = [
            "<xml><Surprise>1</Surprise></xml>",
            f"<xml><FromUserName>{who}</FromUserName>",
        ]
        documents[1] += f"<MsgId>{next(numbers)}</MsgId></xml>"
        for xml in documents:
            try:
                read_message({XML: xml}, self.account)
            except Unreadable:
                continue
            raise AssertionError(xml)
        return [self._sign(xml) for xml in documents]

    def unknown(self, who: str) -> SignedCall:
        return self._sign(a_message("smell", number=next(numbers), who=who))

    # — what goes out —

    def as_shown(self, text: str) -> str:
        return without_tags(text)

    def shown(self, chat: str) -> list[str]:
        return [words for who, words in self.arrived if who == chat]

    def sizes(self, chat: str) -> list[int]:
        return [len(words.encode()) for words in self.shown(chat)]

    def _take(self, body: bytes) -> tuple[int, Json]:
        if self.away:
            return 502, {}
        message: Json = json.loads(body)
        who, words = message["touser"], message["text"]["content"]
        code = self.troubles.pop(who, 0)
        if len(words.encode()) > self.longest:
            code = _TEXT_TOO_LONG
        if not code:
            self.arrived.append((who, words))
        return 200, {"errcode": code, "errmsg": "as told"}

    def throttle(self, chat: str) -> float:
        """The quota of its day: asked again every hour."""
        self.troubles[chat] = 45009
        return 3600.0

    throttle_one = throttle

    def close(self, chat: str) -> None:
        self.troubles[chat] = 43004

    def refuse(self, chat: str) -> None:
        self.troubles[chat] = 40003

    def go_away(self) -> None:
        self.away = True

    def come_back(self) -> None:
        self.away = False
