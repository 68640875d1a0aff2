"""How WeChat is asked: with the shared token, once, and once more after a dead token.

`Unreachable` means that it is not known whether WeChat did it: a message may have been sent.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import urlencode

import httpx
from pydantic import BaseModel, ValidationError

from data.delivery.channel_tokens import Kept
from data.delivery.token_models import TokenKind
from integrations.egress import Egress
from integrations.http import Caller, Reply, Request, Unreachable
from integrations.wechat_errors import (
    NoPermission,
    NotSubscribed,
    QuotaReached,
    TokenExpired,
    WeChatError,
    WindowClosed,
)
from integrations.wechat_shapes import App, Errcode, Token
from integrations.wechat_tokens import Fresh, SharedTokens

# A call, a new token (asked for twice at the worst), the call again: within the courier's 25 s.
_DEADLINE = 4.0
_LARGEST = 256 * 1024  # bytes; a menu is the longest answer that we read
_OK = 200
_JSON = "application/json"
WECHAT_CODES: Mapping[int, type[WeChatError]] = {
    40001: TokenExpired,
    42001: TokenExpired,
    43004: NotSubscribed,
    45009: QuotaReached,
    45015: WindowClosed,
    45047: WindowClosed,
    48001: NoPermission,
}
Answer = TypeVar("Answer", bound=BaseModel)


class Line:
    """To one account's side of the platform. Nothing is connected before the first call."""

    codes = WECHAT_CODES
    largest = _LARGEST

    def __init__(
        self, app: App, tokens: SharedTokens, *, api: str, egress: Egress | None = None
    ) -> None:
        self.app = app
        self.tokens = tokens
        self.api = api.rstrip("/")
        self._caller = Caller(
            [httpx.URL(api).host],
            egress=egress,
            timeout=httpx.Timeout(_DEADLINE),
            largest=self.largest,
        )

    async def close(self) -> None:
        await self._caller.close()

    async def tell(self, path: str, body: object, answer: type[Answer]) -> Answer:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return parsed(await self.authorised("POST", path, {}, content), answer)

    async def look(self, path: str, query: dict[str, str], answer: type[Answer]) -> Answer:
        return parsed(await self.authorised("GET", path, query), answer)

    async def ask_page(self, path: str, query: dict[str, str], answer: type[Answer]) -> Answer:
        """About a visitor of our pages: these calls have tokens of their own."""
        return parsed(await self.call("GET", f"{self.api}/sns/{path}", query), answer)

    async def authorised(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        content: bytes = b"",
        content_type: str = _JSON,
    ) -> bytes:
        """With the shared token; a dead one is renewed once, and the call made once more. WeChat
        has done nothing when it refuses a token, so nothing happens twice."""
        url = f"{self.api}/cgi-bin/{path}"
        kept = await self.tokens.token(TokenKind.ACCESS, self.ask_token)
        try:
            return await self.call(
                method, url, query | {"access_token": kept.token}, content, content_type
            )
        except TokenExpired:
            kept = await self._instead_of(kept)
        return await self.call(
            method, url, query | {"access_token": kept.token}, content, content_type
        )

    async def _instead_of(self, dead: Kept) -> Kept:
        async def ask() -> Fresh:
            """The platform gives the same one again while it takes it to be good: then by force,
            which it allows twenty times a day."""
            fresh = await self.ask_token()
            return await self.ask_token(force=True) if fresh.token == dead.token else fresh

        return await self.tokens.instead_of(dead, TokenKind.ACCESS, ask)

    async def ask_token(self, *, force: bool = False) -> Fresh:
        wanted = {"grant_type": "client_credential", "appid": self.app.id}
        wanted |= {"secret": self.app.secret}
        body = json.dumps({**wanted, "force_refresh": force}).encode()
        answer = await self.call("POST", f"{self.api}/cgi-bin/stable_token", {}, body)
        token = parsed(answer, Token)
        return Fresh(token.access_token, token.expires_in)

    async def call(
        self,
        method: str,
        url: str,
        query: dict[str, str],
        content: bytes = b"",
        content_type: str = _JSON,
    ) -> bytes:
        full = f"{url}?{urlencode(query)}" if query else url
        headers = {"content-type": content_type} if content else {}
        try:
            async with asyncio.timeout(_DEADLINE):
                reply = await self._caller.send(Request(method, full, headers, content))
        except TimeoutError:
            raise Unreachable("deadline") from None
        return self._accepted(reply)

    def _accepted(self, reply: Reply) -> bytes:
        """The answer, if it did what was asked; it says 200 to everything it has understood."""
        if reply.status != _OK:
            raise Unreachable(f"status_{reply.status}")
        code = parsed(reply.body, Errcode).errcode
        if code:
            raise self.codes.get(code, WeChatError)(code)
        return reply.body


def parsed(body: bytes, model: type[Answer]) -> Answer:
    """pydantic's own error shows what it read: that may be a token, so it is not passed on."""
    try:
        # A message may hold half an emoji, which pydantic's own reader takes to be no JSON at all.
        return model.model_validate(json.loads(body))
    except (ValidationError, ValueError, RecursionError):
        raise Unreachable("no_answer") from None
