"""Places for trials: one for a shop, a few for all, in one process and in several."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event

import pytest

from bot.trial_places import TrialPlaces
from data.kernel.errors import TooOften


def is_free(places: TrialPlaces, shop: str) -> bool:
    try:
        with places.place(shop, patience=0):
            return True
    except TooOften:
        return False


def elsewhere(act: Callable[[], bool]) -> bool:
    """In a process of its own, parted from this one now."""
    number = os.fork()
    if number == 0:
        os._exit(0 if act() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == 0


@pytest.mark.parametrize("where", [lambda act: act(), elsewhere], ids=["here", "elsewhere"])
def test_a_shop_has_one_place_and_all_together_a_few(
    where: Callable[[Callable[[], bool]], bool],
) -> None:
    places = TrialPlaces(2)
    with ExitStack() as taken:
        taken.enter_context(places.place("ours", patience=0))
        assert not where(lambda: is_free(places, "ours"))
        assert where(lambda: is_free(places, "theirs"))
        taken.enter_context(places.place("theirs", patience=0))
        assert not where(lambda: is_free(places, "a third one's"))
    assert where(lambda: is_free(places, "ours") and is_free(places, "a third one's"))


def test_who_waits_gets_the_place_when_it_is_free() -> None:
    places, began = TrialPlaces(2), Event()

    def wait() -> bool:
        began.set()
        with places.place("ours", patience=5):
            return True

    with ThreadPoolExecutor(1) as other:
        with places.place("ours", patience=0):
            waiting = other.submit(wait)
            assert began.wait(5)
        assert waiting.result(5)


def test_a_process_that_dies_leaves_its_place() -> None:
    places = TrialPlaces(1)

    def die_in_it() -> bool:
        with places.place("ours", patience=0):
            os._exit(0)

    assert elsewhere(die_in_it)
    assert is_free(places, "ours")
