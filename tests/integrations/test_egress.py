"""Calls to addresses that strangers give reach the open internet and nothing else."""

import asyncio
import tracemalloc
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from threading import Event

import httpx
import pytest

from integrations.egress import Egress, Resolve, is_public
from integrations.http import Caller, ForbiddenHost, Reply, Request, Unreachable
from tests.hostile import HostileServer, hostile_server, packed

# Every way we know to write: this machine, its neighbours, the cloud's own doors.
_LISTED = """
127.0.0.1 127.1 127.0.1 2130706433 017700000001 0x7f000001 0x7f.1 0x7f.0x0.0x0.0x1 0177.0.0.1
00000177.0.0.1 127.000.000.001 127.255.255.254 0 0.0.0.0 0x0 127.0.0.1. localhost localhost.
[::1] [::] [0:0:0:0:0:0:0:1] [::127.0.0.1] [::ffff:127.0.0.1] [::ffff:7f00:1]
[::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::7f00:1] [2002:7f00:1::]
[2001:0:7f00:1::] [fe80::1] [fe80::1%25lo] [fec0::1] [fc00::1] [fd00:ec2::254] [fd20:ce::254]
[ff02::1] [2001:db8::1] [3fff::1] [100::1] 10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1
169.254.169.254 169.254.170.2 100.64.0.1 100.100.100.200 168.63.129.16 192.0.0.192 192.88.99.1
198.18.0.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 2852039166 0xa9fea9fe
0251.0376.0251.0376 127\u30020\u30020\u30021 127\uff0e0\uff0e0\uff0e1 \uff11\uff12\uff17.0.0.1
\uff4cocalhost \u2460\u2461\u2466.\u24ea.\u24ea.\u2460 ma\u00df\u3002localhost user@127.0.0.1
user:secret@localhost 127.0.0.1:22 localhost:6379
"""
SPELLINGS = _LISTED.split()
ODD = [
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1:70/_x",
    "https:///etc/passwd", "//127.0.0.1/", "https://exa mple.com/", "https://example.com:22/",
]  # fmt: skip


@pytest.fixture(scope="module")
def _server() -> Iterator[HostileServer]:
    with hostile_server() as server:
        yield server


@pytest.fixture
def server(_server: HostileServer) -> HostileServer:
    _server.seen.clear()
    return _server


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_t17_no_spelling_of_an_inner_address_is_connected_to(spelling: str) -> None:
    assert len(SPELLINGS) > 40
    with pytest.raises((ForbiddenHost, Unreachable)):
        call(f"https://{spelling}/")


@pytest.mark.parametrize("spelling", SPELLINGS[:20])
def test_t17_a_server_on_this_machine_is_not_asked(spelling: str, server: HostileServer) -> None:
    """Without looking at the port or at TLS: there is a server, and it hears nothing."""
    with pytest.raises((ForbiddenHost, Unreachable)):
        call(f"http://{spelling}:{server.server_port}/", Egress.to("192.0.2.0/24"))
    assert not server.seen


@pytest.mark.parametrize("url", ODD)
def test_t17_no_other_scheme_port_or_form(url: str) -> None:
    with pytest.raises((ForbiddenHost, Unreachable)):
        call(url, Egress(resolve=says("93.184.215.14")))


@pytest.mark.parametrize("spare", ["10.0.0.7", "::1", "169.254.169.254", "64:ff9b::a00:1"])
def test_t17_one_inner_address_among_good_ones_is_a_trap(spare: str) -> None:
    egress = Egress(resolve=says("93.184.215.14", spare))
    with pytest.raises(ForbiddenHost):
        asyncio.run(egress.addresses("shop.example", 443))


def test_t17_others_machines_may_be_reached() -> None:
    for address in ("93.184.215.14", "1.1.1.1", "2606:4700:4700::1111"):
        assert is_public(ip_address(address))
    egress = Egress(resolve=says("93.184.215.14", "2606:4700:4700::1111"))
    assert len(asyncio.run(egress.addresses("shop.example", 443))) == 2
    with pytest.raises(ForbiddenHost):
        asyncio.run(egress.addresses("shop.example", 6379))


def test_t17_a_name_that_changes_its_mind_leads_nowhere(server: HostileServer) -> None:
    """Rebinding: what was looked at is what is connected to, so the second answer is never used,
    and each new connection is looked at anew."""
    resolver = Fickle("127.0.0.1", "10.0.0.1")
    url = f"http://rebound.example:{server.server_port}/wrong"
    allowed = Egress.to("127.0.0.0/8", resolve=resolver)
    assert call(url, allowed).status == 200
    assert resolver.asked == 1  # not once to look and once to connect
    assert server.seen[0][2]["host"] == f"rebound.example:{server.server_port}"
    with pytest.raises(ForbiddenHost):
        call(url, allowed)
    assert len(server.seen) == 1


def test_t18_a_slow_name_server_takes_one_thread_and_not_the_other_shops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also when those who asked have given up: nobody can stop a resolver."""
    answers, asked = Event(), list[str]()

    def resolved(host: str, _port: int) -> list[str]:
        asked.append(host)
        if host == "slow.example":
            answers.wait(5)
        return ["93.184.215.14"]

    async def ask() -> Sequence[str]:
        for _ in range(20):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(Egress().addresses("slow.example", 443), 0.005)
        found = await asyncio.wait_for(Egress().addresses("good.example", 443), 2)
        waiting = asyncio.create_task(Egress().addresses("slow.example", 443))
        await asyncio.sleep(0)
        answers.set()
        assert await waiting == found
        return await Egress().addresses("slow.example", 443)

    monkeypatch.setattr("integrations.egress._resolved", resolved)
    assert asyncio.run(ask()) == ["93.184.215.14"]
    assert asked == ["slow.example", "good.example", "slow.example"]


def test_t17_a_redirect_is_an_answer_and_not_a_way(server: HostileServer) -> None:
    reply = call(server.url + "/redirect", Egress.to("127.0.0.0/8"))
    assert (reply.status, [path for _, path, *_ in server.seen]) == (302, ["/redirect"])


def test_t18_a_packed_answer_is_unpacked_only_as_far_as_it_may_be_long(
    server: HostileServer,
) -> None:
    packed()  # what is made once is not counted
    call(server.url + "/wrong", Egress.to("127.0.0.0/8"))
    tracemalloc.start()
    try:
        with pytest.raises(Unreachable, match="answer_too_large"):
            call(server.url + "/bomb", Egress.to("127.0.0.0/8"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 1024 * 1024
    assert server.seen[-1][2]["accept-encoding"] == "identity"


@pytest.mark.parametrize("path", ["/huge", "/slow", "/odd"])
def test_t18_an_endless_slow_or_odd_answer_is_not_read(path: str, server: HostileServer) -> None:
    with pytest.raises((Unreachable, TimeoutError)):
        call(server.url + path, Egress.to("127.0.0.0/8"))


def says(*addresses: str) -> Resolve:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolve


class Fickle:
    """A name server of somebody who means no good: another answer each time."""

    def __init__(self, *answers: str) -> None:
        self._answers = answers
        self.asked = 0

    async def __call__(self, _host: str, _port: int) -> Sequence[str]:
        self.asked += 1
        return [self._answers[min(self.asked, len(self._answers)) - 1]]


def call(url: str, egress: Egress | None = None) -> Reply:
    """Whatever host the address names is one of ours: the guard alone decides."""

    async def run() -> Reply:
        caller = Caller(_host(url), egress=egress, largest=1024 * 1024)
        try:
            async with asyncio.timeout(1):
                return await caller.send(Request("GET", url, {}))
        finally:
            await caller.close()

    return asyncio.run(run())


def _host(url: str) -> list[str]:
    try:
        return [httpx.URL(url).host]
    except httpx.InvalidURL:
        return []
