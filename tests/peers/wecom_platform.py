"""OUR OWN STAND-IN of WeCom's platform side, for customer service and customer groups. It is not
WeCom, and nobody publishes one.

What it says and refuses is anchored on: wechatpy's crypto (the envelope), the vendor's public pages
(developer.work.weixin.qq.com: 94670 messages and events, 94677 sending, 94669 states, 95122
greetings, 90455 return codes, 92130 group events) as documents tell them [D], and where they are
silent the harsher choice. Nobody could check it against the live platform: docs/channels/wecom.md.

A call is only a bell; messages are fetched by a cursor, page by page, and a page may be empty with
more behind it. A word opens `sync_msg` for ten minutes; without one it is limited. Five messages in
48 hours; a greeting within 20 seconds, once; a name of ours once; errcodes with status 200.
`/__platform/…` are the hands of the test.
"""

import re
import secrets
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
import xmltodict
from aiohttp import web
from wechatpy.crypto import WeChatCrypto

from data.kernel.clock import SystemClock
from tests.peers.wechat_platform import Answer, Refused, Remote, served
from tests.peers.wechat_pushing import as_xml

CORP_ID, SECRET, DESK = "ww0123456789abcdef", "corp-secret-CANARY", "wkDeskOfTheTeaHouse"
TOKEN, AES_KEY = "webhookTokenCANARY", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OTHER_DESK = "wkDeskOfSomebodyElse"
_NAME = re.compile(r"[0-9a-zA-Z_-]{1,32}")
_WORD_SECONDS, _GREETING_SECONDS, _WINDOW_SECONDS = 600, 20, 48 * 3600
_TAKEN = 40058  # "invalid parameter"; which number a name has that is taken, no page says
CUSTOMER, SYSTEM, STAFF = 3, 4, 5
WITH_STAFF = 3


@dataclass(slots=True)
class Rules:
    page: int = 100  # as many as `limit` at most; a page may be shorter
    unasked: int = (
        3  # calls of sync_msg without a word, in ten minutes: ours, no page says a number
    )
    quota: int = 5
    tries: int = 3
    seconds: float = 5.0
    refused_codes: dict[str, int] = field(default_factory=dict)  # call: errcode, once
    gaps: bool = False  # every second page is empty, with more behind it
    away: bool = False  # what stands before it answers 502
    instead: list[bytes] = field(default_factory=list)  # answers of sync_msg, as they stand here


@dataclass(slots=True)
class Customer:
    id: str
    wrote_at: float | None = None
    left: int = 0
    state: int = 0
    refused_code: int = 0  # of the next message to them, once
    seen: list[dict[str, Any]] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)  # what they wrote and did themselves


@dataclass(slots=True)
class Webhook:
    url: str = ""
    token: str = TOKEN
    aes_key: str = AES_KEY
    corp_id: str = CORP_ID
    skew: int = 0

    def sealed(self, text: str, *, in_query: bool = False) -> tuple[str, bytes]:
        """Query and body of a call; when it asks for an echo that is in the query."""
        stamp = str(int(SystemClock().now().timestamp()) + self.skew)
        crypto = WeChatCrypto(self.token, self.aes_key, self.corp_id)
        told = xmltodict.parse(crypto.encrypt_message(text, secrets.token_hex(5), stamp))["xml"]
        query = {"msg_signature": told["MsgSignature"], "timestamp": told["TimeStamp"]}
        query |= {"nonce": told["Nonce"]}
        if in_query:
            return urlencode({**query, "echostr": told["Encrypt"]}), b""
        envelope = {"ToUserName": self.corp_id, "AgentID": "1000002", "Encrypt": told["Encrypt"]}
        return urlencode(query), as_xml(envelope).encode()


@dataclass
class Platform:
    rules: Rules = field(default_factory=Rules)
    webhook: Webhook = field(default_factory=Webhook)
    customers: dict[str, Customer] = field(default_factory=dict)
    stream: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    pushes: list[dict[str, Any]] = field(default_factory=list)
    late: dict[str, float] = field(default_factory=dict)
    _token: str = ""
    _issued: int = 0
    _words: dict[str, float] = field(default_factory=dict)
    _greetings: dict[str, tuple[str, float]] = field(default_factory=dict)
    _unasked: list[float] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)
    _pages: int = 0
    _passed: float = 0.0
    _began: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        return time.monotonic() - self._began + self._passed

    def customer(self, name: str) -> Customer:
        return self.customers.setdefault(name, Customer(name))

    # — what a company calls —

    def gettoken(self, query: Answer) -> Answer:
        if query.get("corpid") != CORP_ID:
            raise Refused(40013)
        if query.get("corpsecret") != SECRET:
            raise Refused(40001)
        if not self._token:
            self._issued += 1
            self._token = f"TOKEN-CANARY-{self._issued}-{secrets.token_hex(8)}"
        return {"access_token": self._token, "expires_in": 7200}

    def sync_msg(self, body: Answer) -> Answer:
        self._check_word(str(body.get("token", "")))
        start = self._place_of(str(body.get("cursor", "")))
        most = min(int(body.get("limit", 1000)), 1000, self.rules.page)
        self._pages += 1
        if self.rules.gaps and self._pages % 2:
            return {"next_cursor": f"cur-{start}-{self._pages}", "has_more": 1, "msg_list": []}
        wanted = [one for one in self.stream if _desk(one) == body.get("open_kfid", _desk(one))]
        page = wanted[start : start + most]
        there = start + len(page)
        more = int(there < len(wanted))
        return {"next_cursor": f"cur-{there}-{self._pages}", "has_more": more, "msg_list": page}

    def _check_word(self, word: str) -> None:
        now = self.now()
        if word:
            if self._words.get(word, 0.0) <= now:
                raise Refused(95007)
            return
        self._unasked = [at for at in self._unasked if at > now - _WORD_SECONDS]
        if len(self._unasked) >= self.rules.unasked:
            raise Refused(45009)
        self._unasked.append(now)

    def _place_of(self, cursor: str) -> int:
        if not cursor:
            return 0
        told = re.fullmatch(r"cur-(\d+)-\d+", cursor)
        if told is None:
            raise Refused(40058)
        return int(told.group(1))

    def send_msg(self, body: Answer) -> Answer:
        if body.get("open_kfid") != DESK:
            raise Refused(95000)
        customer = self.customers.get(str(body.get("touser")))
        if customer is None:
            raise Refused(40096)
        code, customer.refused_code = customer.refused_code, 0
        if code:
            raise Refused(code)
        self._check_message(body, {"text", "msgmenu", "image", "link"})
        if customer.state not in (0, 1):
            raise Refused(95018)
        if customer.wrote_at is None or self.now() > customer.wrote_at + _WINDOW_SECONDS:
            raise Refused(95002)
        if not customer.left:
            raise Refused(95001)
        name = self._name(body)
        customer.left -= 1
        customer.seen.append({"by": "message", "at": self.now(), **_shown(body)})
        return {"msgid": name}

    def send_msg_on_event(self, body: Answer) -> Answer:
        who, until = self._greetings.get(str(body.get("code")), ("", 0.0))
        if not who or self.now() > until:
            raise Refused(95007)
        self._check_message(body, {"text", "msgmenu"})
        name = self._name(body)
        del self._greetings[str(body["code"])]
        self.customers[who].seen.append({"by": "greeting", "at": self.now(), **_shown(body)})
        return {"msgid": name}

    def _check_message(self, body: Answer, kinds: set[str]) -> None:
        kind = body.get("msgtype")
        if kind not in kinds or kind not in body:
            raise Refused(40008)
        if kind == "text" and not 0 < _bytes(body["text"].get("content")) <= 2048:
            raise Refused(45002)
        if kind == "msgmenu":
            _check_menu(body["msgmenu"])

    def _name(self, body: Answer) -> str:
        name = str(body.get("msgid") or f"theirs{len(self._names)}")
        if not _NAME.fullmatch(name) or name in self._names:
            raise Refused(_TAKEN)
        self._names.add(name)
        return name

    def account_list(self, _body: Answer) -> Answer:
        return {"account_list": [{"open_kfid": DESK, "name": "茶馆", "avatar": ""}]}

    def add_contact_way(self, body: Answer) -> Answer:
        if body.get("open_kfid") != DESK:
            raise Refused(95000)
        return {"url": "https://work.weixin.qq.com/kf/kfc0ffee?enc_scene=ENC5"}

    def trans(self, body: Answer) -> Answer:
        customer = self.customers.get(str(body.get("external_userid")))
        if customer is None or body.get("open_kfid") != DESK:
            raise Refused(40096)
        wanted = int(body.get("service_state", 0))
        if wanted <= customer.state:
            raise Refused(95016)
        customer.state = wanted
        return {"msg_code": secrets.token_hex(8)}

    def check_token(self, token: str | None) -> None:
        if token is None:
            raise Refused(41001)
        if token != self._token or not token:
            raise Refused(40014)

    # — what people do —

    def writes(self, who: str, kind: str, content: Any, **more: Any) -> dict[str, Any]:
        said = {"msgid": f"m_{secrets.token_hex(8)}", "open_kfid": DESK, "external_userid": who}
        said |= {"send_time": _stamp(), "origin": CUSTOMER, "msgtype": kind, kind: content}
        return self.hears({**said, **more}, who)

    def hears(self, said: dict[str, Any], who: str) -> dict[str, Any]:
        """A message of this customer's, or of the staff to them."""
        customer = self.customer(who)
        if said.get("origin") == CUSTOMER:
            customer.wrote_at, customer.left = self.now(), self.rules.quota
            customer.said.append({"at": self.now(), **said})
        return self._add(said)

    def happens(self, who: str, name: str, **more: Any) -> dict[str, Any]:
        event = {"event_type": name, "open_kfid": DESK, "external_userid": who, **more}
        said = {"msgid": f"e_{secrets.token_hex(8)}", "send_time": _stamp(), "origin": SYSTEM}
        said |= {"msgtype": "event", "event": event}
        self.customer(who).said.append({"at": self.now(), **said})
        return self._add(said)

    def _add(self, said: dict[str, Any]) -> dict[str, Any]:
        self.stream.append(said)
        return said

    def greeting_for(self, who: str) -> dict[str, str]:
        """Only who has not written in 48 hours may be greeted."""
        wrote = self.customer(who).wrote_at
        if wrote is not None and self.now() <= wrote + _WINDOW_SECONDS:
            return {}
        word = f"GREETING-CANARY-{secrets.token_hex(8)}"
        self._greetings[word] = (who, self.now() + _GREETING_SECONDS)
        return {"welcome_code": word}

    def word(self) -> str:
        """By which the news may be asked for."""
        word = f"WORD-CANARY-{secrets.token_hex(12)}"
        self._words[word] = self.now() + _WORD_SECONDS
        return word

    async def ring(self, desk: str = DESK) -> Answer:
        told = {"Event": "kf_msg_or_event", "Token": self.word(), "OpenKfId": desk}
        return await self.push(told)

    async def push(self, fields: dict[str, Any]) -> Answer:
        """Until it is taken, three times; FromUserName may be absent, and here it is."""
        head = {"ToUserName": CORP_ID, "CreateTime": _stamp(), "MsgType": "event"}
        query, body = self.webhook.sealed(as_xml({**head, **fields}))
        statuses: list[int] = []
        for _ in range(self.rules.tries):
            status, answer = await _post(f"{self.webhook.url}?{query}", body, self.rules.seconds)
            statuses.append(status)
            if status == 200 and answer in ("", "success"):
                break
        self.pushes.append({"fields": fields, "statuses": statuses})
        return {"statuses": statuses}


def _desk(said: dict[str, Any]) -> Any:
    return said.get("open_kfid") or said.get("event", {}).get("open_kfid")


def _stamp() -> int:
    return int(SystemClock().now().timestamp())


def _bytes(text: object) -> int:
    return len(str(text or "").encode())


def _shown(body: Answer) -> Answer:
    return {name: body[name] for name in ("msgid", "msgtype", str(body["msgtype"])) if name in body}


def _check_menu(menu: Answer) -> None:
    entries = menu.get("list", [])
    if _bytes(menu.get("head_content")) > 1024 or _bytes(menu.get("tail_content")) > 1024:
        raise Refused(45002)
    if not 1 <= len(entries) <= 10:
        raise Refused(95008)
    for entry in entries:
        kind = entry.get("type")
        if kind not in ("click", "view", "text") or kind not in entry:
            raise Refused(95009)
        _check_entry(entry[kind], kind)


def _check_entry(inside: Answer, kind: str) -> None:
    most = 128 if kind == "click" else 1024
    if not 0 < _bytes(inside.get("content")) <= most or _bytes(inside.get("id")) > 128:
        raise Refused(45002)
    if kind == "view" and not 0 < _bytes(inside.get("url")) <= 2048:
        raise Refused(45002)


async def _post(url: str, body: bytes, seconds: float) -> tuple[int, str]:
    limit = aiohttp.ClientTimeout(total=seconds)
    try:
        http = aiohttp.ClientSession(trust_env=False, timeout=limit)
        async with http, http.post(url, data=body) as answer:
            return answer.status, (await answer.text()).strip()
    except (TimeoutError, aiohttp.ClientError):
        return 0, ""


Handler = Callable[[web.Request], Coroutine[Any, Any, web.Response]]


def application(platform: Platform) -> web.Application:
    app = web.Application()
    with_token = {
        "kf/sync_msg": platform.sync_msg,
        "kf/send_msg": platform.send_msg,
        "kf/send_msg_on_event": platform.send_msg_on_event,
        "kf/account/list": platform.account_list,
        "kf/add_contact_way": platform.add_contact_way,
        "kf/service_state/trans": platform.trans,
    }
    app.router.add_get("/cgi-bin/gettoken", _answering(platform, platform.gettoken, checked=False))
    for path, call in with_token.items():
        app.router.add_post(f"/cgi-bin/{path}", _answering(platform, call, checked=True))
    app.router.add_post("/__platform/{what}", _control(platform))
    return app


def _answering(platform: Platform, call: Callable[[Answer], Answer], *, checked: bool) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        query = dict(request.query)
        body = await request.json() if request.method == "POST" else query
        path = request.path.removeprefix("/cgi-bin/")
        if platform.rules.away:
            return web.Response(status=502)
        if path == "kf/sync_msg" and platform.rules.instead:
            return web.Response(body=platform.rules.instead.pop(0))
        answer = _answer(platform, path, query, lambda: call(body), checked=checked)
        platform.calls.append({"path": path, "body": body, "answer": answer["errcode"]})
        if platform.late.pop(path, 0.0):  # done, and nobody hears of it
            assert request.transport is not None
            request.transport.close()
        return web.json_response(answer)

    return handle


def _answer(
    platform: Platform, path: str, query: Answer, call: Callable[[], Answer], *, checked: bool
) -> Answer:
    try:
        told = platform.rules.refused_codes.pop(path, 0)
        if told:
            raise Refused(told)
        if checked:
            platform.check_token(query.get("access_token"))
        return {"errcode": 0, "errmsg": "ok", **call()}
    except Refused as refused:
        return {"errcode": refused.code, "errmsg": f"refused {query} hint: [1-2]"}


def _control(platform: Platform) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else {}
        hand = getattr(_Hands(platform), request.match_info["what"])
        return web.json_response(await hand(**body))

    return handle


@dataclass(frozen=True, slots=True)
class _Hands:
    """What a test may do here: each is a call of `/__platform/<name>`, its arguments as JSON."""

    platform: Platform

    async def connect(self, **webhook: Any) -> Answer:
        for name, value in webhook.items():
            setattr(self.platform.webhook, name, value)
        return {}

    async def verify(self, echo: str) -> Answer:
        query, _ = self.platform.webhook.sealed(echo, in_query=True)
        url = f"{self.platform.webhook.url}?{query}"
        async with aiohttp.ClientSession(trust_env=False) as http, http.get(url) as answer:
            return {"status": answer.status, "answer": await answer.text()}

    async def says(self, who: str, text: str, rings: bool = True) -> Answer:
        return await self._did(self.platform.writes(who, "text", {"content": text}), rings)

    async def sends(self, who: str, kind: str, content: Any) -> Answer:
        return await self._did(self.platform.writes(who, kind, content))

    async def presses(self, who: str, label: str) -> Answer:
        """The newest entry of a menu with this label, as WeChat sends it: its words, its id."""
        for shown in reversed(self.platform.customer(who).seen):
            for entry in shown.get("msgmenu", {}).get("list", ()):
                inside = entry.get("click", {})
                if re.search(label, inside.get("content", "")):
                    told = {"content": inside["content"], "menu_id": inside["id"]}
                    return await self._did(self.platform.writes(who, "text", told))
        raise web.HTTPNotFound

    async def enters(self, who: str, scene_param: str = "") -> Answer:
        told = {"scene": "tuanzi", **self.platform.greeting_for(who)}
        told |= {"scene_param": scene_param} if scene_param else {}
        return await self._did(self.platform.happens(who, "enter_session", **told))

    async def staff_says(self, who: str, text: str) -> Answer:
        told = {"origin": STAFF, "servicer_userid": "lan"}
        return await self._did(self.platform.writes(who, "text", {"content": text}, **told))

    async def staff_takes(self, who: str) -> Answer:
        self.platform.customer(who).state = WITH_STAFF
        told = {"change_type": 1, "new_servicer_userid": "lan"}
        return await self._did(self.platform.happens(who, "session_status_change", **told))

    async def raw(self, said: Any, rings: bool = True) -> Answer:
        """Into the stream as it is: an odd message, one that came before."""
        self.platform.stream.append(said)
        return await self._did(said, rings)

    async def ring(self, desk: str = DESK) -> Answer:
        return await self.platform.ring(desk)

    async def group(self, **fields: Any) -> Answer:
        return await self.platform.push({"Event": "change_external_chat", **fields})

    async def push(self, fields: dict[str, Any]) -> Answer:
        return await self.platform.push(fields)

    async def advance(self, seconds: float) -> Answer:
        self.platform._passed += seconds
        return {"now": self.platform.now()}

    async def rules(self, **changes: Any) -> Answer:
        for name, value in changes.items():
            setattr(self.platform.rules, name, value)
        return asdict(self.platform.rules)

    async def refuse(self, path: str, code: int) -> Answer:
        self.platform.rules.refused_codes[path] = code
        return {}

    async def dawdle(self, path: str) -> Answer:
        """The next call of it is done, and its answer is lost."""
        self.platform.late[path] = 1.0
        return {}

    async def kill_tokens(self) -> Answer:
        self.platform._token = ""
        return {}

    async def journal(self, openid: str, after: int = 0) -> Answer:
        customer = self.platform.customer(openid)
        return {"seen": customer.seen[after:], "said": customer.said}

    async def log(self) -> Answer:
        platform = self.platform
        return {"calls": platform.calls, "pushes": platform.pushes, "tokens": platform._issued}

    async def _did(self, said: Any, rings: bool = True) -> Answer:
        return {"said": said, **(await self.platform.ring() if rings else {"statuses": []})}


@contextmanager
def running_wecom(**rules: Any) -> Iterator[Remote]:
    with served(application(Platform(Rules(**rules)))) as remote:
        yield remote
