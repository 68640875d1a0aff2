"""The state machine, that it reaches every state, and that it sees each seeded fault."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import seed
from sqlalchemy import true
from sqlalchemy.orm import Session

from data.kernel.money import Money
from data.orders.share_states import ShareState
from data.split_orders import SplitPart, SplitState, moving, outcomes
from tests.data.split_orders.machine import SplitMachine, found_shop
from tests.data.split_orders.shop import FEE, SplitShop
from tests.machines import Fault, each_fault, play, turns_red

_STATES = {f"split {state}" for state in SplitState} | {f"part {state}" for state in ShareState}


def _machine(path: Path) -> type[SplitMachine]:
    founded = found_shop(path / "shop.db")

    class Machine(SplitMachine):
        shop: ClassVar[SplitShop] = founded
        kept: ClassVar[Path] = path / "shop.kept"
        reached: ClassVar[Counter[str]] = Counter()

    return Machine


def _play(machine: type[SplitMachine], examples: int, *, steps: int) -> None:
    play(machine, examples, steps=steps, states=_STATES, share=0.1)


def test_a_few_shops_keep_every_cent(tmp_path: Path) -> None:
    _play(_machine(tmp_path), 50, steps=6)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))  # so that each core has its share
def test_a_thousand_shops_keep_every_cent(tmp_path: Path, part: int) -> None:
    _play(seed(part)(_machine(tmp_path)), 250, steps=20)


def _late_money_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outcomes, "still_counts", lambda now: ())


def _late_money_is_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outcomes, "_send_back", lambda session, part, now: None)


def _the_minimum_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moving, "ENOUGH", true())


def _each_pays_the_whole_delivery(patch: pytest.MonkeyPatch) -> None:
    def whole(session: Session, part: SplitPart) -> Money:
        part.nth = None
        return Money(FEE, part.currency)

    patch.setattr(outcomes, "_take_share", whole)


def _who_leaves_still_counts(patch: pytest.MonkeyPatch) -> None:
    def keep(session: Session, part: SplitPart, *, paid: bool) -> None:
        return

    patch.setattr(moving, "uncount", keep)


def _deadlines_pass_unseen(patch: pytest.MonkeyPatch) -> None:
    def sleep(session: Session, *, split_id: str, now: datetime) -> bool:
        return False

    patch.setattr(outcomes, "expire_split", sleep)


_FAULTS = [
    _late_money_counts,
    _late_money_is_kept,
    _the_minimum_is_forgotten,
    _each_pays_the_whole_delivery,
    _who_leaves_still_counts,
    _deadlines_pass_unseen,
]


@each_fault(_FAULTS)
def test_a_seeded_fault_turns_the_machine_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    fault(monkeypatch)
    turns_red(_machine(tmp_path), examples=40, steps=5)
