"""How state machines are played: the same runs each time, and so many that a fault is seen."""

from collections.abc import Callable, Sequence

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
