"""Two imitations of Stripe that others wrote, each a process of its own, installed once and kept
outside the tree (see tests/peers/kept.py).

localstripe 1.15.10       intents, holds, captures, signed webhooks; GPL, so it only runs beside us
stripe-stateful-mock      charges and refunds of an old API: idempotency and faults

localstripe's lock is made anew with (in tests/peers/money/localstripe):
    uv pip compile --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
        --no-emit-index-url requirements.in -o requirements.lock
and the other's with (in tests/peers/money/stateful_mock):
    npm install --package-lock-only --no-audit --no-fund --ignore-scripts
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.server import free_port, wait_for
from tests.peers.kept import (
    Command,
    NoPeer,
    cache,
    hash_of,
    install,
    once,
    run,
    surroundings,
    tail,
)

_FILES = Path(__file__).parent
_PYTHON, _NODE = _FILES / "localstripe", _FILES / "stateful_mock"
_PATIENCE, _FAREWELL = 120.0, 60.0


@contextmanager
def running_localstripe() -> Iterator[str]:
    """Its address. NoPeer: it cannot be had here."""
    kept = once(
        cache() / f"localstripe-{hash_of([_PYTHON / 'requirements.lock'])}", _install_python
    )
    with _running([kept / "bin" / "python", _PYTHON / "serve.py"]) as url:
        yield url


@contextmanager
def running_stateful_mock() -> Iterator[str]:
    """Its address. NoPeer: Node or npm cannot be had here."""
    node = shutil.which("node")
    if node is None:
        raise NoPeer("node")
    files = [_NODE / "package-lock.json", _NODE / "serve.js"]
    kept = once(cache() / f"stripe-stateful-mock-{hash_of(files)}", _install_node)
    with _running([node, kept / "serve.js"]) as url:
        yield url


@contextmanager
def _running(command: Command) -> Iterator[str]:
    """What it writes, and what localstripe pickles into the system's folder, goes with it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        own = surroundings(TMPDIR=folder, LOG_LEVEL="error")
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*command, str(port)], cwd=folder, env=own, stdout=out, stderr=out
            )
        try:
            _wait(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(_FAREWELL)


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    try:
        wait_for(port, process, patience=_PATIENCE)
    except (TimeoutError, ChildProcessError) as error:
        raise NoPeer(f"it did not come up\n{tail(log.read_text())}") from error


def _install_python(folder: Path) -> None:
    install(folder, _PYTHON / "requirements.lock", python=sys.executable)


def _install_node(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NoPeer("npm")
    shutil.copytree(_NODE, folder)
    run([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder)
