"""One way to call other services: time-outs, size limits, https only, nothing secret logged.

Redirects are not followed and the environment's proxies are not used: a call goes where we said.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import httpx

log = logging.getLogger(__name__)
# httpx writes every URL at INFO, tokens in paths included.
logging.getLogger("httpx").setLevel(logging.WARNING)

_TIMEOUT = httpx.Timeout(20.0, connect=5.0)
_LARGEST = 2 * 1024 * 1024  # bytes after decoding: no provider's answer comes near it


class Unreachable(Exception):
    """No answer, or none we may read: whether the other side acted is not known."""


class ForbiddenHost(Exception):
    """A host that this client was not made for."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """`content` is the bytes that were signed: they are sent as they are."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes = b""

    def __repr__(self) -> str:  # headers carry keys, paths carry tokens
        return f"Request({self.method} {httpx.URL(self.url).host})"


class Caller:
    """A client for a few known hosts. `transport` is where a test puts its own other side."""

    def __init__(
        self,
        hosts: Collection[str],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        largest: int = _LARGEST,
    ) -> None:
        self._hosts = frozenset(hosts)
        self._largest = largest
        self._client = httpx.AsyncClient(
            timeout=_TIMEOUT, follow_redirects=False, trust_env=False, transport=transport
        )

    async def send(self, request: Request) -> Reply:
        """One try: whoever holds the idempotency key decides about another."""
        self._refuse_foreign(httpx.URL(request.url))
        try:
            return await self._read(request)
        except httpx.HTTPError as error:
            log.warning("%r: %s", request, type(error).__name__)
            raise Unreachable(type(error).__name__) from None

    async def close(self) -> None:
        await self._client.aclose()

    async def _read(self, request: Request) -> Reply:
        async with self._client.stream(
            request.method, request.url, headers=request.headers, content=request.content
        ) as answer:
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > self._largest:
                    raise Unreachable("answer_too_large")
            return Reply(answer.status_code, dict(answer.headers), bytes(body))

    def _refuse_foreign(self, url: httpx.URL) -> None:
        if url.scheme != "https" or url.host not in self._hosts or url.port is not None:
            raise ForbiddenHost(url.host)
