"""The list of cases: each written once, run against every channel.

`needs` names what only some channels have; a channel that lacks it gives its reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Able = Any  # a bench that has what the case needs
Run = Callable[[Able], None]


@dataclass(frozen=True, slots=True)
class Case:
    run: Run
    needs: tuple[str, ...]


class Cases(dict[str, Case]):
    """By their names, in the order in which they were written."""

    def __call__(self, *needs: str) -> Callable[[Run], Run]:
        def add(run: Run) -> Run:
            self[run.__name__] = Case(run, needs)
            return run

        return add
