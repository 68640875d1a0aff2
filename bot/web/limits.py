"""Body limits, counted as bytes arrive: a server framework takes 50 MB without a word (T24)."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

KIB = 1024
# From docs/architecture.md, "limits": chat 64 KiB, form 256 KiB, webhook 1 MiB, import 20 MB.
DEFAULT_LIMIT = 256 * KIB


Note = Callable[[Scope], Awaitable[None]]


class BodyLimit:
    """Refuses a request with 413 once its body is longer than its route's limit. `note` hears of
    each before it is answered, for its route never sees all of it."""

    def __init__(self, app: ASGIApp, limits: Mapping[str, int], note: Note) -> None:
        self._app = app
        self._note = note
        self._limits = sorted(limits.items(), key=lambda item: -len(item[0]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        if _declared(scope) > limit:
            await self._refuse(scope, send)
            return
        body = _CountedBody(receive, send, limit)
        try:
            await self._app(scope, body.receive, body.send)
        except Exception:
            if not body.too_long:
                raise
        if body.too_long:
            await self._refuse(scope, send)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        await self._note(scope)
        body = b'{"error":"error_too_much"}'
        headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _limit(self, path: str) -> int:
        for prefix, limit in self._limits:
            if path.startswith(prefix):
                return limit
        return DEFAULT_LIMIT


class _CountedBody:
    """Counts what arrives; past the limit the application sees a disconnect and says no more."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._left = limit
        self.too_long = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.too_long = True
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if not self.too_long:
            await self._send(message)


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
