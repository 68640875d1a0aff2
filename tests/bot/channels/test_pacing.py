"""Who is too fast is told how long to wait, and nobody else waits with them."""

import pytest

from bot.channels.adapter import Throttled
from bot.channels.pacing import Pace, Speed

CHAT = Speed(5, 5)
GROUP = Speed(20, 60)


class Watch:
    """A clock that the test turns."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_free_and_then_one_a_second_goes() -> None:
    watch = Watch()
    pace = Pace(watch)
    for _ in range(5):
        pace.take({"chat": CHAT})
    with pytest.raises(Throttled) as told:
        pace.take({"chat": CHAT})
    assert told.value.seconds == pytest.approx(1.0)
    watch.now += told.value.seconds
    pace.take({"chat": CHAT})


def test_a_group_at_its_limit_takes_nothing_from_the_others() -> None:
    pace = Pace(Watch())
    everybody = Speed(30, 1)
    for _ in range(20):
        pace.take({"all": everybody, "group": GROUP})
    for _ in range(9):
        with pytest.raises(Throttled) as told:
            pace.take({"all": everybody, "group": GROUP})
        assert told.value.seconds == pytest.approx(3.0)
    for _ in range(10):  # a refused call has cost nobody anything
        pace.take({"all": everybody, "ann": Speed(20, 1)})


def test_old_names_are_forgotten_before_memory_fills() -> None:
    pace = Pace(Watch())
    for number in range(6_000):
        pace.take({str(number): CHAT})
    assert len(pace._buckets) == 5_000
