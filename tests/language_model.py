"""A language model in a few lines: a real HTTP server on loopback; a test tells it what to say."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

NOTHING: dict[str, Any] = {"start": [], "fill": [], "unsure": False, "confidence": 0.0}


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over the wire. `waits`: until the test ends; `cut`: less than was announced."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    waits: bool = False
    cut: bool = False


def saying(content: Any, *, tokens: float | None = 321) -> Answer:
    """A service's answer around what its model wrote; text as it is, all else as JSON."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    envelope: dict[str, Any] = {"choices": [{"message": {"role": "assistant", "content": text}}]}
    if tokens is not None:
        envelope["usage"] = {"total_tokens": tokens}
    return Answer(json.dumps(envelope).encode())


def proposing(*start: str, unsure: bool = False, **fill: str) -> Answer:
    values = [{"slot": slot, "value": value} for slot, value in fill.items()]
    return saying({"start": list(start), "fill": values, "unsure": unsure, "confidence": 0.9})


class ScriptedModel:
    """`answer` is given to everybody; `asked` holds what was sent, `meanwhile` runs before each
    answer."""

    def __init__(self) -> None:
        self.answer = saying(NOTHING)
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.meanwhile: list[Any] = []
        self.over = Event()
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                script.serve(self)

            def log_message(self, *_: object) -> None:
                return None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def message(self) -> str:
        """The words that the last call carried."""
        told = json.loads(self.asked[-1]["messages"][-1]["content"])
        return str(told["message"])

    def serve(self, call: BaseHTTPRequestHandler) -> None:
        length = int(call.headers["content-length"])
        self.asked.append({"path": call.path, **json.loads(call.rfile.read(length))})
        self.headers.append({name.lower(): value for name, value in call.headers.items()})
        for act in self.meanwhile:
            act()
        answer = self.answer
        if answer.waits:
            self.over.wait(10)
            call.close_connection = True
            return
        call.send_response(answer.status)
        for name, value in answer.headers.items():
            call.send_header(name, value)
        call.send_header("content-length", str(len(answer.body) + 50 * answer.cut))
        call.end_headers()
        call.wfile.write(answer.body)
        call.close_connection = True

    def run(self) -> None:
        self._server.serve_forever(poll_interval=0.02)

    def stop(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def a_model() -> Iterator[ScriptedModel]:
    model = ScriptedModel()
    thread = Thread(target=model.run, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        model.stop()
        thread.join()
