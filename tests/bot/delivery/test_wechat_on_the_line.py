"""WeChat on a real line, scaled down: it hangs up, calls again, three times in all, and whatever
happens the turn is taken once and read once."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import httpx
import pytest
import uvicorn
from sqlalchemy import select

from bot.app import Tuanzi, build
from bot.channels.wechat import WeChat
from bot.channels.wechat_parts import Words, parts_of, together
from bot.channels.wechat_rules import RULES, Rules
from bot.delivery.wechat_windows import Windows
from bot.site import create_site
from data.conversations.models import ConversationEvent
from data.delivery.held_models import HeldCall
from data.delivery.messages import segment_from_json
from data.delivery.models import InboxRow, OutboxRow, OutboxState
from data.kernel.clock import SystemClock
from data.merchants import ChannelAccount, Merchant
from dialogs.understanding import warm_up
from tests import calling
from tests.bot.builders import a_tuanzi
from tests.bot.delivery.wechat import Gate, Platform, a_text
from tests.peers.telegram_world import free_port, wait

PATIENCE = 1.0  # seconds, for WeChat's five
_numbers = count(1)


@dataclass(slots=True)
class Line:
    """Somebody's phone, WeChat's side of it, and a shop whose brain starts when it is told."""

    gate: Gate
    platform: Platform
    number: int = field(default_factory=lambda: next(_numbers))
    told: list[str] = field(default_factory=list)  # what reached them by answers
    statuses: list[str] = field(default_factory=list)

    @property
    def who(self) -> str:
        return f"o_{self.number}"

    def bring(self) -> httpx.Response:
        return self.gate.bring(a_text("hi", number=self.number, who=self.who))

    def say_hi(self) -> None:
        """As WeChat brings it: three tries, each signed anew."""
        for _ in range(3):
            try:
                answer = self.bring()
            except httpx.TimeoutException:
                self.statuses.append("late")
                continue
            self.statuses.append("success" if answer.text == "success" else "answer")
            if self.statuses[-1] == "answer":
                self.told.append(self.gate.read(answer)["Content"])
            return

    def followed(self) -> list[str]:
        """What came after the answers."""
        return [words for openid, words in self.platform.said if openid == self.who]

    def read(self) -> list[str]:
        """All that they read in the end."""
        wait(lambda: self._all_sent() or None, self.messages)
        return self.told + self.followed()

    def _all_sent(self) -> bool:
        return {row.state for row in self.messages()} == {OutboxState.SENT}

    def messages(self) -> list[OutboxRow]:
        row = next((row for row in self.gate.inbox() if row.event_id == str(self.number)), None)
        return [one for one in self.gate.outbox() if row is not None and one.inbox_id == row.id]

    def turns(self) -> int:
        with self.gate.tuanzi.database.reading() as session:
            said = select(ConversationEvent.body).where(ConversationEvent.kind == "user_said")
            mine = said.where(ConversationEvent.inbox_id == self.messages()[0].inbox_id)
            return len(session.scalars(mine).all())


@pytest.fixture(scope="module")
def shop(_with_wechat: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    file = tmp_path_factory.mktemp("line") / "shop.db"
    shutil.copyfile(_with_wechat, file)
    still = a_tuanzi(file)
    port = free_port()
    settings = replace(still.settings, port=port, public_url=f"http://127.0.0.1:{port}")
    still.close()
    tuanzi = build(settings, clock=SystemClock())
    _warm_up(tuanzi)
    timeout = httpx.Timeout(30, read=PATIENCE)
    with calling.client(base_url=settings.public_url, timeout=timeout) as client:
        gate, platform = Gate(tuanzi, client), Platform()
        _open(gate, platform)
        with _serving(tuanzi):
            yield Line(gate, platform)


@pytest.fixture
def line(shop: Line) -> Line:
    """Of somebody who has never written before."""
    return Line(shop.gate, shop.platform)


def _warm_up(tuanzi: Tuanzi) -> None:
    """What the first turn of a process reads from files is not to be waited for on the line."""
    warm_up()
    with tuanzi.database.reading() as session:
        for merchant_id in session.scalars(select(Merchant.id)).all():
            tuanzi.house.flows.live(session, merchant_id=merchant_id)


def _open(gate: Gate, platform: Platform) -> None:
    tuanzi, rules = gate.tuanzi, Rules(reply_seconds=PATIENCE)
    with tuanzi.database.transaction() as session:
        account = session.get_one(ChannelAccount, gate.account.id)
        account.settings = {**account.settings, RULES: rules.model_dump(mode="json")}
    windows = Windows(tuanzi.database, tuanzi.clock, account.id)
    tuanzi.channels[account.id] = WeChat(platform, windows, rules)


@contextmanager
def _serving(tuanzi: Tuanzi) -> Iterator[None]:
    """The site and its courier; the work is begun by the test."""
    site = create_site(tuanzi, works=False, beside=lambda: [tuanzi.courier.run()])
    config = uvicorn.Config(
        site, host="127.0.0.1", port=tuanzi.settings.port, log_level="warning", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        wait(lambda: server.started or None, lambda: "the site")
        yield
    finally:
        server.should_exit = True
        thread.join(20)
        tuanzi.close()


@contextmanager
def thinking_from(line: Line, call: int) -> Iterator[None]:
    """The brain begins when WeChat calls for the so manieth time; 4: when it has given up."""

    def think() -> None:
        wait(lambda: _has_begun(line, call) or None, lambda: line.statuses)
        line.gate.work()

    thread = threading.Thread(target=think)
    thread.start()
    yield
    thread.join(20)


def _has_begun(line: Line, call: int) -> bool:
    if call > 3:
        return len(line.statuses) == 3
    mine = select(InboxRow.id).where(InboxRow.event_id == str(line.number)).scalar_subquery()
    with line.gate.tuanzi.database.reading() as session:
        return session.scalar(select(HeldCall.calls).where(HeldCall.inbox_id == mine)) == call


@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_one_answer_is_read_however_long_it_takes(line: Line, call: int) -> None:
    with thinking_from(line, call):
        line.say_hi()
    assert line.statuses[: call - 1] == ["late", "late", "success"][: call - 1]
    read = line.read()
    said = [part for row in line.messages() for part in map(segment_from_json, row.segments)]
    words, _ = together(parts_of(said))
    assert isinstance(words, Words)
    assert "\n\n".join(read) == words.text
    assert line.turns() == 1
    assert bool(line.followed()) == (line.statuses[-1] != "answer")  # never both


def test_an_answer_that_got_lost_is_said_again_and_not_thought_again(line: Line) -> None:
    with pytest.raises(httpx.TimeoutException):
        line.bring()
    line.gate.work()
    again = [line.gate.read(line.bring())["Content"] for _ in range(2)]
    assert again[0] == again[1]
    assert (line.turns(), line.followed()) == (1, [])


def test_when_wechat_never_calls_again_the_message_follows(line: Line) -> None:
    with pytest.raises(httpx.TimeoutException):
        line.bring()
    line.gate.work()
    assert len(line.read()) == len(line.followed()) == len(line.messages())
