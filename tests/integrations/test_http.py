"""The one client: goes only where it may, reads only so much, tells logs nothing."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator

import httpx
import pytest

from integrations.http import Caller, ForbiddenHost, Reply, Request, Unreachable

HOST = "api.example.com"
SECRET = "sk_live_CANARY"


def test_it_sends_the_very_bytes_and_brings_the_answer_back() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(201, content=_parts(request.content), headers={"x-kept": "1"})

    reply = _send(answer, content=b'{"a": 1}')
    assert (reply.status, reply.body, reply.headers["x-kept"]) == (201, b'{"a": 1}', "1")


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/",
        "https://evil.example.com/",
        f"https://{HOST}:8443/",
        f"https://{HOST}@evil.example.com/",
        "https://127.0.0.1/",
        "file:///etc/passwd",
    ],
)
def test_it_goes_only_to_its_hosts_by_https(url: str) -> None:
    with pytest.raises(ForbiddenHost):
        _send(lambda _: httpx.Response(200), url=url)


def test_it_does_not_follow_a_redirect() -> None:
    location = {"location": "https://evil.example.com/"}
    moved = httpx.Response(302, headers=location, content=_parts(b""))
    assert _send(lambda _: moved).status == 302


def test_it_stops_reading_an_answer_without_end() -> None:
    with pytest.raises(Unreachable, match="answer_too_large"):
        _send(lambda _: httpx.Response(200, content=_parts(b"x" * 2000)))


def test_t18_what_comes_behind_a_packed_answer_is_not_collected() -> None:
    """It unpacks to nothing, so the unpacked bytes alone would never be too many."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield gzip.compress(b"{}")
        while sent < 100_000:
            sent += 100
            yield b"x" * 100

    packed = {"content-encoding": "gzip"}
    with pytest.raises(Unreachable, match="answer_too_large"):
        _send(lambda _: httpx.Response(200, headers=packed, content=endless()))
    assert sent < 2000


def test_t47_a_failure_says_nothing_secret(caplog: pytest.LogCaptureFixture) -> None:
    def silent(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout(f"no answer for {SECRET}")

    with caplog.at_level(logging.DEBUG), pytest.raises(Unreachable) as failure:
        _send(silent, url=f"https://{HOST}/{SECRET}")
    assert "ReadTimeout" in caplog.text
    assert SECRET not in caplog.text + str(failure.value) + repr(
        _request(f"https://{HOST}/{SECRET}")
    )


async def _parts(content: bytes) -> AsyncIterator[bytes]:
    """As an answer comes over a network: not all at once."""
    yield content


def _request(url: str, content: bytes = b"") -> Request:
    return Request("POST", url, {"authorization": SECRET}, content)


def _send(answer: object, *, url: str = f"https://{HOST}/v1", content: bytes = b"") -> Reply:
    async def run() -> Reply:
        transport = httpx.MockTransport(answer)  # type: ignore[arg-type]  # a plain function
        caller = Caller([HOST], transport=transport, largest=1000)
        try:
            return await caller.send(_request(url, content))
        finally:
            await caller.close()

    return asyncio.run(run())
