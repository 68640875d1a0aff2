"""Fixtures of the payment providers' tests: each provider's stand-in, served on loopback."""

from collections.abc import Iterator

import pytest

from data.kernel.clock import TurnableClock
from tests.builders import NOW
from tests.peers.money import alipay_face


@pytest.fixture
def alipay_stand_in() -> Iterator[alipay_face.Face]:
    with alipay_face.serving(alipay_face.Face(TurnableClock(NOW))) as face:
        yield face
