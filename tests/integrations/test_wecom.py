"""Our calls of WeCom over real HTTP to its stand-in: one token, its errcodes, nothing twice."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from data.kernel.clock import TurnableClock
from data.kernel.database import Database
from integrations.egress import Egress
from integrations.wechat_errors import (
    NotSubscribed,
    TokenExpired,
    WeChatError,
    WindowClosed,
    WithStaff,
    WordRefused,
)
from integrations.wechat_shapes import App
from integrations.wechat_tokens import SharedTokens
from integrations.wecom import CustomerService
from tests import calling
from tests.builders import NOW
from tests.data.delivery.test_channel_tokens import an_account
from tests.peers.wechat_platform import Remote
from tests.peers.wecom_platform import CORP_ID, DESK, SECRET, running_wecom

TEXT = {"msgtype": "text", "text": {"content": "还差 2 人 🎉"}}
Ask = Callable[..., Any]


@pytest.fixture
def platform() -> Iterator[Remote]:
    with running_wecom() as remote:
        remote.says(who="ann", text="hello", rings=False)
        yield remote


@pytest.fixture
def ask(database: Database, platform: Remote) -> Ask:
    with database.transaction() as session:
        account = an_account(session, CORP_ID)
    tokens = SharedTokens(database, TurnableClock(NOW), account)

    def run(call: Callable[[CustomerService], Awaitable[object]], secret: str = SECRET) -> object:
        async def asked() -> object:
            app, egress = App(CORP_ID, secret), Egress.to("127.0.0.0/8")
            desk = CustomerService(app, tokens, desk=DESK, api=platform.url, egress=egress)
            async with desk:
                return await call(desk)

        return asyncio.run(asked())

    return run


def test_news_are_read_page_by_page(ask: Ask, platform: Remote) -> None:
    platform.rules(page=1)
    platform.says(who="bob", text="hi", rings=False)
    first = ask(lambda desk: desk.news("", ""))
    assert (first.has_more, [one["external_userid"] for one in first.msg_list]) == (1, ["ann"])
    second = ask(lambda desk: desk.news(first.next_cursor, ""))
    assert (second.has_more, [one["external_userid"] for one in second.msg_list]) == (0, ["bob"])


def test_half_an_emoji_spoils_no_page(ask: Ask, platform: Remote) -> None:  # T04
    said = {"msgid": "x", "open_kfid": DESK, "text": "\ud83d"}
    told = json.dumps({"said": said, "rings": False})  # which httpx itself would not write
    calling.post(f"{platform.url}/__platform/raw", content=told)
    assert len(ask(lambda desk: desk.news("", "")).msg_list) == 2


def test_one_token_for_all_calls_and_a_dead_one_is_renewed_once(ask: Ask, platform: Remote) -> None:
    for number in range(2):
        ask(lambda desk, name=f"n{number}": desk.send("ann", TEXT, name))
    assert platform.log()["tokens"] == 1
    platform.kill_tokens()
    ask(lambda desk: desk.send("ann", TEXT, "n3"))
    assert platform.log()["tokens"] == 2
    assert len(platform.seen("ann")) == 3


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (95001, WindowClosed),
        (95002, WindowClosed),
        (95018, WithStaff),
        (95013, WithStaff),
        (40096, NotSubscribed),
        (42001, TokenExpired),
        (45002, WeChatError),
    ],
)
def test_what_wecom_says_no_with(
    ask: Ask, platform: Remote, code: int, error: type[WeChatError]
) -> None:
    platform.refuse(path="kf/send_msg", code=code)
    if error is TokenExpired:  # renewed and asked again: the second time it is taken
        ask(lambda desk: desk.send("ann", TEXT, "n1"))
        return
    with pytest.raises(error) as told:
        ask(lambda desk: desk.send("ann", TEXT, "n1"))
    assert told.value.code == code


def test_a_word_that_opens_nothing_is_told_as_that(ask: Ask) -> None:
    with pytest.raises(WordRefused):
        ask(lambda desk: desk.news("", "NO-WORD"))


def test_a_name_is_shown_once(ask: Ask, platform: Remote) -> None:
    ask(lambda desk: desk.send("ann", TEXT, "same"))
    with pytest.raises(WeChatError):
        ask(lambda desk: desk.send("ann", TEXT, "same"))
    assert len(platform.seen("ann")) == 1


def test_staff_are_handed_a_talk_and_then_we_cannot_speak(ask: Ask, platform: Remote) -> None:
    ask(lambda desk: desk.hand_over("ann"))
    with pytest.raises(WithStaff):
        ask(lambda desk: desk.send("ann", TEXT, "n1"))
    assert platform.seen("ann") == []


def test_nothing_secret_is_told_by_logs_or_errors(  # T47
    ask: Ask, platform: Remote, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(WeChatError) as wrong:
        ask(lambda desk: desk.desks(), secret="wrong-CANARY")
    platform.refuse(path="kf/send_msg", code=95018)
    with pytest.raises(WeChatError) as told:
        ask(lambda desk: desk.send("ann", TEXT, "n1"))
    assert "CANARY" not in caplog.text + repr(told.value) + repr(wrong.value)
