"""How state machines are played: the same runs each time, and so many that a fault is seen."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy.exc import IntegrityError

from data.kernel.errors import ShopError

Fault = Callable[[pytest.MonkeyPatch], None]


def play_settings(examples: int, steps: int, **more: object) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        **more,  # type: ignore[arg-type]
    )


class CountedMachine(RuleBasedStateMachine):
    """What was `seen` in a run is counted at its end: `reached` says in how many runs that was, and
    how many "runs" there were."""

    reached: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def count_run(self) -> None:
        self.reached.update(self.seen)
        self.reached["runs"] += 1


def play(
    machine: type[CountedMachine],
    examples: int,
    *,
    steps: int,
    states: Collection[str],
    share: float,
) -> None:
    """So many runs, in enough of which each state is seen: one that is seen in a smaller `share` of
    them is not tested, only passed by."""
    run_state_machine_as_test(machine, settings=play_settings(examples, steps))
    runs = machine.reached["runs"]
    assert runs >= examples
    assert_seen(machine, states, least=share * runs)


def assert_seen(machine: type[CountedMachine], states: Collection[str], *, least: float) -> None:
    seldom = {state for state in states if machine.reached[state] < least}
    assert seldom == set(), machine.reached


def each_fault(faults: Sequence[Fault]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("fault", faults, ids=[name_of(fault) for fault in faults])


def name_of(fault: Fault) -> str:
    return fault.__name__.strip("_")


def turns_red(machine: type[RuleBasedStateMachine], *, examples: int, steps: int) -> None:
    """Within so many runs it sees that something is wrong; what exactly is nobody's question, so
    no run is shrunk."""
    first = play_settings(examples, steps, phases=(Phase.generate,))
    with pytest.raises((AssertionError, IntegrityError, ShopError)):
        run_state_machine_as_test(machine, settings=first)
