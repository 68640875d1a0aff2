"""A demo and a browser for each file of tests; every visit ends with a look at its complaints.

Both live no longer than a file: Playwright's loop would be in the way of tests that run their own.
"""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import CHROMIUM, Visit, chromium, visit
from tests.browser.demo_process import DemoProcess, demo_process

Visits = Callable[..., Visit]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"no Chromium at {CHROMIUM}: sudo apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoProcess]:
    with demo_process() as running:
        yield running


@pytest.fixture
def visits(browser: Browser, demo: DemoProcess) -> Iterator[Visits]:
    """Opens windows at the demo; nothing a page shows may upset it, nor a journey its books."""
    opened: list[Visit] = []

    def one(**wishes: object) -> Visit:
        opened.append(visit(browser, demo.address, **wishes))  # type: ignore[arg-type]  # passed on
        return opened[-1]

    yield one
    complaints = [line for each in opened for line in each.complaints]
    for each in opened:
        each.context.close()
    assert complaints == []
    assert demo.broken_rules() == []
