"""As much of a Matrix homeserver as one test needs, on loopback: it says what it is told to."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

Json = dict[str, Any]
Say = Callable[[bytes], tuple[int, Any]]


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    body: bytes
    headers: dict[str, str]

    @property
    def content(self) -> Json:
        content: Json = json.loads(self.body)
        return content


@dataclass(slots=True)
class SmallHomeserver:
    """`says`: patterns of `METHOD path`, the first that fits; what answers may be bytes."""

    url: str = ""
    says: list[tuple[str, Say]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def say(self, pattern: str, answer: Any, status: int = 200) -> None:
        """From now on, before all that was told earlier."""
        self.says.insert(0, (pattern, lambda _body: (status, answer)))

    def asked(self, pattern: str) -> list[Call]:
        return [call for call in self.calls if re.search(pattern, f"{call.method} {call.path}")]

    def answer(self, call: Call) -> tuple[int, bytes]:
        self.calls.append(call)
        for pattern, say in self.says:
            if re.search(pattern, f"{call.method} {call.path}"):
                status, answer = say(call.body)
                return status, answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return 404, b'{"errcode":"M_UNRECOGNIZED"}'


@contextmanager
def small_homeserver() -> Iterator[SmallHomeserver]:
    home = SmallHomeserver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body go together: apart, each answer costs 40 ms of waiting

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answer = home.answer(Call(self.command, unquote(self.path), body, headers))
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815  # the library's names

        def log_message(self, *_args: object) -> None:
            """Not into the test's output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    home.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield home
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
