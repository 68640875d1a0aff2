"""The state machine with people who wait: what it reaches, and that it sees who passes the line."""

from pathlib import Path

import pytest
from hypothesis import seed
from sqlalchemy import update
from sqlalchemy.orm import Session

from data.group_buys import EntryState, PayMode, WaitlistEntry, turns, waiting
from tests.data.group_buys.machine import STEPS, GroupBuyMachine
from tests.data.group_buys.playing import a_machine, play, play_each_path
from tests.data.group_buys.waiting_machine import WaitingMachine
from tests.machines import Fault, each_fault, turns_red

_ENTRIES = {f"entry {state}" for state in EntryState} | {"credited"}
_MODES = [PayMode.CHARGE, PayMode.HOLD, PayMode.JOIN_FIRST]


def _a_line(path: Path, mode: PayMode = PayMode.CHARGE) -> type[GroupBuyMachine]:
    return a_machine(path, size=2, tiers=STEPS, mode=mode, kind=WaitingMachine)


@pytest.mark.parametrize("mode", _MODES)
def test_shops_with_lines_do_as_the_model_says(tmp_path: Path, mode: PayMode) -> None:
    play_each_path(_a_line(tmp_path, mode), 5, steps=4, also=_ENTRIES)


@pytest.mark.slow
@pytest.mark.parametrize("mode", _MODES)
def test_many_shops_with_lines_do_as_the_model_says(tmp_path: Path, mode: PayMode) -> None:
    play(seed(10)(_a_line(tmp_path, mode)), 250, steps=20, share=0.1, also=_ENTRIES)


def _the_last_in_line_is_first(patch: pytest.MonkeyPatch) -> None:
    def last(session: Session, *, team_id: str) -> WaitlistEntry | None:
        return next(reversed(waiting.all_in_line(session, team_id=team_id)), None)

    def end(
        session: Session, entry: WaitlistEntry, to: EntryState, *, seat_id: str | None = None
    ) -> None:
        """Whoever stands before."""
        waiting.end_entry(session, entry, EntryState.LEFT)
        this = update(WaitlistEntry).where(WaitlistEntry.id == entry.id)
        session.execute(this.values(state=to, seat_id=seat_id))

    patch.setattr(turns, "first_in_line", last)
    patch.setattr(turns, "end_entry", end)


def _nobody_is_called(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(turns, "seat_next", lambda session, **of: False)


def _whoever_is_seated_came_by_themselves(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(turns, "note_waited", lambda session, **of: None)


_FAULTS = [_the_last_in_line_is_first, _nobody_is_called, _whoever_is_seated_came_by_themselves]


@each_fault(_FAULTS)
def test_a_fault_of_the_line_turns_the_machine_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    fault(monkeypatch)
    turns_red(_a_line(tmp_path), examples=60, steps=4)
