"""One way to call other services: time-outs, size limits, https only, nothing secret logged.

Redirects are not followed and the environment's proxies are not used: a call goes where we said,
and only to the open internet (egress.py).
"""

import logging
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import httpx

from integrations.egress import Egress, ForbiddenHost, GuardedTransport

__all__ = ["Caller", "ForbiddenHost", "Reply", "Request", "Unreachable"]

log = logging.getLogger(__name__)
# httpx writes every URL at INFO, tokens in paths included.
logging.getLogger("httpx").setLevel(logging.WARNING)

_TIMEOUT = httpx.Timeout(20.0, connect=5.0)
_LARGEST = 2 * 1024 * 1024  # bytes after decoding: no provider's answer comes near it
# We ask for plain bytes; who packs them all the same is unpacked no further than we would read.
_PLAIN = {"accept-encoding": "identity"}
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class Unreachable(Exception):
    """No answer, or none we may read: whether the other side acted is not known."""


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
        egress: Egress | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = _TIMEOUT,
        largest: int = _LARGEST,
    ) -> None:
        self._hosts = frozenset(hosts)
        self._egress = egress or Egress()
        self._largest = largest
        self._client = httpx.AsyncClient(
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            transport=transport or GuardedTransport(self._egress),
        )

    async def send(self, request: Request) -> Reply:
        """One try: whoever holds the idempotency key decides about another."""
        self._refuse_foreign(request.url)
        try:
            return await self._read(request)
        except (httpx.HTTPError, zlib.error) as error:
            log.warning("%r: %s", request, type(error).__name__)
            raise Unreachable(type(error).__name__) from None

    async def close(self) -> None:
        await self._client.aclose()

    async def _read(self, request: Request) -> Reply:
        headers = {**_PLAIN, **request.headers}
        async with self._client.stream(
            request.method, request.url, headers=headers, content=request.content
        ) as answer:
            body, came = bytearray(), 0
            unpack = _unpacking(answer.headers.get("content-encoding", ""))
            async for part in answer.aiter_raw():
                came += len(part)  # what is behind a packed answer unpacks to nothing
                body += unpack.decompress(part, self._largest + 1 - len(body)) if unpack else part
                if max(came, len(body)) > self._largest:
                    raise Unreachable("answer_too_large")
            return Reply(answer.status_code, dict(answer.headers), bytes(body))

    def _refuse_foreign(self, address: str) -> None:
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL:
            raise ForbiddenHost(address) from None
        self._egress.look_at(url)
        if url.host not in self._hosts or (url.port is not None and not self._egress.allowed):
            raise ForbiddenHost(url.host)


def _unpacking(encoding: str) -> "zlib._Decompress | None":
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(_GZIP_OR_ZLIB)
    raise Unreachable("encoding")
