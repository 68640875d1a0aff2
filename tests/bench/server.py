"""A real demo server in its own process, on a free port of the loopback, and a tiny client."""

import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from tests.house.source import ROOT

_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int
    started_in: float

    def rss_mb(self) -> float:
        return float(psutil.Process(self.pid).memory_info().rss) / 2**20


class Client:
    """One connection, kept open, as a server's backend would."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def say(self, sender: str, text: str) -> float:
        """Seconds until the answer is there, whole."""
        body = json.dumps({"sender": sender, "message": text, "metadata": {"locale": "zh-Hans"}})
        begun = time.perf_counter()
        self._connection.request(
            "POST", "/webhooks/rest/webhook", body, {"content-type": "application/json"}
        )
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(answer.status)
        return time.perf_counter() - begun


@contextmanager
def running_server() -> Iterator[Server]:
    """Started cold; `started_in` is the time to its first answer with a shop already seeded."""
    with tempfile.TemporaryDirectory() as folder:
        for seeded in (False, True):
            begun = time.perf_counter()
            port = free_port()
            process = subprocess.Popen(
                [sys.executable, "-m", "bot.demo", "--port", str(port), "--folder", folder],
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
            )
            try:
                wait_for(port)
                if seeded:
                    yield Server(port, process.pid, time.perf_counter() - begun)
            finally:
                process.terminate()
                process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    begun = time.perf_counter()
    while time.perf_counter() - begun < _PATIENCE:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/demo/clock")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
            continue
        return
    raise TimeoutError(port)
