"""WeCom on the bench: a desk of the stand-in (tests/peers/wecom_platform.py), its bell at our door.

A bell brings no message: what was said stands at the desk, and is fetched by the bell's word. A
call that comes again rings nothing, so the next bell tells what was said again.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from sqlalchemy import select

from bot.channels.adapter import Unreadable
from bot.channels.wechat_rules import RULES
from bot.channels.wecom import WeCom
from bot.channels.wecom_events import read_said, read_stored
from bot.channels.wecom_parts import CAPABILITIES
from bot.delivery.bell import Bell
from bot.delivery.wecom_accounts import Place, connect
from bot.delivery.wecom_inbox import WeComInbox
from bot.delivery.wecom_listening import Listening
from bot.delivery.wecom_windows import DeskWindows
from bot.settings import Secret
from data.merchants import ChannelAccount, Merchant
from integrations.egress import Egress
from integrations.wechat_shapes import App
from integrations.wechat_tokens import SharedTokens
from integrations.wecom import CustomerService
from tests.bot.delivery.wechat import SignedCall
from tests.bot.delivery.wecom import THEIR_CORP, Company, a_bell, said
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
from tests.peers.wechat_platform import served
from tests.peers.wecom_platform import DESK, SECRET, Platform, Rules, application
from tests.peers.wecom_world import KEYS, LINK, words_of

_RECORDED = Path(__file__).parents[2] / "recordings" / "wecom" / "messages.json"
_MANY = 10_000  # messages for one of theirs: that they come to an end is not what is asked here
_UNKNOWN_CUSTOMER, _NOT_SUPPORTED, _TOO_MANY_CALLS = 40096, 40008, 45009
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rung:
    """A bell, and what stands at the desk when it rings."""

    bell: SignedCall
    said: Json | None = None


@dataclass
class WeComBench(Bench):
    name = "wecom"
    longest = CAPABILITIES.max_text
    patience = 5.0
    reasons: ClassVar[dict[str, str]] = {
        "a_group_that_moved_goes_on_in_its_new_place": "nothing can be said in a customer group: "
        "nothing of ours could go on elsewhere",
    }
    company: Company = None  # type: ignore[assignment]  # `opened` gives it
    platform: Platform = None  # type: ignore[assignment]
    listening: Listening = None  # type: ignore[assignment]

    @classmethod
    @contextmanager
    def opened(cls, demo: Demo, runner: asyncio.Runner, _peer: str) -> Iterator[Self]:
        platform, tuanzi = Platform(Rules(quota=_MANY)), demo.tuanzi
        with served(application(platform)) as remote:
            account = _connected(demo)
            app = App(KEYS.app_id, SECRET)
            tokens = SharedTokens(tuanzi.database, tuanzi.clock, account)
            egress = Egress.to("127.0.0.0/8")
            desk = CustomerService(app, tokens, desk=DESK, api=remote.url, egress=egress)
            windows = DeskWindows(tuanzi.database, tuanzi.clock, account.id, account)
            tuanzi.channels[account.id] = WeCom(desk, windows, LINK)
            inbox = WeComInbox(tuanzi.database, tuanzi.clock, account)
            company, ears = Company(tuanzi, demo.client, KEYS), Listening(desk, inbox, Bell())
            try:
                yield cls(demo, runner, account, company=company, platform=platform, listening=ears)
            finally:
                runner.run(desk.__aexit__())

    # — what comes in —

    def person(self) -> str:
        return f"wm_{next(numbers)}"

    def said(self, text: str, who: str) -> Rung:
        return self._rung(self._told(text, who))

    def _told(self, words: str, who: str, **more: Any) -> Json:
        about = {"open_kfid": DESK, "send_time": self.company.now, **more}
        return said(words, number=f"m_{next(numbers)}", who=who, **about)

    def _rung(self, told: Json | None = None, **more: Any) -> Rung:
        return Rung(self.company.sign(self._bell(), **more), told)

    def _bell(self) -> str:
        return a_bell(self.platform.word(), DESK)

    def bring(self, wire: Rung) -> Taken:
        if wire.said is not None:
            self.platform.hears(wire.said, wire.said["external_userid"])
        taken = Taken.by(self.company.send(wire.bell).status_code)
        if taken is Taken.TAKEN:
            if self.listening.inbox.bell() is None:
                self.company.bring(self._bell())
            self.runner.run(self.listening.step())
        return taken

    def goldens(self) -> Iterator[Golden]:
        recorded = json.loads(_RECORDED.read_text(encoding="utf-8"))
        cases = ((one["case"], one["stored"], one["event"]) for one in recorded)
        return read_each(cases, self._read_plainly)

    def _read_plainly(self, stored: Json) -> Json | None:
        return plainly(read_stored(stored, self.account), "text", "start", "token")

    def forged(self, _who: str) -> list[Rung]:
        calls = forged_calls(self._bell(), self.company.sign, ours=KEYS, theirs=THEIR_CORP)
        return [*map(Rung, calls)]

    def stamped(self, who: str) -> tuple[list[Rung], list[Rung]]:
        def at(seconds: int) -> Rung:
            return self._rung(self._told("hi", who), at=self.company.now + seconds)

        return [*map(at, SOUND)], [*map(at, OFF)]

    def junk(self, _who: str) -> list[Rung]:
        return [*map(Rung, junk_calls(self.company.sign))]

    def too_large(self, _who: str) -> Rung:
        return Rung(self.company.sign(a_bell("x" * 70_000, DESK)))

    def poison(self, who: str) -> list[Rung]:
        messages = [self._told("hi", who, msgtype=wrong) for wrong in (None, 7, "", ["text"])]
        for message in messages:
            try:
                read_said(message)
            except Unreadable:
                continue
            raise AssertionError(message)
        return [*map(self._rung, messages)]

    def unknown(self, who: str) -> Rung:
        return self._rung(self._told("", who, msgtype="hologram"))

    def press(self, token: str, who: str) -> Rung:
        """An entry of a menu: it comes as the words that stand there, with their token."""
        return self._rung(self._told("", who, text={"content": "this one", "menu_id": token}))

    # — what goes out —

    def as_shown(self, text: str) -> str:
        return without_tags(text)

    def shown(self, chat: str) -> list[str]:
        return [words_of(one) for one in self.platform.customer(chat).seen]

    def sizes(self, chat: str) -> list[int]:
        return [len(words.encode()) for words in self.shown(chat)]

    def throttle(self, chat: str) -> float:
        """Its calls of this day are used up: asked again every hour."""
        self.platform.customer(chat).refused_code = _TOO_MANY_CALLS
        return 3600.0

    throttle_one = throttle

    def close(self, chat: str) -> None:
        self.platform.customer(chat).refused_code = _UNKNOWN_CUSTOMER

    def refuse(self, chat: str) -> None:
        self.platform.customer(chat).refused_code = _NOT_SUPPORTED

    def go_away(self) -> None:
        self.platform.rules.away = True

    def come_back(self) -> None:
        self.platform.rules.away = False


def _connected(demo: Demo) -> ChannelAccount:
    """Its desk, where customers have much patience with us."""
    place, now = Place(DESK, LINK), demo.tuanzi.clock.now()
    with demo.tuanzi.database.transaction() as session:
        merchant = session.scalars(select(Merchant.id)).one()
        account = connect(
            session, merchant_id=merchant, keys=KEYS, secret=Secret(SECRET), place=place, now=now
        )
        rules = {"message": {"messages": _MANY, "seconds": 48 * 3600}}
        account.settings = {**account.settings, RULES: rules}
    return account
