"""Calls of Stripe's API: forms out, JSON back, and what a refusal proves.

ProviderRefused (Refusal)   Stripe understood, and this call did nothing
ProviderUnreachable         it may have acted: silence, 429, 5xx, nonsense, and conflicts about
                            the key, which tell of an earlier call and nothing of what came of it
"""

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, Field, ValidationError

from data.payments.gateway import ProviderRefused, ProviderUnreachable
from integrations.http import Reply, Request
from integrations.payments.kinds import Wiring
from integrations.payments.line import Line

ADDRESS = "https://api.stripe.com"
VERSION = "2026-10-28.endive"  # of the official SDK that our tests compare us with
_OK, _REFUSED, _CONFLICT = 200, 400, 409
_KEY_REUSED = "idempotency_error"  # 400: these words are not those that the key came with first
_FORM = "application/x-www-form-urlencoded"
_Shape = TypeVar("_Shape", bound=BaseModel)
_NOTHING: Mapping[str, str] = {}


class Problem(BaseModel):
    type: str = ""
    code: str | None = None


class Failure(BaseModel):
    error: Problem = Field(default_factory=Problem)


class Refusal(ProviderRefused):
    """`status`: 401 the key is not good, 403 it may not do that, 404 there is no such thing."""

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(problem.code or problem.type or f"status_{status}")
        self.status = status
        self.code = problem.code or ""


class StripeLine:
    """One account's calls."""

    def __init__(self, wiring: Wiring, api_key: str) -> None:
        self._line = Line(wiring, ADDRESS)
        self._headers = {"authorization": f"Bearer {api_key}", "stripe-version": VERSION}

    async def get(
        self, shape: type[_Shape], path: str, asked: Mapping[str, str] = _NOTHING
    ) -> _Shape:
        query = f"?{urlencode(asked)}" if asked else ""
        reply = await self._send(Request("GET", self._url(path) + query, self._headers))
        return _read(shape, reply.body)

    async def post(
        self,
        shape: type[_Shape],
        path: str,
        told: Mapping[str, str] = _NOTHING,
        *,
        key: str | None = None,
    ) -> tuple[_Shape, bool]:
        """What it says now, and whether that is only the first answer to this key, once more."""
        headers = {**self._headers, "content-type": _FORM}
        if key is not None:
            headers["idempotency-key"] = key
        content = urlencode(told).encode()
        reply = await self._send(Request("POST", self._url(path), headers, content))
        return _read(shape, reply.body), reply.headers.get("idempotent-replayed") == "true"

    async def delete(self, path: str) -> None:
        await self._send(Request("DELETE", self._url(path), self._headers))

    def _url(self, path: str) -> str:
        return f"{self._line.address}{path}"

    async def _send(self, request: Request) -> Reply:
        reply = await self._line.send(request)
        if reply.status >= _REFUSED:
            _refuse(reply)
        if reply.status != _OK:
            raise ProviderUnreachable(f"status_{reply.status}")
        return reply


def _refuse(reply: Reply) -> None:
    try:
        problem = Failure.model_validate_json(reply.body).error
    except ValidationError:
        raise ProviderUnreachable(f"status_{reply.status}") from None  # not Stripe's own words
    if reply.status == _CONFLICT or problem.type == _KEY_REUSED:
        raise ProviderUnreachable(problem.code or problem.type or "conflict")
    raise Refusal(reply.status, problem)


def _read(shape: type[_Shape], body: bytes) -> _Shape:
    try:
        return shape.model_validate_json(body)
    except ValidationError:
        raise ProviderUnreachable("form") from None
