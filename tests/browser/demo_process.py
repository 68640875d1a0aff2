"""The demo as a stranger starts it: a process of its own on a free port, its folder thrown away."""

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import httpx

from data.audit import Violation, audit
from data.kernel.database import Database

ROOT = Path(__file__).parents[2]
# A Wednesday morning in Shanghai, two weeks before the fifteenth of the eighth lunar month.
NOW = "2027-09-01T10:00:00+08:00"
_START_SECONDS = 120.0  # a stranger's machine may be busy; a quiet one needs three
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class DemoProcess:
    address: str
    process: subprocess.Popen[bytes]
    folder: Path

    def broken_rules(self) -> list[Violation]:
        """What `tuanzi audit` says of the shop as it lies there, at the time its clock shows."""
        clock = httpx.get(f"{self.address}/demo/clock", trust_env=False).json()
        (file,) = self.folder.glob("demo-*.db")
        database = Database(f"sqlite:///{file}")
        try:
            with database.reading() as session:
                return audit(session, now=datetime.fromisoformat(clock["now"]))
        finally:
            database.close()


@contextmanager
def demo_process() -> Iterator[DemoProcess]:
    """A running demo; its shop was seeded once and is copied."""
    folder = Path(tempfile.mkdtemp(prefix="tuanzi-demo-"))
    shutil.copytree(_seeded(), folder, dirs_exist_ok=True)
    try:
        with _running(folder) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _seeded() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tuanzi-demo-seed-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with _running(folder):
        return folder


@contextmanager
def _running(folder: Path) -> Iterator[DemoProcess]:
    port = _free_port()
    command = [sys.executable, "-m", "bot.demo", "--port", str(port), "--folder", str(folder)]
    environment = {**os.environ, "TUANZI_NOW": NOW, "PYTHONPATH": str(ROOT)}
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        running = DemoProcess(f"http://127.0.0.1:{port}", process, folder)
        try:
            _wait_for(running, folder / "output.txt")
            yield running
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """This process and no other: asked first, then made to."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for(running: DemoProcess, output: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and running.process.poll() is None:
        try:
            httpx.get(f"{running.address}/demo/clock", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the demo did not start: {output.read_text()}")


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
