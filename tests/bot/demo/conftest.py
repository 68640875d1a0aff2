"""A demo of its own for each test."""

from collections.abc import Iterator

import pytest

from tests.bot.open_demo import Demo, open_page


@pytest.fixture
def demo() -> Iterator[Demo]:
    with open_page() as opened:
        yield opened
