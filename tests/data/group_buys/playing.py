"""How a state machine is played: how many runs, in what kind of shop, and what they must see."""

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import ClassVar

from hypothesis.stateful import run_state_machine_as_test

from data.group_buys import PayMode, SeatState, TeamState, Underpaid
from tests import machines
from tests.data.group_buys.machine import GroupBuyMachine, found_shop
from tests.data.group_buys.shop import GroupShop

_STATES = {f"team {state}" for state in TeamState if state != TeamState.PAYING}
_STATES |= {f"seat {state}" for state in SeatState}
_SHARE = 0.2


def a_machine(  # what kind of shop, and of play: each has a name
    path: Path,
    size: int,
    tiers: Sequence[tuple[int, int]] = (),
    mode: PayMode = PayMode.CHARGE,
    underpaid: Underpaid = Underpaid.FAIL,
    kind: type[GroupBuyMachine] = GroupBuyMachine,
) -> type[GroupBuyMachine]:
    founded = found_shop(path / "shop.db", size=size, tiers=tiers, mode=mode, underpaid=underpaid)

    class Machine(kind):  # type: ignore[valid-type, misc]  # a subclass of what is asked for
        shop: ClassVar[GroupShop] = founded
        kept: ClassVar[Path] = path / "shop.kept"
        reached: ClassVar[Counter[str]] = Counter()

    Machine.size, Machine.tiers = size, tiers
    Machine.mode, Machine.underpaid = mode, underpaid
    return Machine


def play(
    machine: type[GroupBuyMachine],
    examples: int,
    *,
    steps: int,
    share: float = _SHARE,
    also: Collection[str] = (),
) -> None:
    """As many runs, in enough of which each state is seen; `also`: of those that not all play."""
    machines.play(machine, examples, steps=steps, states=_wanted(machine, also), share=share)


def play_each_path(
    machine: type[GroupBuyMachine], examples: int, *, steps: int, also: Collection[str] = ()
) -> None:
    """So many runs that begin by each path: a short play leaves to luck only what comes then."""
    for path in machine.paths:
        machine.only = path
        run_state_machine_as_test(machine, settings=machines.play_settings(examples, steps))
    machines.assert_seen(machine, _wanted(machine, also), least=1)


def _wanted(machine: type[GroupBuyMachine], also: Collection[str]) -> set[str]:
    return {*_STATES, *also} | ({"team paying"} if machine.mode == PayMode.JOIN_FIRST else set())
