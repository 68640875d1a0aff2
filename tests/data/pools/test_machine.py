"""The state machine, that it reaches every state, and that it sees each seeded fault."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import seed
from sqlalchemy.orm import Session

from data.pools import ContributionState, Pool, PoolState, outcomes, service
from tests.data.pools.machine import PoolMachine, found_shop
from tests.data.pools.shop import PoolShop
from tests.machines import Fault, each_fault, play, turns_red

_STATES = {f"pool {state}" for state in PoolState} | {
    f"contribution {state}" for state in ContributionState
}


def _machine(path: Path) -> type[PoolMachine]:
    founded = found_shop(path / "shop.db")

    class Machine(PoolMachine):
        shop: ClassVar[PoolShop] = founded
        kept: ClassVar[Path] = path / "shop.kept"
        reached: ClassVar[Counter[str]] = Counter()

    return Machine


def _play(machine: type[PoolMachine], examples: int, *, steps: int) -> None:
    play(machine, examples, steps=steps, states=_STATES, share=0.1)


def test_a_few_shops_keep_every_cent(tmp_path: Path) -> None:
    _play(_machine(tmp_path), 18, steps=6)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))  # so that each core has its share
def test_a_thousand_shops_keep_every_cent(tmp_path: Path, part: int) -> None:
    _play(seed(part)(_machine(tmp_path)), 250, steps=20)


def _give_without_limit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(service, "room_for", lambda minor, now: (Pool.state == PoolState.OPEN,))
    patch.setattr(service, "amount_of", lambda pool, wanted, room: wanted or pool.target)


def _late_money_is_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outcomes, "_send_back", lambda session, contribution, now: None)


def _completion_is_missed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outcomes, "fund_if_full", lambda session, pool_id, now: False)


def _purse_keeps_what_went_back(patch: pytest.MonkeyPatch) -> None:
    def keep(session: Session, *, now: datetime, **share: object) -> None:
        return

    patch.setattr(outcomes, "take_out", keep)


_FAULTS = [
    _give_without_limit,
    _late_money_is_kept,
    _completion_is_missed,
    _purse_keeps_what_went_back,
]


@each_fault(_FAULTS)
def test_a_seeded_fault_turns_the_machine_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    fault(monkeypatch)
    turns_red(_machine(tmp_path), examples=40, steps=5)
