"""A shop with everything in it, and a chat on its own site."""

from collections.abc import Iterator

import pytest

from tests.bot.open_demo import Demo, open_page
from tests.bot.webchat.site import Frame, a_frame, a_site


@pytest.fixture
def demo() -> Iterator[Demo]:
    with open_page() as opened:
        yield opened


@pytest.fixture
def frame(demo: Demo) -> Frame:
    """A visitor who has just begun."""
    return a_frame(demo, a_site(demo))
