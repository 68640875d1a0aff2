"""From nothing to a shop that answers: the real commands, each a process of its own."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from data.kernel.encryption import FieldCipher
from tests.bot.cli.terminal import GIFTSHOP, PASSWORD, Terminal

_PATIENCE = 60.0


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(terminal: Terminal, port: int) -> Iterator[None]:
    command, where = terminal.call()
    with subprocess.Popen([*command, "serve", "--port", str(port)], **where) as process:
        try:
            wait_for(port, process)
            yield
        finally:
            os.kill(process.pid, signal.SIGTERM)


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


def test_a_shop_opened_on_a_server_answers_with_its_printed_tokens(bare_terminal: Terminal) -> None:
    terminal, port = bare_terminal, free_port()
    terminal.set(field_keys=FieldCipher.new_key(), public_url=f"http://127.0.0.1:{port}")
    assert terminal.process("migrate").returncode == 0
    opened = terminal.process("open-shop", *GIFTSHOP, "--json", typed=f"{PASSWORD}\n")
    assert opened.returncode == 0, opened.stderr
    told = json.loads(opened.stdout)
    imported = terminal.process("import-catalogue", "data/seeds/giftshop.tsv", "--shop", "giftshop")
    assert imported.returncode == 0, imported.stderr

    with serving(terminal, port):
        line = {"sender": "ann", "message": "给我妈挑个生日礼物，三百以内"}
        status, said = post(port, "/webhooks/rest/webhook", line, told["channel_token"])
        assert status == 200
        cards = [one for one in said if one.get("custom", {}).get("type") == "card"]
        assert len(cards) == 3, said
        assert {card["custom"]["price"]["currency"] for card in cards} == {"CNY"}
        assert post(port, "/webhooks/rest/webhook", line, None)[0] == 401
        assert post(port, "/webhooks/rest/webhook", line, told["api_token"])[0] == 403
        status, page = post(port, "/api/v1/products", {}, told["api_token"])
        assert (status, bool(page["items"])) == (200, True)

    assert terminal.process("audit").returncode == 0
