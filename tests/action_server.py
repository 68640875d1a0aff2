"""The stock action server of rasa-sdk, as a merchant would run it, with a package of the tests."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests import calling
from tests.house.source import ROOT

_PATIENCE = 30.0  # seconds; it takes two on a quiet machine


@contextmanager
def stock_server(package: str) -> Iterator[str]:
    """Its address, as Rasa's endpoints.yml would have it without the path."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "rasa_sdk", "--actions", package, "--port", str(port)]
    quiet = {**os.environ, "SANIC_ACCESS_LOG": "false"}
    with subprocess.Popen(
        command, cwd=ROOT, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def _wait_for(url: str) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            calling.get(url).raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
