"""A request whose transaction PostgreSQL ended, because two waited for each other, is made again.

Nothing of it was kept, nobody has heard an answer, and what a browser may send twice our pages bear
twice anyway. A long body is not kept for that, nor an answer that has begun taken back.
"""

from collections.abc import MutableMapping
from typing import Any

from sqlalchemy.exc import DBAPIError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.limits import KIB
from data.kernel.database import TRIES, crossed

_KEPT = 64 * KIB  # a form's; uploads and imports are longer


class MadeAgain:
    """Around the routes, within the limits: what is repeated was let in already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(receive, send)
        for left in reversed(range(TRIES)):
            try:
                await self._app(dict(scope), request.receive, request.send)
            except DBAPIError as error:
                if not (left and crossed(error) and request.rewind()):
                    raise
            else:
                return


class _Request:
    """What arrived so far is remembered, and whether anything was said."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._heard: list[Message] = []
        self._next = 0
        self._size = 0
        self._answered = False

    async def receive(self) -> Message:
        if self._next < len(self._heard):
            self._next += 1
            return self._heard[self._next - 1]
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size <= _KEPT:
            self._heard.append(message)
            self._next += 1
        return message

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self._answered = True
        await self._send(message)

    def rewind(self) -> bool:
        """From the beginning; False where that is not kept, or where an answer has begun."""
        self._next = 0
        return self._size <= _KEPT and not self._answered
