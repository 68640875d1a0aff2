"""A demo of its own for each test; a team that is shared, and the WeChat it is shared in."""

from collections.abc import Iterator

import pytest

from tests.bot.conftest import Street
from tests.bot.open_demo import Demo, open_page
from tests.bot.pages.shared_team import Shared, a_shared_team
from tests.peers.wechat_platform import Remote, running_platform


@pytest.fixture
def demo() -> Iterator[Demo]:
    with open_page() as opened:
        yield opened


@pytest.fixture(scope="module")
def platform() -> Iterator[Remote]:
    with running_platform() as remote:
        yield remote


@pytest.fixture
def shared(street: Street, platform: Remote) -> Iterator[Shared]:
    with a_shared_team(street, platform) as shared:
        yield shared
