"""A whole demo shop for each test of a file."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from bot.play.world import World, open_world


def world_at(start: datetime) -> Callable[[], Iterator[World]]:
    """The fixture `world`; its clock stands at `start`."""

    @pytest.fixture
    def world() -> Iterator[World]:
        opened = open_world(start)
        yield opened
        opened.close()

    return world
