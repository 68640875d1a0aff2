"""From nothing to a shop that answers, by the commands of docs/operating.md as they stand."""

import http.client
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.bot.cli.page import block_with
from tests.bot.cli.terminal import PASSWORD
from tests.house.source import ROOT

_PATIENCE = 60.0


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.perf_counter() + _PATIENCE
    while time.perf_counter() < until and process.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(process.poll())


def post(port: int, path: str, body: dict[str, Any], token: str | None) -> tuple[int, Any]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        headers = {"content-type": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        method = "POST" if body else "GET"
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody with a shell in an empty folder and the page before them."""

    folder: Path
    port: int

    def shell(self, block: str, typed: str = "") -> str:
        """As in a new terminal: with the settings, once there are some."""
        settings = "if [ -f shop.env ]; then set -a; . ./shop.env; set +a; fi\n"
        done = subprocess.run(
            ["bash", "-euc", settings + block],
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            **self.where,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def where(self) -> dict[str, Any]:
        ours = {name: text for name, text in os.environ.items() if not name.startswith("TUANZI_")}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        more = {"PATH": path, "LC_ALL": "C.UTF-8", "TUANZI_PORT": str(self.port)}
        return {"cwd": self.folder, "env": {**ours, **more}}

    @contextmanager
    def serving(self) -> Iterator[None]:
        served = block_with("tuanzi serve\n")
        call = ["bash", "-euc", f"set -a; . ./shop.env; set +a; exec {served}"]
        with subprocess.Popen(call, **self.where) as process:
            try:
                wait_for(self.port, process)
                yield
            finally:
                process.terminate()


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    (tmp_path / "data").symlink_to(ROOT / "data")  # a checkout, as far as the page needs one
    return Operator(tmp_path, free_port())


@pytest.mark.slow  # a dozen processes of ours begin, one after the other
def test_the_page_leads_from_nothing_to_a_shop_that_answers(operator: Operator) -> None:
    operator.shell(block_with("TUANZI_FIELD_KEYS"))
    assert (operator.folder / "shop.env").stat().st_mode & 0o077 == 0
    told = operator.shell(block_with("tuanzi open-shop"), typed=f"{PASSWORD}\n")
    api_token, channel_token = re.findall(r"^  ([\w-]{22})$", told, re.MULTILINE)
    said = json.loads(shlex.split(block_with("curl"))[-1])

    with operator.serving():
        status, answer = post(operator.port, "/webhooks/rest/webhook", said, channel_token)
        assert status == 200
        cards = [one for one in answer if one.get("custom", {}).get("type") == "card"]
        assert len(cards) == 3, answer
        assert {card["custom"]["price"]["currency"] for card in cards} == {"CNY"}
        assert post(operator.port, "/webhooks/rest/webhook", said, None)[0] == 401
        assert post(operator.port, "/webhooks/rest/webhook", said, api_token)[0] == 403
        status, page = post(operator.port, "/api/v1/products", {}, api_token)
        assert (status, bool(page["items"])) == (200, True)
        operator.shell(block_with("VACUUM INTO"))  # its last line audits the copy

    given_up = operator.shell(block_with("SELECT count"))
    assert given_up.split() == ["inbox", "dead", "0", "outbox", "failed", "0", "jobs", "dead", "0"]
