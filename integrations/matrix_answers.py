"""What a homeserver answers, and the ways it says no.

HomeserverError
├── Away            no answer, or none that can be read: whether it acted is not known
│   └── TooLarge    more than we read; asking for less may help
├── TooFast         again after `seconds`
├── Forbidden       not in this room, or no right to do this there
├── UnknownToken    logged out, or never one of theirs
└── Refused         it will never take this; `code` is its errcode
"""

import asyncio
import json
from typing import Any

from integrations.http import Reply

Json = dict[str, Any]
_LONGEST_WAIT, _USUAL_WAIT = 600.0, 1.0  # seconds
_TOO_MANY, _OUR_FAULT, _THEIR_FAULT = 429, 400, 500


class HomeserverError(Exception):
    """See above; the text is a code."""


class Away(HomeserverError):
    pass


class TooLarge(Away):
    pass


class TooFast(HomeserverError):
    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.1f}s")
        self.seconds = seconds


class Forbidden(HomeserverError):
    pass


class UnknownToken(HomeserverError):
    pass


class Refused(HomeserverError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def read(reply: Reply) -> Json:
    """Its object, or raises. It may be large, so it is taken apart beside the loop."""
    try:
        answer = await asyncio.to_thread(_parsed, reply.body)
    except (ValueError, RecursionError):
        answer = None
    if reply.status >= _OUR_FAULT:
        raise _problem(reply, answer if isinstance(answer, dict) else {})
    if not isinstance(answer, dict):
        raise Away("answer")
    return answer


def _parsed(body: bytes) -> Any:
    """NaN and Infinity are no JSON; where a server passes one on, only its place is empty."""
    return json.loads(body or b"{}", parse_constant=lambda _: None)


def _problem(reply: Reply, answer: Json) -> HomeserverError:
    told = answer.get("errcode")
    code = told if isinstance(told, str) and told.isidentifier() else str(reply.status)
    if reply.status == _TOO_MANY or code == "M_LIMIT_EXCEEDED":
        return TooFast(_seconds(reply, answer))
    if code in ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED"):
        return UnknownToken(code)
    if code == "M_FORBIDDEN":
        return Forbidden(code)
    return Away(code) if reply.status >= _THEIR_FAULT else Refused(code[:64])


def _seconds(reply: Reply, answer: Json) -> float:
    """`retry_after_ms` in the body, or the header of HTTP that takes its place since v1.10."""
    told = answer.get("retry_after_ms")
    if isinstance(told, int | float) and not isinstance(told, bool):
        seconds = min(told, _LONGEST_WAIT * 1000) / 1000  # first: told may be more than a float
    else:
        header = reply.headers.get("retry-after", "")
        seconds = float(header) if header.isdecimal() else _USUAL_WAIT
    return min(max(seconds, 0.1), _LONGEST_WAIT)


def string(answer: Json, name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise Away(f"no {name}")
    return value


def listed(answer: Json, name: str) -> list[Any]:
    """Nothing, where it is no list."""
    value = answer.get(name)
    return value if isinstance(value, list) else []
