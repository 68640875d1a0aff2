"""The state machine, that it reaches every state, and that it sees each seeded fault."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.group_buys import SeatState, TeamFailed, TeamState, outcomes, seats, teams
from data.group_buys.models import Team
from data.kernel.ids import new_id
from data.payments import PaymentAttempt, Refund
from tests.data.group_buys.machine import GroupBuyMachine, found_shop
from tests.data.group_buys.shop import GroupShop

_STATES = {f"team {state}" for state in TeamState} | {f"seat {state}" for state in SeatState}
_SHARE = 0.2  # a state seen in fewer runs than this is not tested, only passed by


def _settings(examples: int, steps: int, **more: object) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        **more,  # type: ignore[arg-type]
    )


def _machine(path: Path, size: int) -> type[GroupBuyMachine]:
    founded = found_shop(path / "shop.db", size=size)

    class Machine(GroupBuyMachine):
        shop: ClassVar[GroupShop] = founded
        kept: ClassVar[Path] = path / "shop.kept"
        reached: ClassVar[Counter[str]] = Counter()

    Machine.size = size
    return Machine


def _play(machine: type[GroupBuyMachine], examples: int, *, steps: int) -> None:
    run_state_machine_as_test(machine, settings=_settings(examples, steps))
    runs = machine.reached["runs"]
    seldom = {state for state in _STATES if machine.reached[state] < _SHARE * runs}
    assert runs >= examples
    assert seldom == set()


def test_twenty_shops_do_as_the_model_says(tmp_path: Path) -> None:
    _play(_machine(tmp_path, size=2), 20, steps=4)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))  # so that each core has its share
def test_a_thousand_shops_do_as_the_model_says(tmp_path: Path, part: int) -> None:
    _play(seed(part)(_machine(tmp_path, size=3)), 250, steps=20)


def _join_without_limit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seats, "joinable", lambda now: (Team.state == TeamState.OPEN,))
    patch.setattr(seats, "refuse_if_shut", lambda team, now: None)


def _expiry_ignores_state(patch: pytest.MonkeyPatch) -> None:
    def expire(session: Session, *, team_id: str, now: datetime) -> bool:
        session.execute(update(Team).where(Team.id == team_id).values(state=TeamState.FAILED))
        teams.for_each_seat(session, team_id, teams.CLOSE, now=now)
        teams.tell(session, TeamFailed, teams.team_now(session, team_id), now=now)
        return True

    patch.setattr(outcomes, "expire_team", expire)


def _refund_twice(patch: pytest.MonkeyPatch) -> None:
    once = outcomes.refund_order

    def refund(session: Session, *, order_id: str, cause_ref: str, now: datetime) -> bool:
        done = once(session, order_id=order_id, cause_ref=cause_ref, now=now)
        for attempt in session.query(PaymentAttempt).filter_by(order_id=order_id):
            again = Refund(
                id=new_id("rfd"),
                merchant_id=attempt.merchant_id,
                order_id=order_id,
                attempt_id=attempt.id,
                cause_ref=f"again:{cause_ref}",
                idempotency_key=new_id("key"),
                amount_minor=attempt.captured_minor,
                currency=attempt.currency,
                created_at=now,
                updated_at=now,
            )
            session.add(again)
        session.flush()
        return done

    patch.setattr(outcomes, "refund_order", refund)


def _late_money_is_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outcomes, "refund_order", lambda session, **order: True)


def _payment_after_the_deadline_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outcomes, "_still_counts", lambda now: (Team.state == TeamState.OPEN,))


def _completion_is_missed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outcomes, "succeed_if_full", lambda session, team_id, now: False)


_FAULTS = [
    _join_without_limit,
    _expiry_ignores_state,
    _refund_twice,
    _late_money_is_kept,
    _payment_after_the_deadline_counts,
    _completion_is_missed,
]


@pytest.mark.parametrize("fault", _FAULTS, ids=lambda fault: fault.__name__.strip("_"))
def test_a_seeded_fault_turns_the_machine_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: object
) -> None:
    assert callable(fault)
    fault(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError)):
        run_state_machine_as_test(
            _machine(tmp_path, size=2), settings=_settings(60, 4, phases=(Phase.generate,))
        )
