"""Our calls of WeChat over real HTTP to its stand-in: what is sent, refused, renewed, not known."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from wechatpy.client.api.jsapi import WeChatJSAPI

from data.delivery import channel_tokens
from data.delivery.token_models import TokenKind
from data.kernel.clock import TurnableClock
from data.kernel.database import Database
from data.merchants import ChannelAccount
from integrations.egress import Egress
from integrations.http import ForbiddenHost, Unreachable
from integrations.wechat import LARGEST_PICTURE, OfficialAccount
from integrations.wechat_errors import (
    NoPermission,
    NotSubscribed,
    QuotaReached,
    TokenExpired,
    WeChatError,
    WindowClosed,
)
from integrations.wechat_pages import introduction, picture_of, signature
from integrations.wechat_shapes import App, QrCode, Visitor
from integrations.wechat_tokens import SharedTokens
from tests.builders import NOW
from tests.data.delivery.test_channel_tokens import an_account
from tests.hostile import hostile_server
from tests.peers.wechat_platform import APP_ID, SECRET, Remote, running_platform

TEXT = {"msgtype": "text", "text": {"content": "还差 2 人 🎉"}}
Found = TypeVar("Found")
_LOOPBACK = Egress.to("127.0.0.0/8")


@pytest.fixture
def platform() -> Iterator[Remote]:
    with running_platform() as remote:
        remote.says(openid="ann", text="hello")  # nobody listens: the window is open all the same
        yield remote


@pytest.fixture
def account(database: Database) -> ChannelAccount:
    with database.transaction() as session:
        return an_account(session, APP_ID)


@pytest.fixture
def tokens(database: Database, account: ChannelAccount) -> SharedTokens:
    return SharedTokens(database, TurnableClock(NOW), account)


@pytest.fixture
def turn(platform: Remote, tokens: SharedTokens) -> Callable[[float], None]:
    """Time passes on both sides."""

    def pass_seconds(seconds: float) -> None:
        platform.advance(seconds=seconds)
        assert isinstance(tokens.clock, TurnableClock)
        tokens.clock.advance(timedelta(seconds=seconds))

    return pass_seconds


def ask(
    tokens: SharedTokens,
    url: str,
    call: Callable[[OfficialAccount], Awaitable[Found]],
    secret: str = SECRET,
) -> Found:
    async def run() -> Found:
        wechat = OfficialAccount(App(APP_ID, secret), tokens, api=url, egress=_LOOPBACK)
        try:
            return await call(wechat)
        finally:
            await wechat.close()

    return asyncio.run(run())


def send(tokens: SharedTokens, platform: Remote, openid: str = "ann") -> None:
    ask(tokens, platform.url, lambda wechat: wechat.send(openid, TEXT))


def issued(platform: Remote) -> int:
    return int(platform.log()["tokens_issued"])


def test_a_customer_message_arrives_as_it_was_written(
    tokens: SharedTokens, platform: Remote
) -> None:
    send(tokens, platform)
    (seen,) = [one for one in platform.seen("ann") if one["by"] == "customer"]
    assert seen["text"] == TEXT["text"]


def test_two_messages_take_one_token_and_the_next_comes_before_its_end(
    tokens: SharedTokens, platform: Remote, turn: Callable[[float], None]
) -> None:
    for _ in range(2):
        send(tokens, platform)
    assert issued(platform) == 1
    turn(7200 - 301)
    send(tokens, platform)
    assert issued(platform) == 1
    turn(2)
    send(tokens, platform)
    assert issued(platform) == 2


@pytest.mark.parametrize("stable", [False, True])
def test_a_token_that_somebody_killed_is_renewed_once_and_the_message_sent_once(
    tokens: SharedTokens, platform: Remote, stable: bool
) -> None:
    platform.rules(stable=stable)
    send(tokens, platform)
    platform.kill_tokens()
    send(tokens, platform)
    assert len([one for one in platform.seen("ann") if one["by"] == "customer"]) == 2
    assert issued(platform) == 2 + (not stable)


def test_a_token_that_the_platform_still_calls_good_is_replaced_by_force(
    tokens: SharedTokens, platform: Remote
) -> None:
    platform.rules(stable=True)
    send(tokens, platform)
    platform.refuse(path="/cgi-bin/message/custom/send", code=40001)
    send(tokens, platform)
    assert issued(platform) == 2


def test_a_new_token_that_is_refused_too_is_not_asked_for_for_ever(
    tokens: SharedTokens, platform: Remote
) -> None:
    with pytest.raises(WeChatError) as refused:
        ask(tokens, platform.url, lambda wechat: wechat.send("ann", TEXT), secret="wrong")
    assert refused.value.code == 40125
    with hostile_server() as server:
        for path in ("/cgi-bin/stable_token",):
            server.answers[path] = lambda _: (200, b'{"access_token": "x", "expires_in": 7200}')
        server.answers["/cgi-bin/message/custom/send?access_token=x"] = lambda _: (
            200,
            b'{"errcode": 42001}',
        )
        with pytest.raises(TokenExpired):
            ask(tokens, server.url, lambda wechat: wechat.send("ann", TEXT))
        assert len([one for one in server.seen if "custom" in one[1]]) == 2


def test_many_at_once_ask_for_one_token_and_nobody_is_refused(
    database: Database, account: ChannelAccount, platform: Remote
) -> None:
    """Threads with clients of their own, as processes are; a second token would kill the first."""
    platform.rules(windows={"message": [50, 1000.0], "event": [0, 0.0]})
    platform.says(openid="ann", text="again")
    platform.dawdle(path="/cgi-bin/stable_token", seconds=0.3)

    def one(_: int) -> None:
        send(SharedTokens(database, TurnableClock(NOW), account), platform)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(one, range(6)))
    assert issued(platform) == 1
    codes = [call["answer"] for call in platform.log()["calls"]]
    assert codes == [0] * len(codes)


def test_control_everybody_with_a_token_of_their_own_kills_the_others(platform: Remote) -> None:
    """What the shared row is for: the same without it is refused."""
    first, second = (_naive_token(platform) for _ in range(2))
    assert first != second
    codes = [_naive_send(platform, token) for token in (first, second)]
    assert codes == [40001, 0]


def _naive_token(platform: Remote) -> str:
    body = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET}
    token: str = platform._http.post("/cgi-bin/stable_token", json=body).json()["access_token"]
    return token


def _naive_send(platform: Remote, token: str) -> int:
    path = f"/cgi-bin/message/custom/send?access_token={token}"
    answer = platform._http.post(path, json={"touser": "ann", **TEXT})
    return int(answer.json()["errcode"])


def test_while_one_process_renews_the_others_use_the_old_token_to_its_end(
    database: Database, tokens: SharedTokens, platform: Remote, turn: Callable[[float], None]
) -> None:
    send(tokens, platform)
    turn(7200 - 200)
    with database.transaction() as session:  # another process is at it
        assert channel_tokens.win(
            session,
            account=tokens.account,
            kind=TokenKind.ACCESS,
            version=1,
            now=tokens.clock.now(),
        )
    send(tokens, platform)
    assert issued(platform) == 1


def test_who_could_not_renew_holds_nobody_up(tokens: SharedTokens, platform: Remote) -> None:
    platform.refuse(path="/cgi-bin/stable_token", code=-1)
    with pytest.raises(WeChatError):
        send(tokens, platform)
    send(tokens, platform)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (45015, WindowClosed),
        (45047, WindowClosed),
        (43004, NotSubscribed),
        (48001, NoPermission),
        (45009, QuotaReached),
        (40003, WeChatError),
    ],
)
def test_what_is_refused_has_a_name(
    tokens: SharedTokens, platform: Remote, code: int, kind: type[WeChatError]
) -> None:
    platform.refuse(path="/cgi-bin/message/custom/send", code=code)
    with pytest.raises(WeChatError) as refused:
        send(tokens, platform)
    assert (type(refused.value), refused.value.code) == (kind, code)


def test_five_messages_after_one_and_then_none_and_none_to_who_is_silent_for_two_days(
    tokens: SharedTokens, platform: Remote, turn: Callable[[float], None]
) -> None:
    for _ in range(5):
        send(tokens, platform)
    with pytest.raises(WindowClosed, match="45047"):
        send(tokens, platform)
    turn(48 * 3600 + 1)
    with pytest.raises(WindowClosed, match="45015"):
        send(tokens, platform)
    platform.unfollows(openid="ann")
    with pytest.raises(NotSubscribed):
        send(tokens, platform)


def test_a_message_whose_answer_is_late_is_not_known_and_was_sent(
    tokens: SharedTokens, platform: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(tokens, platform)
    monkeypatch.setattr("integrations.wechat_calling._DEADLINE", 0.5)
    platform.dawdle(path="/cgi-bin/message/custom/send", seconds=1)
    with pytest.raises(Unreachable, match="deadline"):
        send(tokens, platform)
    assert len([one for one in platform.seen("ann") if one["by"] == "customer"]) == 2


@pytest.mark.parametrize("path", ["/huge", "/slow", "/wrong", "/bomb", "/odd", "/redirect"])
def test_t18_an_answer_that_means_no_good_is_not_read(
    tokens: SharedTokens, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.wechat_calling._DEADLINE", 0.2)
    with hostile_server() as server, pytest.raises(Unreachable):
        ask(tokens, server.url, lambda wechat: wechat._line.call("GET", server.url + path, {}))


def test_it_goes_nowhere_but_to_its_own_host(tokens: SharedTokens, platform: Remote) -> None:
    async def elsewhere(wechat: OfficialAccount) -> None:
        await wechat._line.call("GET", "https://evil.example/", {})

    with pytest.raises(ForbiddenHost):
        ask(tokens, platform.url, elsewhere)


def test_templates_and_granted_messages_go_their_own_ways(
    tokens: SharedTokens, platform: Remote
) -> None:
    data = {"thing1": {"value": "青瓷茶具"}}

    async def template(wechat: OfficialAccount) -> None:
        await wechat.send_template("ann", "TPL_PAID", data, "https://shop.example/pay/x")

    async def granted(wechat: OfficialAccount) -> None:
        await wechat.send_granted("ann", "TPL_BIRTHDAY", data)

    ask(tokens, platform.url, template)
    with pytest.raises(WeChatError, match="43101"):
        ask(tokens, platform.url, granted)
    platform.accepts(openid="ann", templates=["TPL_BIRTHDAY"])
    ask(tokens, platform.url, granted)
    with pytest.raises(WeChatError, match="43101"):  # one tap, one message
        ask(tokens, platform.url, granted)
    assert [one["by"] for one in platform.seen("ann")][-2:] == ["template", "granted"]


def test_the_menu_is_set_as_a_whole_and_read_back(tokens: SharedTokens, platform: Remote) -> None:
    menu = [{"type": "click", "name": "送礼", "key": "gift"}]
    assert ask(tokens, platform.url, lambda wechat: wechat.menu()) == []
    ask(tokens, platform.url, lambda wechat: wechat.create_menu(menu))
    assert ask(tokens, platform.url, lambda wechat: wechat.menu()) == menu


def test_a_code_brings_its_scene_back_with_who_scans_it(
    tokens: SharedTokens, platform: Remote
) -> None:
    code: QrCode = ask(tokens, platform.url, lambda wechat: wechat.make_code("x" * 64, seconds=600))
    platform.scans(openid="bob", ticket=code.ticket)
    assert platform.log()["pushes"][-1]["fields"]["EventKey"] == "x" * 64
    assert picture_of(code.ticket).startswith("https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=")
    for scene in ("", "x" * 65):
        with pytest.raises(ValueError, match="scene"):
            ask(tokens, platform.url, lambda wechat, scene=scene: wechat.make_code(scene))


def test_the_ticket_of_pages_is_asked_for_once(tokens: SharedTokens, platform: Remote) -> None:
    tickets = {ask(tokens, platform.url, lambda wechat: wechat.ticket()) for _ in range(2)}
    assert len(tickets) == 1
    assert platform.log()["tickets_issued"] == 1


def test_a_visitor_is_known_by_a_code_that_works_once(
    tokens: SharedTokens, platform: Remote
) -> None:
    where = introduction(platform.url, APP_ID, back="https://shop.example/w?a=1", state="abc")
    back = platform._http.get(where, headers={"x-openid": "ann"}).headers["location"]
    assert back.startswith("https://shop.example/w?a=1&code=")
    assert back.endswith("&state=abc")
    code = back.partition("code=")[2].partition("&")[0]
    platform.knows(openid="ann", name="安")

    async def introduce(wechat: OfficialAccount) -> tuple[str, str]:
        visitor = await wechat.visitor(code)
        return visitor.openid, (await wechat.profile(visitor)).nickname

    assert ask(tokens, platform.url, introduce) == ("ann", "安")
    with pytest.raises(WeChatError, match="40163"):
        ask(tokens, platform.url, introduce)


def test_a_picture_goes_up_under_a_harmless_name_and_not_too_large(
    tokens: SharedTokens, platform: Remote
) -> None:
    async def upload(wechat: OfficialAccount) -> str:
        return await wechat.upload_picture('a"\r\nX: y.png', "image/png", b"\r\n--" * 100)

    assert ask(tokens, platform.url, upload).startswith("media-")
    assert platform.log()["calls"][-1]["bytes"] == 400
    large = bytes(LARGEST_PICTURE + 1)
    with pytest.raises(ValueError, match="picture"):
        ask(tokens, platform.url, lambda wechat: wechat.upload_picture("a.png", "image/png", large))


def test_who_follows_is_told(tokens: SharedTokens, platform: Remote) -> None:
    follower = ask(tokens, platform.url, lambda wechat: wechat.follower("ann"))
    assert (follower.subscribe, follower.language) == (1, "zh_CN")


_EXAMPLE = {
    "nonce": "Wm3WZYTPz0wzccnW",
    "ticket": "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nb"
    "SlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg",
    "timestamp": 1414587457,
    "url": "http://mp.weixin.qq.com?params=value",
}


def test_the_signature_is_that_of_the_vendors_example() -> None:
    assert signature(**_EXAMPLE) == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


@pytest.mark.parametrize(
    "url", ["https://shop.example/g/x", "https://shop.example/g/茶?from=singlemessage&a=b%20c"]
)
def test_the_signature_is_wechatpys(url: str) -> None:
    told: dict[str, Any] = {**_EXAMPLE, "url": url}
    theirs = WeChatJSAPI.get_jsapi_signature(
        None, told["nonce"], told["ticket"], told["timestamp"], url
    )
    assert signature(**told) == theirs


def test_t47_no_secret_no_token_and_no_ticket_in_any_log_repr_or_error(
    tokens: SharedTokens, platform: Remote, caplog: pytest.LogCaptureFixture
) -> None:
    said = [repr(App(APP_ID, SECRET)), repr(Visitor(openid="ann", access_token="PAGE-CANARY"))]
    said.append(repr(OfficialAccount(App(APP_ID, SECRET), tokens, api=platform.url)))

    async def visit(wechat: OfficialAccount) -> None:
        said.append(repr(await wechat.visitor("no such code")))

    with caplog.at_level(logging.DEBUG):
        send(tokens, platform)
        said.append(repr(asyncio.run(_kept(tokens))))
        for code in (40001, 45015):
            platform.refuse(path="/cgi-bin/message/custom/send", code=code)
            said += _failure(lambda: send(tokens, platform))
        said += _failure(lambda: ask(tokens, platform.url, visit))
        said += _failure(lambda: ask(tokens, "http://127.0.0.1:9", visit))
        with hostile_server() as server:
            server.answers["/cgi-bin/stable_token"] = lambda body: (200, b"not json" + body)
            fresh = SharedTokens(tokens.database, TurnableClock(NOW + timedelta(1)), tokens.account)
            said += _failure(lambda: send_to(fresh, server.url))
    assert len(said) > 6
    assert "CANARY" not in caplog.text + "".join(said)


def send_to(tokens: SharedTokens, url: str) -> None:
    ask(tokens, url, lambda wechat: wechat.send("ann", TEXT))


async def _kept(tokens: SharedTokens) -> object:
    async def never() -> Any:
        raise AssertionError

    return await tokens.token(TokenKind.ACCESS, never)


def _failure(act: Callable[[], object]) -> list[str]:
    """Everything that a traceback would show of it; nothing if it goes well."""
    try:
        act()
    except Exception as error:
        shown, one = [], error
        while one is not None:
            shown += [repr(one), str(one)]
            one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        return shown
    return []
