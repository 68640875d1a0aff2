"""The stand-in of WeChat's platform is as strict as it says: deadline, three tries, seals, windows,
grants. What it lets through by mistake, the tests that lean on it would let through too."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import xmltodict
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.utils import check_signature

from tests.peers.wechat_platform import AES_KEY, APP_ID, TOKEN, Remote, running_platform
from tests.peers.wechat_users import OUT_OF_ORDER

Answer = Callable[[int, str], str]  # the number of the call and the message in the clear
_SPEED = 20.0  # five of the platform's seconds are a quarter of one of ours


class Account(ThreadingHTTPServer):
    """The other side as wechatpy's manual has it: opens, answers, seals."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.answer = answer
        self.queries: list[dict[str, str]] = []
        self.messages: list[str] = []
        self.crypto = WeChatCrypto(TOKEN, AES_KEY, APP_ID)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/wx"

    def handle_error(self, request: object, client_address: object) -> None:
        """The platform hung up, as it says."""


class _Call(BaseHTTPRequestHandler):
    server: Account

    def do_GET(self) -> None:
        query = self._query()
        check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
        self._say(query["echostr"])

    def do_POST(self) -> None:
        query = self._query()
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
        xml = self.server.crypto.decrypt_message(
            body, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        text = xml if isinstance(xml, str) else xml.decode()
        self.server.queries.append(query)
        self.server.messages.append(text)
        self._say(self.server.answer(len(self.server.messages), text))

    def _query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def _say(self, body: str) -> None:
        content = body.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Silence."""


@contextmanager
def an_account(answer: Answer) -> Iterator[Account]:
    server = Account(answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def platform() -> Iterator[Remote]:
    with running_platform(speed=_SPEED) as remote:
        yield remote


def reply(text: str, to: str, server: Account) -> str:
    xml = (
        f"<xml><ToUserName><![CDATA[{to}]]></ToUserName><FromUserName><![CDATA[gh]]></FromUserName>"
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content></xml>"
    )
    sealed: str = server.crypto.encrypt_message(xml, "nonce", "1700000000")
    return sealed


def test_an_address_is_taken_that_answers_with_the_echo(platform: Remote) -> None:
    with an_account(lambda *_: "success") as account:
        platform.connect(url=account.url)
        assert platform.verify(echo="8765") == {"status": 200, "answer": "8765"}


def test_what_is_said_comes_signed_and_sealed_and_the_passive_reply_is_seen(
    platform: Remote,
) -> None:
    with an_account(lambda *_: reply("你好 🎉", "passive", account)) as account:
        platform.connect(url=account.url)
        told = platform.says(openid="passive", text="团子")
    message = xmltodict.parse(account.messages[0])["xml"]
    assert (message["Content"], message["FromUserName"]) == ("团子", "passive")
    assert account.queries[0]["encrypt_type"] == "aes"
    assert told["tries"] == 1
    (seen,) = platform.seen("passive")
    assert (seen["by"], seen["Content"]) == ("passive", "你好 🎉")


def test_who_is_late_is_asked_three_times_with_the_same_number(platform: Remote) -> None:
    def late(number: int, _message: str) -> str:
        time.sleep(0.4 if number < 3 else 0)
        return "success"

    with an_account(late) as account:
        platform.connect(url=account.url)
        began = time.monotonic()
        told = platform.says(openid="late", text="hello")
        assert time.monotonic() - began >= 2 * 5 / _SPEED
    numbers = {xmltodict.parse(one)["xml"]["MsgId"] for one in account.messages}
    assert (told["tries"], len(account.messages), len(numbers)) == (3, 3, 1)
    assert platform.seen("late") == []


def test_who_never_answers_in_time_is_out_of_order_for_the_user(platform: Remote) -> None:
    def never(_number: int, _message: str) -> str:
        time.sleep(0.4)
        return "success"

    with an_account(never) as account:
        platform.connect(url=account.url)
        assert platform.says(openid="never", text="hello")["answer"] is None
    (seen,) = platform.seen("never")
    assert seen["text"]["content"] == OUT_OF_ORDER


def test_a_reply_under_another_key_is_not_shown(platform: Remote) -> None:
    other = WeChatCrypto(TOKEN, AES_KEY[::-1], APP_ID)
    with an_account(lambda *_: other.encrypt_message("<xml/>", "n", "1")) as account:
        platform.connect(url=account.url)
        assert platform.says(openid="forged", text="hello")["answer"] is None


def test_a_seal_that_somebody_changed_does_not_open() -> None:
    crypto = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
    sealed = xmltodict.parse(crypto.encrypt_message("<xml/>", "n", "1"))["xml"]
    with pytest.raises(InvalidSignatureException):
        crypto.decrypt_message(sealed, "0" * 40, "1", "n")


@pytest.mark.parametrize(
    ("what", "arguments", "event"),
    [
        ("presses", {"key": "挑礼物"}, "CLICK"),
        ("scans", {"scene": "poster"}, "SCAN"),
        ("follows", {}, "subscribe"),
        ("unfollows", {}, "unsubscribe"),
        ("accepts", {"templates": ["TPL_PAID"]}, "subscribe_msg_popup_event"),
        (
            "scans_barcode",
            {"key": "scan", "kind": "barcode", "result": "EAN_13,6901939621608"},
            "scancode_waitmsg",
        ),
    ],
)
def test_what_people_do_comes_as_the_event_that_wechatpy_reads(
    platform: Remote, what: str, arguments: dict[str, object], event: str
) -> None:
    with an_account(lambda *_: "") as account:
        platform.connect(url=account.url)
        told = getattr(platform, what)(openid=f"event-{event}", **arguments)
    assert told["silent"]
    assert xmltodict.parse(account.messages[0])["xml"]["Event"] == event


def test_one_agreement_is_an_entry_and_two_are_a_list(platform: Remote) -> None:
    """So does the platform write them, and XML readers see a dictionary or a list."""
    with an_account(lambda *_: "") as account:
        platform.connect(url=account.url)
        platform.accepts(openid="two", templates=["TPL_PAID"], refuses=["TPL_BIRTHDAY"])
        platform.accepts(openid="two", templates=["TPL_PAID"])
    lists = [
        xmltodict.parse(one)["xml"]["SubscribeMsgPopupEvent"]["List"] for one in account.messages
    ]
    assert [type(one) for one in lists] == [list, dict]
