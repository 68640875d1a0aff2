"""Acts that begin in the same moment; a rule's refusal is an answer, anything else fails."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from data.kernel.errors import Refused


def all_at_once(*acts: Callable[[], object]) -> None:
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            act()
        except Refused:
            return

    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(run, acts))
