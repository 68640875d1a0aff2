"""A real Rasa 3.6 server on a free port of the loopback, for tests and for the bench."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.bench.server import Server, free_port, wait_for
from tests.house.source import ROOT
from tests.peers.kept import Command, NoPeer, tail
from tests.peers.rasa_kept import FILES, Bot, model, python, surroundings

# On two cores that ten others used too, DIET and TED took 255 s to the first answer.
_PATIENCE = 600.0
_FAREWELL = 20.0

# What Rasa's bot does, in our format; `FILES` has Rasa's own.
SMALL_BOT = Path(__file__).with_name("small_bot.yml")

# What both bots are told, and a piece of what each must answer: else it is no such conversation.
GIFT_TALK = (
    ("hi", "Hi"),
    ("i need a gift", "Who is it for?"),
    ("my mother", "What is the occasion?"),
    ("hi", "What is the occasion?"),  # half-way through: greets, and asks again
    ("her birthday", "how much would you like to spend"),
    ("under 300", "A few ideas for"),
    ("cancel", "I've stopped that."),
    ("bye", "Bye!"),
)


@contextmanager
def running_rasa(bot: Bot, *, endpoints: Path) -> Iterator[Server]:
    """Until it answers; `started_in` is the time to that. What it writes goes with it."""
    learnt, own = model(bot), python()
    with tempfile.TemporaryDirectory() as folder:
        begun, port, log = time.perf_counter(), free_port(), Path(folder) / "log"
        at: Command = ["-i", "127.0.0.1", "-p", str(port)]
        of: Command = ["--endpoints", endpoints, "--credentials", FILES / "credentials.yml"]
        serve: Command = [own, "-m", "rasa", "run", "-m", learnt, *at, *of]
        with log.open("wb") as out:
            process = subprocess.Popen(
                serve, cwd=folder, env=surroundings(), stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        try:
            _wait(process, port, log)
            yield Server(port, process, time.perf_counter() - begun, key="")
        finally:
            _end(process)


@contextmanager
def running_actions(package: str, surroundings: Mapping[str, str]) -> Iterator[int]:
    """The stock action server of rasa-sdk, with a package of ours, in our own environment; its
    port. It has no key and no `--host`, but heeds SANIC_HOST."""
    port = free_port()
    serve = [sys.executable, "-m", "rasa_sdk", "--actions", package, "--port", str(port)]
    process = subprocess.Popen(
        serve, cwd=ROOT, env={**surroundings, "SANIC_HOST": "127.0.0.1"}, start_new_session=True
    )
    try:
        wait_for(port, process, path="/health")
        yield port
    finally:
        _end(process)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    try:
        wait_for(port, process, patience=_PATIENCE)
    except (TimeoutError, ChildProcessError) as error:
        raise NoPeer(f"the server did not come up\n{tail(log.read_text())}") from error


def _end(process: "subprocess.Popen[bytes]") -> None:
    """The whole group: it was made for this server alone."""
    for blow in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, blow)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_FAREWELL)
