"""Whatever a merchant did at the console, the shop's books are sound afterwards."""

from collections.abc import Iterator

import pytest

from data.audit import audit
from tests.bot.conftest import Street


@pytest.fixture(autouse=True)
def _sound_books(street: Street) -> Iterator[None]:
    """At the time the test began: who only turns the clock has run no job that fell due by it."""
    began = street.tuanzi.clock.now()
    yield
    with street.tuanzi.database.reading() as session:
        assert audit(session, now=began) == []
