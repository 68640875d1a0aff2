"""Where a call may go: to addresses of the open internet, looked at in the moment of connecting.

A name is resolved once, every address it has is checked, and the connection goes to one of those:
a name that means another machine a moment later (DNS rebinding) leads nowhere. How an address is
spelt does not matter, for it is the resolved one that is looked at. (T17)
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from ssl import SSLContext
from threading import Lock

import httpcore
import httpx

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

HTTPS = 443
_NAMES = ThreadPoolExecutor(8, thread_name_prefix="names")
_lock = Lock()
_looked_up: dict[tuple[str, int], Future[list[str]]] = {}  # what is under way
_TRIED = 3  # addresses of one name, one after the other
# Python calls these global, or may do so in a later version; none is a merchant's server.
_CLOSED: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # protocol assignments (RFC 6890); Oracle's metadata at .192
            "192.88.99.0/24",  # relays to 6to4 (RFC 7526)
            "168.63.129.16/32",  # Azure's own door into every machine
            "2001::/23",  # Teredo, ORCHID, benchmarks (RFC 2928)
            "2001:db8::/32",  # documentation (RFC 3849)
            "2002::/16",  # 6to4: an IPv4 address inside (RFC 3056)
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)
# All that is given out to anybody (RFC 4291): mapped, NAT64, local and multicast ones lie outside.
_GIVEN_OUT = IPv6Network("2000::/3")


class ForbiddenHost(Exception):
    """A place that we do not call, whoever asks for it."""


async def system_addresses(host: str, port: int) -> Sequence[str]:
    """What this machine's resolver says. It blocks, and a stranger's name server decides for how
    long, also when nobody waits any more: so it gets threads of its own, one for a name at most,
    and takes none from the database or from another shop's name."""
    return await asyncio.wrap_future(_looking_up(host, port))


def _looking_up(host: str, port: int) -> Future[list[str]]:
    with _lock:
        found = _looked_up.get((host, port))
        if found is None:
            found = _looked_up[host, port] = Future()
            found.set_running_or_notify_cancel()  # who gives up waiting stops it for nobody else
            _NAMES.submit(_look_up, found, host, port)
        return found


def _look_up(found: Future[list[str]], host: str, port: int) -> None:
    try:
        addresses = _resolved(host, port)
    except Exception as error:
        _forget(host, port)
        found.set_exception(error)
    else:
        _forget(host, port)
        found.set_result(addresses)


def _forget(host: str, port: int) -> None:
    """Whoever asks from now on asks anew."""
    with _lock:
        del _looked_up[host, port]


def _resolved(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_rest, address in found))


@dataclass(frozen=True, slots=True)
class Egress:
    """`allowed`: networks of our own that may be reached all the same, there by any port and
    without TLS: an action server beside us, a test."""

    allowed: tuple[Network, ...] = ()
    resolve: Resolve = system_addresses

    @classmethod
    def to(cls, *networks: str, resolve: Resolve = system_addresses) -> "Egress":
        return cls(tuple(map(ip_network, networks)), resolve)

    def look_at(self, url: httpx.URL) -> None:
        """What can be seen before anything is resolved."""
        schemes = {"https", "http"} if self.allowed else {"https"}
        if url.scheme not in schemes or not url.host or url.userinfo:
            raise ForbiddenHost(url.host)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Where to connect to; one bad address among good ones is a trap, and none is taken."""
        try:
            found = [ip_address(address) for address in await self.resolve(host, port)]
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(type(error).__name__) from None
        if not found or not all(self.may_reach(address, port) for address in found):
            raise ForbiddenHost(host)
        return [str(address) for address in found]

    def may_reach(self, address: Address, port: int) -> bool:
        if any(address in network for network in self.allowed):
            return True
        return port == HTTPS and is_public(address)


def is_public(address: Address) -> bool:
    """Somebody else's machine on the open internet, as far as its address tells."""
    if isinstance(address, IPv6Address) and address not in _GIVEN_OUT:
        return False
    if any(address in network for network in _CLOSED):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections to checked addresses; TLS still asks for the name that was called."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError("unreachable")
        for address in await self._checked(host, port, timeout):
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _checked(self, host: str, port: int, seconds: float | None) -> list[str]:
        try:
            async with asyncio.timeout(seconds):
                return (await self._egress.addresses(host, port))[:_TRIED]
        except TimeoutError:
            raise httpcore.ConnectTimeout("resolver") from None

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's own signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise ForbiddenHost(path)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx over a guarded network. It has no public way to say so: its pool is replaced, and
    the tests of T17 would tell if that did nothing any more."""

    def __init__(self, egress: Egress) -> None:
        super().__init__(verify=tls_context(), trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls_context(), network_backend=GuardedNetwork(egress)
        )


@cache
def tls_context() -> SSLContext:
    """Whom we trust; one for the process, for reading all the certificates takes longer than a
    call and each copy keeps 0.7 MB."""
    return httpx.create_ssl_context(trust_env=False)
