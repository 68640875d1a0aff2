"""A browser, and a demo for each file of tests; every visit ends with a look at its complaints.

The browser lives no longer than these tests are run: Playwright's loop would be in the way of
others that run their own.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import CHROMIUM, Visit, chromium, visit
from tests.browser.demo_process import Demo, forked_demo
from tests.crash.nursery import Nursery

Visits = Callable[..., Visit]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"no Chromium at {CHROMIUM}: sudo apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def _seeded(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo's folder as its first start leaves it."""
    with forked_demo(nursery) as running:
        kept = tmp_path_factory.mktemp("browser") / "demo"
        return shutil.copytree(running.folder, kept)


@pytest.fixture(scope="module")
def demo(nursery: Nursery, _seeded: Path) -> Iterator[Demo]:
    with forked_demo(nursery, _seeded) as running:
        yield running


@pytest.fixture
def visits(browser: Browser, demo: Demo) -> Iterator[Visits]:
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
