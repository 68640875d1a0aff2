"""Calls of PayPal's REST API: JSON both ways, a token that is renewed in time, refusals by name.

ProviderUnreachable
└── Refusal   PayPal answered and refused this call. What that proves (its own earlier deed may
              stand in its way) only the verb knows: until it says so, it is a doubt.
"""

import base64
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from data.payments.gateway import ProviderUnreachable
from integrations.http import Reply, Request
from integrations.payments.kinds import Mode, Wiring
from integrations.payments.line import Line

log = logging.getLogger(__name__)
ADDRESSES = {
    Mode.LIVE: "https://api-m.paypal.com",
    Mode.SANDBOX: "https://api-m.sandbox.paypal.com",
}
_MARGIN = timedelta(minutes=2)  # of a token that lives some nine hours
_NOT_OK, _TOKEN_REFUSED = 300, 401
_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,80}")
_JSON = {"content-type": "application/json", "prefer": "return=representation"}
_Shape = TypeVar("_Shape", bound=BaseModel)


class Token(BaseModel):
    access_token: str
    expires_in: int = Field(ge=0, le=31_536_000)


class Detail(BaseModel):
    issue: str = ""


class Problem(BaseModel):
    """`error`: of the door that gives tokens, which speaks OAuth 2."""

    name: str = ""
    error: str = ""
    debug_id: str = ""
    details: list[Detail] = Field(default_factory=list)


class Refusal(ProviderUnreachable):
    """`issue`: PayPal's own name for what is wrong, and `str()` of this."""

    def __init__(self, status: int, issue: str) -> None:
        super().__init__(issue)
        self.status = status
        self.issue = issue


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str = field(repr=False)
    until: datetime


class PayPalLine:
    """One account's calls. The token is one reference, replaced as a whole: two threads or event
    loops that find it stale at once each fetch one, and either is good."""

    def __init__(self, wiring: Wiring, mode: Mode, client_id: str, client_secret: str) -> None:
        self._line = Line(wiring, ADDRESSES[mode])
        self._clock = wiring.clock
        known = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._basic = f"Basic {known}"
        self._kept: _Kept | None = None

    async def get(self, shape: type[_Shape], path: str) -> _Shape:
        return read(shape, await self._call("GET", path, {}, b""))

    async def post(
        self, shape: type[_Shape], path: str, told: Mapping[str, Any], *, key: str
    ) -> _Shape:
        """`key`: PayPal answers the same to the same one, and acts once."""
        return read(shape, await self._post(path, told, key))

    async def command(self, path: str, *, key: str) -> None:
        """Something whose answer may be empty."""
        await self._post(path, {}, key)

    async def prove(self) -> None:
        """A token of its own for these credentials. Refusal: they are not taken."""
        await self._fetch()

    async def _post(self, path: str, told: Mapping[str, Any], key: str) -> Reply:
        headers = {**_JSON, "paypal-request-id": key}
        return await self._call("POST", path, headers, json.dumps(told).encode())

    async def _call(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes
    ) -> Reply:
        token = await self._token()
        reply = await self._send(method, path, {**headers, **_bearer(token)}, content)
        if reply.status == _TOKEN_REFUSED:  # taken back before its time: once more with another
            token = await self._token(stale=token)
            reply = await self._send(method, path, {**headers, **_bearer(token)}, content)
        return _granted(reply)

    async def _token(self, stale: str = "") -> str:
        kept = self._kept
        if kept is None or kept.token == stale or self._clock.now() >= kept.until:
            kept = self._kept = await self._fetch()
        return kept.token

    async def _fetch(self) -> _Kept:
        headers = {
            "authorization": self._basic,
            "content-type": "application/x-www-form-urlencoded",
        }
        now = self._clock.now()
        reply = await self._send(
            "POST", "/v1/oauth2/token", headers, b"grant_type=client_credentials"
        )
        told = read(Token, _granted(reply))
        return _Kept(told.access_token, now + timedelta(seconds=told.expires_in) - _MARGIN)

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes
    ) -> Reply:
        return await self._line.send(
            Request(method, f"{self._line.address}{path}", headers, content)
        )


def read(shape: type[_Shape], reply: Reply) -> _Shape:
    """ProviderUnreachable: nobody can tell what it says."""
    try:
        return shape.model_validate_json(reply.body)
    except ValidationError:
        raise ProviderUnreachable("answer_unreadable") from None


def _granted(reply: Reply) -> Reply:
    if reply.status < _NOT_OK:
        return reply
    try:
        problem = Problem.model_validate_json(reply.body)
    except ValidationError:
        problem = Problem()
    named = [*(one.issue for one in problem.details), problem.name, problem.error]
    issue = next((one for one in named if _CODE.fullmatch(one)), f"status_{reply.status}")
    # PayPal's support asks for the debug id; nothing else of what was said is written down.
    debug_id = problem.debug_id if _CODE.fullmatch(problem.debug_id) else ""
    log.warning("paypal %s: %s %s", reply.status, issue, debug_id)
    raise Refusal(reply.status, issue)


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
