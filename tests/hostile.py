"""Another side that means no good: slow, endless, packed, moving, wrong; on loopback."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BOMB = 50 * 1024 * 1024  # what the small answer becomes when it is unpacked


class HostileServer(ThreadingHTTPServer):
    """`seen`: method, path, headers and body of each request; `answers`: paths with own words."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Rude)
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answers: dict[str, Callable[[bytes], tuple[int, bytes]]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The caller hung up, as it should."""


class _Rude(BaseHTTPRequestHandler):
    server: HostileServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # the library's name
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, headers, body))
        own = self.server.answers.get(self.path)
        if own is not None:
            self._say(*own(body))
            return
        getattr(self, f"_{self.path.strip('/') or 'nothing'}", self._nothing)()

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _nothing(self) -> None:
        self._say(404, b"")

    def _wrong(self) -> None:
        self._say(200, b"{not json")

    def _bomb(self) -> None:
        self._say(200, packed(), content_encoding="gzip")

    def _odd(self) -> None:
        self._say(200, b"x", content_encoding="br")

    def _redirect(self) -> None:
        self._say(302, b"", location=self.server.url + "/inside")

    def _huge(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            for _ in range(1000):
                self.wfile.write(b"x" * 65536)

    def _slow(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            for _ in range(100):
                self.wfile.write(b" ")
                time.sleep(0.1)

    def log_message(self, *_: Any) -> None:
        """Silence."""


@cache
def packed() -> bytes:
    """The bomb, 48 KB of it."""
    return gzip.compress(bytes(BOMB))


def as_json(status: int, answer: object) -> Callable[[bytes], tuple[int, bytes]]:
    """Always the same answer."""
    return lambda _: (status, json.dumps(answer).encode())


@contextmanager
def hostile_server() -> Iterator[HostileServer]:
    server = HostileServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
