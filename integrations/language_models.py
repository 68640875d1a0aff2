"""Any service that speaks the chat completions of OpenAI, asked for one JSON object.

The address is the operator's own setting, so it may be on this machine. One try, one deadline for
all of it, so many bytes; what fails again and again, or asks for a pause, is left alone for a
while. Nothing of what is sent or answered is logged.
"""

import asyncio
import json
import logging
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from threading import Lock
from typing import Any

import httpx
from pydantic import BaseModel, Field, ValidationError

log = logging.getLogger(__name__)

_DEADLINE = 6.0  # seconds; somebody waits, and the answer without a model is ready
_LARGEST = 64 * 1024  # bytes; an answer of the longest kind has one of them
_MOST_TOKENS = 400  # of an answer
_FAILURES, _PAUSE = 5, 60.0  # so many in a row, and nobody is asked for so many seconds
_LONGEST_PAUSE = 3600.0  # whatever Retry-After says
_PAUSES = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_PER_TOKEN = 2  # letters at least: the worst case of a prompt in Chinese and JSON


class Unanswered(Exception):
    """No answer that may be used. The reason is a code, never what the other side wrote."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The JSON object, and the tokens that the service counted, if it said so."""

    content: Mapping[str, Any]
    tokens: int | None


class _Message(BaseModel):
    content: str


class _Choice(BaseModel):
    message: _Message


class _Usage(BaseModel):
    total_tokens: int = Field(ge=0, le=1_000_000)


class _Envelope(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


class ChatCompletions:
    """One model at one address; calls from several threads share the pause."""

    def __init__(
        self,
        url: str,
        name: str,
        key: str = "",
        *,
        deadline: float = _DEADLINE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._headers = {"accept": "application/json", "accept-encoding": "identity"}
        if key:
            self._headers["authorization"] = f"Bearer {key}"
        self._deadline = deadline
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._resting_until = 0.0

    @property
    def is_resting(self) -> bool:
        """It asked for a pause, or failed too often just now."""
        return self._clock() < self._resting_until

    def cost(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> int:
        """The most tokens that this may take, before anybody has counted."""
        return len(self._body(messages, schema)) // _PER_TOKEN + _MOST_TOKENS

    def complete(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]
    ) -> Completed:
        """Blocks until there is an answer or the deadline has passed; Unanswered says why not."""
        if self.is_resting:
            raise Unanswered("resting")
        try:
            completed = asyncio.run(self._ask(self._body(messages, schema)))
        except Unanswered as reason:
            self._failed(str(reason))
            raise
        except (httpx.HTTPError, TimeoutError) as error:
            self._failed(type(error).__name__)
            raise Unanswered(type(error).__name__) from None
        with self._lock:
            self._failures = 0
        return completed

    def _body(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> bytes:
        wanted = {"name": "understood", "strict": True, "schema": schema}
        asked = {
            "model": self.name,
            "messages": list(messages),
            "temperature": 0,
            "max_tokens": _MOST_TOKENS,
            "response_format": {"type": "json_schema", "json_schema": wanted},
        }
        return json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()

    async def _ask(self, body: bytes) -> Completed:
        async with (
            asyncio.timeout(self._deadline),
            httpx.AsyncClient(
                timeout=self._deadline,
                follow_redirects=False,
                trust_env=False,
                verify=_certificates(),
            ) as client,
            client.stream(
                "POST",
                self._url,
                headers={**self._headers, "content-type": "application/json"},
                content=body,
            ) as answer,
        ):
            if answer.status_code != HTTPStatus.OK:
                self._rest_as_told(answer)
                raise Unanswered(f"status_{answer.status_code}")
            return _completed(await _read(answer))

    def _rest_as_told(self, answer: httpx.Response) -> None:
        told = answer.headers.get("retry-after", "")
        if answer.status_code in _PAUSES:
            self._rest(float(told) if told.isascii() and told.isdigit() else _PAUSE)

    def _failed(self, reason: str) -> None:
        log.warning("language model: %s", reason)
        with self._lock:
            self._failures += 1
            broken = self._failures >= _FAILURES
        if broken:
            self._rest(_PAUSE)

    def _rest(self, seconds: float) -> None:
        until = self._clock() + min(seconds, _LONGEST_PAUSE)
        with self._lock:
            self._resting_until = max(self._resting_until, until)


@cache
def _certificates() -> ssl.SSLContext:
    """Read once: it takes a tenth of a second (measured), and a call has a client of its own."""
    return httpx.create_ssl_context()


async def _read(answer: httpx.Response) -> bytes:
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise Unanswered("encoding")  # we asked for plain bytes: nothing is unpacked
    body = bytearray()
    async for part in answer.aiter_raw():
        body += part
        if len(body) > _LARGEST:
            raise Unanswered("answer_too_large")
    return bytes(body)


def _completed(body: bytes) -> Completed:
    try:
        envelope = _Envelope.model_validate_json(body)
        content = json.loads(envelope.choices[0].message.content)
    except (ValidationError, ValueError, RecursionError):
        raise Unanswered("no_json") from None
    if not isinstance(content, dict):
        raise Unanswered("no_object")
    return Completed(content, envelope.usage.total_tokens if envelope.usage else None)
