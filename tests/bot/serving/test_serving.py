"""`tuanzi serve --processes 2`: one shop over real HTTP, whichever process answers."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from tests.bench.server import Server, Shop, running_server, seeded_shop

JOURNEY = (
    "给我妈挑个生日礼物，三百以内",
    "便宜点",
    "第一个",
    "张小兰 13800138000 上海市徐汇区漕溪路 1 号",
)
ORDERS_OF_ANN = """
    SELECT count(*) FROM orders JOIN channel_identities AS ann USING (person_id)
    WHERE ann.external_id = 'ann'
"""
HANDLED_OF_ANN = """
    SELECT count(*), count(DISTINCT event_id) FROM inbox
    WHERE event_id LIKE 'ann:%' AND state = 'handled'
"""
_PATIENCE = 30.0


@dataclass(slots=True)
class Caller:
    """A connection that one of the processes has accepted."""

    server: Server
    connection: http.client.HTTPConnection

    def say(self, sender: str, text: str, message_id: str) -> list[Any]:
        about = {"locale": "zh-Hans", "message_id": message_id}
        body = json.dumps({"sender": sender, "message": text, "metadata": about})
        status, answer = self.ask("POST", "/webhooks/rest/webhook", body)
        assert status == 200, answer
        return list(json.loads(answer))

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        key = {"authorization": f"Bearer {self.server.key}", "content-type": "application/json"}
        self.connection.request(method, path, body, key)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def answered_by(self) -> int:
        """The process at the other end."""
        ours = self.connection.sock.getsockname()[1]
        (found,) = (
            process.pid
            for process in self.server.family()
            for one in process.net_connections()
            if one.raddr and one.raddr.port == ours
        )
        return found


Call = Callable[[Server], Caller]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with seeded_shop() as shop:
        yield shop


@pytest.fixture(scope="module")
def server(shop: Shop) -> Iterator[Server]:
    with running_server(shop, processes=2) as server:
        yield server


@pytest.fixture
def call() -> Iterator[Call]:
    """Opens a connection; all are closed in the end."""
    with ExitStack() as open_ones:

        def opened(server: Server) -> Caller:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            open_ones.enter_context(closing(connection))
            caller = Caller(server, connection)
            caller.ask("GET", "/")
            return caller

        yield opened


def callers_of_both(server: Server, call: Call) -> list[Caller]:
    """One for each process: the next call goes to the one that has fewer. On a busy machine that
    one may wake too late for the second, but not for all of ten."""
    found: dict[int, Caller] = {}
    for _ in range(10):
        caller = call(server)
        found.setdefault(caller.answered_by(), caller)
        if len(found) == 2:
            break
    assert len(found) == 2
    return list(found.values())


def file_of(shop: Shop) -> str:
    return shop.database_url.removeprefix("sqlite:///")


def rows(shop: Shop, question: str) -> list[Any]:
    with closing(sqlite3.connect(file_of(shop))) as database:
        return database.execute(question).fetchall()


@contextmanager
def writing(shop: Shop) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file_of(shop), isolation_level=None, timeout=30)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield database
        database.execute("COMMIT")


def make_due(shop: Shop) -> None:
    """Every job and every lane, as if its time had come."""
    with writing(shop) as database:
        database.execute("UPDATE jobs SET run_at = created_at WHERE state = 'due'")
        database.execute("UPDATE lanes SET due = (SELECT max(created_at) FROM jobs)")


def is_open(server: Server) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) == 0


def order_of(sender: str, callers: list["Caller"]) -> None:
    """As far as the question whether all is right; the callers take turns."""
    for number, text in enumerate(JOURNEY):
        said = callers[number % 2].say(sender, text, f"{sender}-{number}")
    assert "张小兰" in json.dumps(said, ensure_ascii=False)


def wait(for_what: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE
    while not for_what():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_conversation_goes_on_whichever_process_answers_and_eight_at_once_make_one_order(
    server: Server, shop: Shop, call: Call
) -> None:
    both = callers_of_both(server, call)
    order_of("ann", both)
    callers = [*both, *(call(server) for _ in range(6))]
    with ThreadPoolExecutor(8) as pool:
        said = [
            pool.submit(one.say, "ann", "好的", f"ann-yes-{number}")
            for number, one in enumerate(callers)
        ]
    answers = [one.result() for one in said]
    assert all(answers), "nobody is left without an answer"
    assert rows(shop, ORDERS_OF_ANN) == [(1,)]
    assert rows(shop, HANDLED_OF_ANN) == [(len(JOURNEY) + 8,) * 2]
    assert both[1].say("ann", "好的", "ann-yes-0") == answers[0], "what the other said is known"


def test_callers_who_stay_are_spread_evenly(server: Server, call: Call) -> None:
    """Where nobody stood back for whoever has fewer, a third of the rounds would be even; on a busy
    machine one of them wakes too late now and then."""
    even = 0
    for _ in range(20):
        held = Counter(call(server).answered_by() for _ in range(8))
        even += sorted(held.values()) == [4, 4]
    assert even >= 16


def test_nobody_waits_for_a_process_that_has_stopped(server: Server, call: Call) -> None:
    """It has the fewest callers and lets nobody in."""
    stopped, other = callers_of_both(server, call)
    number = stopped.answered_by()
    os.kill(number, signal.SIGSTOP)
    try:
        callers = [call(server) for _ in range(3)]
        assert {caller.answered_by() for caller in callers} == {other.answered_by()}
    finally:
        os.kill(number, signal.SIGCONT)


def test_killed_processes_come_back_and_the_work_is_done(
    server: Server, shop: Shop, call: Call
) -> None:
    """Both are killed, so the one that works is among them."""
    both = callers_of_both(server, call)
    order_of("wei", both)
    assert both[0].say("wei", "好的", "wei-yes")
    for number in [caller.answered_by() for caller in both]:
        os.kill(number, signal.SIGKILL)
    make_due(shop)
    assert call(server).say("jun", "你好", "jun-hello")
    wait(lambda: rows(shop, "SELECT DISTINCT state, attempts FROM jobs") == [("done", 0)])


def test_asked_to_stop_it_answers_what_is_open_and_leaves_no_process(
    shop: Shop, call: Call
) -> None:
    with running_server(shop, processes=2) as server:
        callers = [call(server) for _ in range(4)]
        family = server.family()
        with ThreadPoolExecutor(4) as pool:
            said = [
                pool.submit(one.say, f"lan{number}", JOURNEY[0], f"lan-{number}")
                for number, one in enumerate(callers)
            ]
            with writing(shop):  # nobody else gets on meanwhile
                time.sleep(0.3)
                server.process.terminate()
                wait(lambda: not is_open(server))
        assert all(one.result() for one in said)
        assert server.process.wait(_PATIENCE) == 0
        assert not psutil.wait_procs(family[1:], _PATIENCE)[1]
