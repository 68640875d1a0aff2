"""WeChat Pay's SIMULATED platform on a socket of this machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from data.kernel.clock import Clock, SystemClock
from tests.peers.money.wechat_pay_face import Face


@contextmanager
def running_face(clock: Clock | None = None) -> Iterator[Face]:
    """On loopback, until the block ends."""
    face = Face(clock=clock or SystemClock())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = face.answer(self.command, self.path, self.headers, body)
            happens, face.meanwhile = face.meanwhile, object
            happens()
            if answer.is_lost:
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            date = format_datetime(face.clock.now() + face.ahead, usegmt=True)
            told = {"Date": date, "Content-Type": "application/json; charset=utf-8"}
            for name, value in (told | dict(answer.headers)).items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    face.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield face
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
