"""A browser or program that talks to the site in its own process."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from anyio.from_thread import start_blocking_portal

# Starlette would rather have httpx2; httpx is what this project has and locks.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette import testclient


class TestClient(testclient.TestClient):
    """Starlette starts a thread and a loop for each request, unless it is given a portal."""

    __test__ = False  # its name looks like a test's


@contextmanager
def one_loop() -> Iterator[None]:
    """Whatever the clients ask is answered on one loop, as by a server."""
    with start_blocking_portal() as TestClient.portal:
        yield
    TestClient.portal = None
