"""The state machine with a shop that decides for a team: what it reaches, and what it sees."""

from pathlib import Path

import pytest
from hypothesis import seed

from data.group_buys import PayMode, by_shop
from data.payments import by_shop as by_form
from tests.data.group_buys.machine import STEPS, GroupBuyMachine
from tests.data.group_buys.playing import a_machine, play, play_each_path
from tests.data.group_buys.shopkeeper import ShopkeeperMachine
from tests.machines import Fault, each_fault, turns_red

_DECIDED, _GAVE_BACK = {"shop completed", "shop called off"}, {"shop gave back"}
_MODES = [PayMode.CHARGE, PayMode.HOLD, PayMode.JOIN_FIRST]


def _a_shop(path: Path, mode: PayMode = PayMode.CHARGE) -> type[GroupBuyMachine]:
    return a_machine(path, size=3, mode=mode, kind=ShopkeeperMachine)


def _deeds(mode: PayMode) -> set[str]:
    """What is only reserved is no money to give back."""
    return _DECIDED if mode == PayMode.HOLD else _DECIDED | _GAVE_BACK


@pytest.mark.parametrize("mode", _MODES)
def test_a_shop_that_decides_does_as_the_model_says(tmp_path: Path, mode: PayMode) -> None:
    play_each_path(_a_shop(tmp_path, mode), 5, steps=4, also=_deeds(mode))


@pytest.mark.slow
@pytest.mark.parametrize("mode", _MODES)
def test_many_shops_that_decide_do_as_the_model_says(tmp_path: Path, mode: PayMode) -> None:
    play(seed(11)(_a_shop(tmp_path, mode)), 250, steps=20, share=0.1, also=_deeds(mode))


@pytest.mark.slow
@pytest.mark.parametrize("mode", _MODES)
def test_many_with_ladders_do_too(tmp_path: Path, mode: PayMode) -> None:
    machine = a_machine(tmp_path, size=2, tiers=STEPS, mode=mode, kind=ShopkeeperMachine)
    play(seed(12)(machine), 250, steps=20, share=0.1, also=_deeds(mode))


def _who_is_paying_is_passed_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(by_shop, "_everybody", lambda there, people: (there == people,))


def _it_is_completed_after_its_time(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(by_shop, "_in_time", lambda now: ())


def _what_must_pay_stays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(by_shop, "_asked_for", lambda people: {"target": people})


def _a_place_without_money_stays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(by_form, "_is_all", lambda order, attempt, amount: False)


def _nobody_decides(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(by_shop, "succeed_if_full", lambda session, team_id, now: False)


_FAULTS = [
    _who_is_paying_is_passed_over,
    _it_is_completed_after_its_time,
    _what_must_pay_stays,
    _nobody_decides,
    _a_place_without_money_stays,
]


@each_fault(_FAULTS)
def test_a_fault_of_the_shops_hand_turns_the_machine_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    fault(monkeypatch)
    turns_red(_a_shop(tmp_path), examples=60, steps=4)
