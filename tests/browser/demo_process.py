"""The demo on a free port in a folder that is thrown away: as a stranger starts it, or forked."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from data.audit import Violation, audit
from data.kernel.database import Database
from tests import calling
from tests.crash.nursery import Nursery

ROOT = Path(__file__).parents[2]
# A Wednesday morning in Shanghai, two weeks before the fifteenth of the eighth lunar month.
NOW = "2027-09-01T10:00:00+08:00"
_START_SECONDS = 120.0  # a stranger's machine may be busy; a quiet one needs three
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Demo:
    address: str
    folder: Path

    def broken_rules(self) -> list[Violation]:
        """What `tuanzi audit` says of the shop as it lies there, at the time its clock shows."""
        clock = calling.get(f"{self.address}/demo/clock").json()
        (file,) = self.folder.glob("demo-*.db")
        database = Database(f"sqlite:///{file}")
        try:
            with database.reading() as session:
                return audit(session, now=datetime.fromisoformat(clock["now"]))
        finally:
            database.close()


@dataclass(frozen=True, slots=True)
class DemoProcess(Demo):
    process: subprocess.Popen[bytes]


@contextmanager
def demo_process() -> Iterator[DemoProcess]:
    """As a stranger starts it: nothing is there yet."""
    port = free_port()
    environment = {**os.environ, "TUANZI_NOW": NOW, "PYTHONPATH": str(ROOT)}
    with thrown_away() as folder, (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.demo", *_options(port, folder)],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        running = DemoProcess(_address(port), folder, process)
        try:
            _wait_for(running, lambda: process.poll() is not None)
            yield running
        finally:
            stop(process)


@contextmanager
def forked_demo(nursery: Nursery, seeded: Path | None = None) -> Iterator[Demo]:
    """The same, without learning everything anew; of a seeded folder it takes a copy."""
    with thrown_away() as folder:
        if seeded:
            shutil.copytree(seeded, folder, dirs_exist_ok=True)
        try:
            yield let_live(nursery, folder, free_port())
        finally:
            nursery.kill()


def let_live(nursery: Nursery, folder: Path, port: int, *, now: str = NOW) -> Demo:
    """Begun in this folder and listening; the nursery ends it."""
    nursery.let_live("nowhere", 1, _options(port, folder), {"TUANZI_NOW": now})
    running = Demo(_address(port), folder)
    _wait_for(running, nursery.has_ended)
    return running


@contextmanager
def thrown_away() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tuanzi-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _options(port: int, folder: Path) -> list[str]:
    return ["--port", str(port), "--folder", str(folder)]


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def stop(process: subprocess.Popen[bytes]) -> None:
    """This process and no other: asked first, then made to."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for(running: Demo, has_ended: Callable[[], bool]) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and not has_ended():
        try:
            calling.get(f"{running.address}/demo/clock")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    output = running.folder / "output.txt"
    raise AssertionError(f"the demo did not start: {output.read_text() if output.exists() else ''}")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
