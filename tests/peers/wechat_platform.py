"""OUR OWN STAND-IN of WeChat's platform side for official accounts. It is not WeChat.

Nobody publishes one. What it says and refuses is anchored on: wechatpy (signatures, encryption, the
XML of its 74 samples, from which every event here has its fields), the vendor's public pages as
noted beside each number (wechat_users.Rules), and docs/channels/README.md, which lists
what nobody could check against the live platform. Where sources differ it is the harsher one.

It does what an account must survive: gives tokens (a second kills the first), tells what people do
signed and sealed, waits five seconds and asks three times with the same MsgId, opens windows and
counts quotas, takes one granted message for one tap, answers errors as errcodes with status 200,
and keeps a journal of what each person saw. `/__platform/…` are the hands of the test: people say,
press, scan, follow and accept there. `running_platform()` serves it in a thread;
`python -m tests.peers.wechat_platform --port 8090` in a process of its own.
"""

import argparse
import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web

from data.kernel.clock import SystemClock
from tests import calling
from tests.peers.wechat_pushing import Told, Webhook, tell
from tests.peers.wechat_users import OUT_OF_ORDER, Rules, User

APP_ID, SECRET, ORIGINAL_ID = "wx0123456789abcdef", "appsecretCANARY0", "gh_stand_in"
TOKEN, AES_KEY = "webhook-token-CANARY", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
# A picture of one grey point: what a code looks like is nobody's concern here.
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6368000000820081dd436af40000000049454e44ae426082"
)
_LONGEST_TEXT = 2048  # bytes (general knowledge)
_KINDS = {"text", "image", "news", "link", "msgmenu", "miniprogrampage", "mpnewsarticle"}
Answer = dict[str, Any]


class Refused(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Platform:
    rules: Rules = field(default_factory=Rules)
    webhook: Webhook = field(
        default_factory=lambda: Webhook(token=TOKEN, aes_key=AES_KEY, app_id=APP_ID)
    )
    users: dict[str, User] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)
    pushes: list[dict[str, Any]] = field(default_factory=list)
    late: dict[str, float] = field(default_factory=dict)  # call: seconds its answer comes late
    menu: list[dict[str, Any]] | None = None
    templates: set[str] = field(default_factory=lambda: {"TPL_PAID", "TPL_BIRTHDAY"})
    _tokens: dict[str, float] = field(default_factory=dict)  # that are good: until when
    _issued: int = 0
    _tickets: int = 0
    _codes: dict[str, str] = field(default_factory=dict)  # of visitors: openid
    _scenes: dict[str, str] = field(default_factory=dict)  # of QR codes, by ticket
    _number: int = 20_000_000_000
    _passed: float = 0.0
    _began: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """Its own seconds since it began."""
        return (time.monotonic() - self._began) * self.rules.speed + self._passed

    def user(self, openid: str) -> User:
        return self.users.setdefault(openid, User(openid))

    # What an account calls.

    def stable_token(self, body: Answer) -> Answer:
        if (body.get("appid"), body.get("secret")) != (APP_ID, SECRET):
            raise Refused(40125 if body.get("appid") == APP_ID else 40013)
        if body.get("grant_type") != "client_credential":
            raise Refused(40002)
        return self._give_token(force=bool(body.get("force_refresh")))

    def _give_token(self, *, force: bool) -> Answer:
        now = self.now()
        self._tokens = {token: until for token, until in self._tokens.items() if until > now}
        newest = max(self._tokens, key=lambda token: self._tokens[token], default="")
        if self.rules.stable and newest and not force and self._tokens[newest] > now + 300:
            return {"access_token": newest, "expires_in": int(self._tokens[newest] - now)}
        if force or not self.rules.stable:
            self._tokens.clear()
        self._issued += 1
        token = f"TOKEN-CANARY-{self._issued}-{secrets.token_hex(8)}"
        self._tokens[token] = now + self.rules.token_seconds
        return {"access_token": token, "expires_in": self.rules.token_seconds}

    def custom_send(self, body: Answer) -> Answer:
        user = self._reachable(body)
        kind = body.get("msgtype")
        if kind not in _KINDS or kind not in body:
            raise Refused(40008)
        if len(str(body[kind].get("content", "")).encode()) > _LONGEST_TEXT:
            raise Refused(45002)
        if kind == "news" and len(body[kind].get("articles", ())) != 1:
            raise Refused(45008)
        self._or_refuse(user.take_place(self.now()))
        user.sees(
            "customer", {key: value for key, value in body.items() if key != "touser"}, self.now()
        )
        return {}

    def template_send(self, body: Answer) -> Answer:
        user = self._reachable(body)
        if body.get("template_id") not in self.templates:
            raise Refused(40037)
        self._or_refuse(0 if user.follows else 43004)
        user.sees("template", _kept(body, "template_id", "data", "url"), self.now())
        self._number += 1
        return {"msgid": self._number}

    def granted_send(self, body: Answer) -> Answer:
        user = self._reachable(body)
        if body.get("template_id") not in self.templates:
            raise Refused(40037)
        self._or_refuse(user.take_grant(str(body["template_id"])))
        user.sees("granted", _kept(body, "template_id", "data", "page"), self.now())
        return {}

    def menu_create(self, body: Answer) -> Answer:
        buttons = body.get("button", [])
        if not 1 <= len(buttons) <= 3:
            raise Refused(40016)
        for button in buttons:
            below = button.get("sub_button", [])
            if len(below) > 5:
                raise Refused(40023)
            _check_button(button, 16)
            for one in below:
                _check_button(one, 60)
        self.menu = buttons
        return {}

    def menu_get(self, _body: Answer) -> Answer:
        if self.menu is None:
            raise Refused(46003)
        return {"menu": {"button": self.menu}}

    def qrcode_create(self, body: Answer) -> Answer:
        scene = body.get("action_info", {}).get("scene", {}).get("scene_str", "")
        if body.get("action_name") not in {"QR_STR_SCENE", "QR_LIMIT_STR_SCENE"}:
            raise Refused(40152)
        if not 1 <= len(scene) <= 64:
            raise Refused(40053)
        ticket = f"gQ_{secrets.token_urlsafe(24)}=="
        self._scenes[ticket] = scene
        return {"ticket": ticket, "expire_seconds": body.get("expire_seconds", 0)} | {
            "url": f"http://weixin.qq.com/q/{secrets.token_hex(8)}"
        }

    def ticket(self, query: Answer) -> Answer:
        if query.get("type") != "jsapi":
            raise Refused(40097)
        self._tickets += 1
        return {"ticket": f"TICKET-CANARY-{self._tickets}", "expires_in": self.rules.token_seconds}

    def user_info(self, query: Answer) -> Answer:
        user = self._known(query.get("openid"))
        told = {"subscribe": int(user.follows), "openid": user.openid}
        return told | ({"language": user.language} if user.follows else {})

    def visitor(self, query: Answer) -> Answer:
        if (query.get("appid"), query.get("secret")) != (APP_ID, SECRET):
            raise Refused(40125)
        openid = self._codes.pop(str(query.get("code")), None)
        if openid is None:
            raise Refused(40163)  # used, or never given (40029)
        return {"access_token": f"PAGE-CANARY-{openid}", "expires_in": 7200} | {
            "refresh_token": "REFRESH-CANARY", "openid": openid, "scope": "snsapi_base",
        }  # fmt: skip

    def profile(self, query: Answer) -> Answer:
        user = self._known(query.get("openid"))
        if query.get("access_token") != f"PAGE-CANARY-{user.openid}":
            raise Refused(40001)
        return {"openid": user.openid, "nickname": user.name, "headimgurl": ""}

    def _reachable(self, body: Answer) -> User:
        return self._known(body.get("touser"))

    def _known(self, openid: object) -> User:
        user = self.users.get(str(openid))
        if user is None:
            raise Refused(40003)
        return user

    def _or_refuse(self, code: int) -> None:
        if code:
            raise Refused(code)

    def check_token(self, token: str | None) -> None:
        if token is None:
            raise Refused(41001)
        if token not in self._tokens:
            raise Refused(40001)
        if self._tokens[token] <= self.now():
            raise Refused(42001)

    # What people do.

    async def happens(self, fields: dict[str, Any]) -> Told:
        """Somebody did something: the account is told, and what it answers is seen."""
        openid = str(fields.get("FromUserName", ""))
        push: dict[str, Any] = {"at": self.now(), "fields": fields}
        told = await tell(self.webhook, self.rules, {"ToUserName": ORIGINAL_ID, **fields})
        self.pushes.append({**push, "tries": told.tries, "statuses": told.statuses})
        user = self.user(openid)
        if told.answer is None and fields["MsgType"] != "event":
            user.sees("platform", {"text": {"content": OUT_OF_ORDER}}, self.now())
        elif told.answer and told.answer.get("ToUserName") == openid:
            user.sees("passive", told.answer, self.now())
        return told

    def message(self, openid: str, kind: str, **fields: Any) -> dict[str, Any]:
        self.user(openid).did("message", self.rules, self.now())
        self._number += 1
        return {**self._head(openid, kind), **fields, "MsgId": self._number}

    def event(self, openid: str, name: str, *, opens: bool = True, **fields: Any) -> dict[str, Any]:
        if opens:
            self.user(openid).did("event", self.rules, self.now())
        return {**self._head(openid, "event"), "Event": name, **fields}

    def _head(self, openid: str, kind: str) -> dict[str, Any]:
        stamp = int(SystemClock().now().timestamp())
        return {"FromUserName": openid, "CreateTime": stamp, "MsgType": kind}


def _kept(body: Answer, *names: str) -> Answer:
    return {name: body[name] for name in names if name in body}


def _check_button(button: Answer, longest: int) -> None:
    """Vendor's page of menu/create: 16 bytes above, 60 below; a key 128, an address 1024."""
    if not 0 < len(str(button.get("name", "")).encode()) <= longest:
        raise Refused(40018)
    if len(str(button.get("key", "")).encode()) > 128:
        raise Refused(40019)
    if len(str(button.get("url", "")).encode()) > 1024:
        raise Refused(40020)
    if not button.get("sub_button") and button.get("type") not in {
        "click",
        "view",
        "scancode_waitmsg",
    }:
        raise Refused(40017)


def application(platform: Platform) -> web.Application:
    app = web.Application(client_max_size=20 * 1024 * 1024)
    free = {"/cgi-bin/stable_token": platform.stable_token}
    free |= {"/sns/oauth2/access_token": platform.visitor, "/sns/userinfo": platform.profile}
    with_token = {
        "/cgi-bin/message/custom/send": platform.custom_send,
        "/cgi-bin/message/template/send": platform.template_send,
        "/cgi-bin/message/subscribe/bizsend": platform.granted_send,
        "/cgi-bin/menu/create": platform.menu_create,
        "/cgi-bin/menu/get": platform.menu_get,
        "/cgi-bin/qrcode/create": platform.qrcode_create,
        "/cgi-bin/ticket/getticket": platform.ticket,
        "/cgi-bin/user/info": platform.user_info,
    }
    for path, call in (free | with_token).items():
        app.router.add_route("*", path, _answering(platform, call, checked=path in with_token))
    app.router.add_post("/cgi-bin/media/upload", _upload(platform))
    app.router.add_get("/connect/oauth2/authorize", _introduce(platform))
    app.router.add_get("/cgi-bin/showqrcode", _show_code)
    app.router.add_post("/__platform/{what}", _control(platform))
    return app


Handler = Callable[[web.Request], Coroutine[Any, Any, web.Response]]


def _answering(platform: Platform, call: Callable[[Answer], Answer], *, checked: bool) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        query = dict(request.query)
        body = await request.json() if request.method == "POST" else query
        answer = _answer(platform, request.path, query, lambda: call(body), checked=checked)
        platform.calls.append({"path": request.path, "answer": answer.get("errcode", 0)})
        await asyncio.sleep(platform.late.pop(request.path, 0.0))
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
        shown = query.get("access_token", "")
        return {"errcode": refused.code, "errmsg": f"refused, token {shown} rid: 1-2"}


def _upload(platform: Platform) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        form = await request.post()
        part = form.get("media")

        def keep() -> Answer:
            if not isinstance(part, web.FileField):
                raise Refused(41005)
            number = f"media-{secrets.token_hex(4)}"
            return {"type": "image", "media_id": number, "created_at": 1}

        answer = _answer(platform, request.path, dict(request.query), keep, checked=True)
        size = len(part.file.read()) if isinstance(part, web.FileField) else 0
        platform.calls.append({"path": request.path, "bytes": size})
        return web.json_response(answer)

    return handle


def _introduce(platform: Platform) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        """The page that knows who is looking: here the browser says so in a header."""
        names = [name for name, _ in parse_qsl(request.query_string)]
        wanted = ["appid", "redirect_uri", "response_type", "scope", "state"]
        openid = request.headers.get("x-openid", "")
        if names != wanted or request.query["appid"] != APP_ID or not openid:
            return web.Response(status=400)
        code = secrets.token_hex(16)
        platform.user(openid)
        platform._codes[code] = openid
        parts = urlsplit(request.query["redirect_uri"])
        back = [*parse_qsl(parts.query), ("code", code), ("state", request.query["state"])]
        where = urlunsplit(parts._replace(query=urlencode(back)))
        return web.Response(status=302, headers={"location": where})

    return handle


async def _show_code(_request: web.Request) -> web.Response:
    return web.Response(body=_PNG, content_type="image/png")


def _control(platform: Platform) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else {}
        told = await getattr(_Hands(platform), request.match_info["what"])(**body)
        return web.json_response(told)

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
        status, answer = await self.platform.webhook.verify(echo)
        return {"status": status, "answer": answer}

    async def says(self, openid: str, text: str) -> Answer:
        return await self._did(self.platform.message(openid, "text", Content=text))

    async def sends(self, openid: str, kind: str, fields: dict[str, Any]) -> Answer:
        """Any other message: image, voice, location, link …"""
        return await self._did(self.platform.message(openid, kind, **fields))

    async def presses(self, openid: str, key: str) -> Answer:
        return await self._did(self.platform.event(openid, "CLICK", EventKey=key))

    async def scans(self, openid: str, scene: str = "", ticket: str = "") -> Answer:
        """A QR code of ours; who does not follow yet follows by it."""
        scene = scene or self.platform._scenes[ticket]
        user = self.platform.user(openid)
        told = {"EventKey": scene, "Ticket": ticket or "TICKET"}
        if user.follows:
            return await self._did(self.platform.event(openid, "SCAN", **told))
        user.follows = True
        told["EventKey"] = f"qrscene_{scene}"
        return await self._did(self.platform.event(openid, "subscribe", **told))

    async def scans_barcode(self, openid: str, key: str, kind: str, result: str) -> Answer:
        """By a menu button of the kind scancode_waitmsg."""
        info = {"ScanType": kind, "ScanResult": result}
        told = {"EventKey": key, "ScanCodeInfo": info}
        return await self._did(self.platform.event(openid, "scancode_waitmsg", **told))

    async def follows(self, openid: str) -> Answer:
        self.platform.user(openid).follows = True
        return await self._did(self.platform.event(openid, "subscribe", EventKey=""))

    async def unfollows(self, openid: str) -> Answer:
        user = self.platform.user(openid)
        user.follows = False
        user.windows.clear()
        event = self.platform.event(openid, "unsubscribe", opens=False, EventKey="")
        return await self._did(event)

    async def accepts(
        self, openid: str, templates: list[str], refuses: tuple[str, ...] = ()
    ) -> Answer:
        """Taps of a pop-up: a grant for one message each, or none."""
        for template in templates:
            self.platform.user(openid).grants[template] += 1
        given = [(one, "accept") for one in templates] + [(one, "reject") for one in refuses]
        rows = [
            {"TemplateId": one, "SubscribeStatusString": how, "PopupScene": 1} for one, how in given
        ]
        told = {"SubscribeMsgPopupEvent": {"List": rows}}
        event = self.platform.event(openid, "subscribe_msg_popup_event", opens=False, **told)
        return await self._did(event)

    async def raw(self, fields: dict[str, Any]) -> Answer:
        """Told as it is: an odd event, the same MsgId once more."""
        return await self._did(fields)

    async def advance(self, seconds: float) -> Answer:
        self.platform._passed += seconds
        return {"now": self.platform.now()}

    async def rules(self, **changes: Any) -> Answer:
        for name, value in changes.items():
            setattr(self.platform.rules, name, value)
        return asdict(self.platform.rules)

    async def refuse(self, path: str, code: int) -> Answer:
        """The next call of it is refused."""
        self.platform.rules.refused_codes[path] = code
        return {}

    async def dawdle(self, path: str, seconds: float) -> Answer:
        """The next call of it is done, and answered too late."""
        self.platform.late[path] = seconds
        return {}

    async def sets_menu(self, buttons: list[dict[str, Any]] | None) -> Answer:
        """By hand, on the platform's own page."""
        self.platform.menu = buttons
        return {}

    async def kill_tokens(self) -> Answer:
        """As if somebody else had asked for one."""
        self.platform._give_token(force=True)
        return {}

    async def knows(self, openid: str, **about: Any) -> Answer:
        user = self.platform.user(openid)
        for name, value in about.items():
            setattr(user, name, value)
        return {}

    async def journal(self, openid: str, after: int = 0) -> Answer:
        return {"seen": self.platform.user(openid).seen[after:]}

    async def log(self) -> Answer:
        platform = self.platform
        counts = {"tokens_issued": platform._issued, "tickets_issued": platform._tickets}
        return {"calls": platform.calls, "pushes": platform.pushes, "menu": platform.menu, **counts}

    async def _did(self, fields: dict[str, Any]) -> Answer:
        return asdict(await self.platform.happens(fields))


class Remote:
    """The hands, from a test: `remote.says(openid="ann", text="你好")`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = calling.client(base_url=url, timeout=60)

    def __getattr__(self, what: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            answer = self._http.post(f"/__platform/{what}", json=arguments)
            answer.raise_for_status()
            return answer.json()

        return call

    def seen(self, openid: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.journal(openid=openid)["seen"]
        return found

    def close(self) -> None:
        self._http.close()


@contextmanager
def running_platform(**rules: Any) -> Iterator[Remote]:
    with served(application(Platform(Rules(**rules)))) as remote:
        yield remote


@contextmanager
def served(app: web.Application) -> Iterator[Remote]:
    """In a thread of its own, on a free port of this machine."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []

    async def serve() -> web.AppRunner:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        ports.append(runner.addresses[0][1])
        return runner

    def run() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(serve())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(10)
    remote = Remote(f"http://127.0.0.1:{ports[0]}")
    try:
        yield remote
    finally:
        remote.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--speed", type=float, default=1.0)
    options = parser.parse_args()
    app = application(Platform(Rules(speed=options.speed)))
    web.run_app(app, host="127.0.0.1", port=options.port, access_log=None, print=lambda _line: None)


if __name__ == "__main__":
    main()
