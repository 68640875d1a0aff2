"""A merchant's own action server: the call of rasa-sdk's contract, signed, to where they said.

Every call carries its idempotency key and an HMAC-SHA256 over its moment and its bytes, so that
the other side can tell ours from a forged or a repeated one (T20; docs/actions.md shows how).
Nothing that comes back is believed here: dialogs/actions/answers.py reads it.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any

import httpx

from integrations.egress import HTTPS, Egress, ForbiddenHost
from integrations.http import Caller, Reply, Request, Unreachable

SECONDS = 5.0  # for one try, connecting included; and
LARGEST = 1024 * 1024  # bytes of an answer (security design, T18)
_NO_DOMAIN = 449  # rasa-sdk asks for the domain, which it has: a hiccup of its own


class Problem(StrEnum):
    """Why there is no answer, in the words of dialogs/actions/contract.py."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    FORBIDDEN = "forbidden"
    REFUSED = "refused"
    UNKNOWN_ACTION = "unknown_action"
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"


class NoAnswer(Exception):
    """`detail` is a status or the like, never what the other side wrote."""

    def __init__(self, problem: Problem, detail: str = "") -> None:
        super().__init__(problem, detail)
        self.problem = problem
        self.detail = detail


@dataclass(frozen=True, slots=True)
class ActionServer:
    """`url` is its webhook, as Rasa's endpoints.yml has it."""

    url: str
    secret: str
    egress: Egress = Egress()  # noqa: RUF009  # frozen: the open internet and nothing else

    def __repr__(self) -> str:
        return f"ActionServer({httpx.URL(self.url).host})"

    async def call(self, payload: Mapping[str, Any], *, key: str, now: datetime) -> object:
        """One try; the answer as it came, parsed from JSON."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"content-type": "application/json", "idempotency-key": key}
        signed = {**headers, **signature(self.secret, body, now)}
        return _read(await self._send(Request("POST", self.url, signed, body)))

    async def offered(self, *, now: datetime) -> frozenset[str]:
        """The names of the actions it says it has."""
        url = str(httpx.URL(self.url).join("actions"))
        found = _read(await self._send(Request("GET", url, signature(self.secret, b"", now))))
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise NoAnswer(Problem.UNREADABLE)
        return frozenset(str(one.get("name")) for one in found)

    async def _send(self, request: Request) -> Reply:
        caller = Caller([httpx.URL(self.url).host], egress=self.egress, largest=LARGEST)
        try:
            async with asyncio.timeout(SECONDS):
                return await caller.send(request)
        except TimeoutError:
            raise NoAnswer(Problem.TIMEOUT) from None
        except ForbiddenHost:
            raise NoAnswer(Problem.FORBIDDEN) from None
        except Unreachable as error:
            raise NoAnswer(_LOST.get(str(error), Problem.UNREACHABLE), str(error)) from None
        finally:
            await caller.close()


def may_be_called(url: str, egress: Egress) -> bool:
    """As far as the address alone tells; where a name leads is looked at each time."""
    try:
        parsed = httpx.URL(url)
        egress.look_at(parsed)
    except (httpx.InvalidURL, ForbiddenHost, UnicodeError):  # half a character, no Punycode
        return False
    leads_out = _is_name(parsed.host) or egress.may_reach(ip_address(parsed.host), HTTPS)
    return leads_out and not parsed.fragment and (parsed.port is None or bool(egress.allowed))


def _is_name(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return True
    return False


def signature(secret: str, body: bytes, now: datetime) -> dict[str, str]:
    """Over the moment too: an old call that somebody kept is told by it."""
    moment = str(int(now.timestamp()))
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"tuanzi-timestamp": moment, "tuanzi-signature": f"v1={digest}"}


_LOST = {
    "answer_too_large": Problem.TOO_LARGE,
    "encoding": Problem.UNREADABLE,
    "ReadTimeout": Problem.TIMEOUT,
    "ConnectTimeout": Problem.TIMEOUT,
}
_SAID: Mapping[int, Problem] = {
    HTTPStatus.BAD_REQUEST: Problem.REFUSED,
    HTTPStatus.NOT_FOUND: Problem.UNKNOWN_ACTION,
    HTTPStatus.TOO_MANY_REQUESTS: Problem.UNREACHABLE,
    _NO_DOMAIN: Problem.UNREACHABLE,
}


def _read(reply: Reply) -> object:
    if reply.status != HTTPStatus.OK:
        others = (
            Problem.UNREACHABLE
            if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            else Problem.BROKEN
        )
        raise NoAnswer(_SAID.get(reply.status, others), str(reply.status))
    try:
        return json.loads(reply.body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise NoAnswer(Problem.UNREADABLE) from None


def _refuse(constant: str) -> None:
    """NaN and Infinity are no JSON."""
    raise ValueError(constant)
