"""Security headers on every answer, errors too; a page may bring a policy of its own."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Console, demo: our own scripts and styles, nothing inline, nobody may frame us (T21, T43).
APP_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Pay page: no script at all. Chromium blocks a form's redirect to a provider unless named here.
PAY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Handing over inside WeChat: one script of ours that calls WeChat's bridge.
BRIDGE_POLICY = f"{PAY_POLICY}; script-src 'self'"
# Opened inside Telegram, whose web version frames it: it shows nothing of anybody, and leads on in
# a tab of its own there.
VISIT_POLICY = APP_POLICY.replace("ancestors 'none'", "ancestors https://web.telegram.org")
# Page of a shared team: the picture of a WeChat code, and in WeChat alone its script for sharing.
SHARE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https://mp.weixin.qq.com; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
WECHAT_SHARE_POLICY = f"{SHARE_POLICY}; script-src 'self' https://res.wx.qq.com"
_ALWAYS = {
    "Content-Security-Policy": APP_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # `no-referrer` would turn a form's Origin into `null` and break the CSRF check.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_PRIVATE_PATHS = (
    "/pay/",
    "/visit/",
    "/my-data/",
    "/g/",
    "/c/",
    "/wechat/",
    "/console",
    "/api/",
    "/webhooks/",
    "/webchat/",
)
_POLICY, _NO_FRAME = b"content-security-policy", b"x-frame-options"
_NOBODY = b"frame-ancestors 'none'"


Pairs = list[tuple[bytes, bytes]]


def _raw(headers: dict[str, str]) -> Pairs:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


_PUBLIC_PAIRS, _PRIVATE_PAIRS = _raw(_ALWAYS), _raw({**_ALWAYS, **_PRIVATE})


def _framed(brought: Pairs) -> set[bytes]:
    """A page whose own policy names who may frame it is not forbidden to all of them at once."""
    policies = [value for name, value in brought if name.lower() == _POLICY]
    return {_NO_FRAME} if any(_NOBODY not in policy for policy in policies) else set()


class SecurityHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        private = scope["path"].startswith(_PRIVATE_PATHS)
        ours = _PRIVATE_PAIRS if private else _PUBLIC_PAIRS

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                brought = list(message.get("headers", ()))
                there = {name.lower() for name, _ in brought} | _framed(brought)
                message["headers"] = [*brought, *(pair for pair in ours if pair[0] not in there)]
            await send(message)

        await self._app(scope, receive, with_headers)
