"""The state machine, that it reaches every state, and that it sees each seeded fault."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import seed
from sqlalchemy import literal, update
from sqlalchemy.orm import Session

from data.group_buys import (
    PayMode,
    SeatState,
    TeamFailed,
    TeamState,
    Underpaid,
    outcomes,
    pledges,
    seats,
    teams,
    tiers,
)
from data.group_buys.models import Team
from data.kernel.ids import new_id
from data.payments import PaymentAttempt, Refund, deciding, truth
from data.payments.calls import Verb
from data.payments.refunds import DIFFERENCE
from tests.data.group_buys.machine import STEPS
from tests.data.group_buys.playing import a_machine, play, play_each_path
from tests.data.group_buys.shop import GroupShop
from tests.machines import Fault, each_fault, name_of, turns_red


def test_twenty_shops_do_as_the_model_says(tmp_path: Path) -> None:
    play_each_path(a_machine(tmp_path, size=2), 4, steps=4)


def test_twenty_shops_with_ladders_do_as_the_model_says(tmp_path: Path) -> None:
    play_each_path(a_machine(tmp_path, size=2, tiers=STEPS), 4, steps=4)


def test_shops_that_only_reserve_money_do_as_the_model_says(tmp_path: Path) -> None:
    play_each_path(a_machine(tmp_path, size=2, tiers=STEPS, mode=PayMode.HOLD), 3, steps=4)


@pytest.mark.parametrize("underpaid", list(Underpaid))
def test_shops_where_people_join_first_do_as_the_model_says(
    tmp_path: Path, underpaid: Underpaid
) -> None:
    machine = a_machine(tmp_path, 2, STEPS, PayMode.JOIN_FIRST, underpaid)
    play_each_path(machine, 4, steps=4)


@pytest.mark.slow
@pytest.mark.parametrize("mode", [PayMode.HOLD, PayMode.JOIN_FIRST])
def test_many_shops_of_each_mode_do_as_the_model_says(tmp_path: Path, mode: PayMode) -> None:
    play(seed(8)(a_machine(tmp_path, size=2, tiers=STEPS, mode=mode)), 250, steps=20)


@pytest.mark.slow
def test_many_shops_with_ladders_do_as_the_model_says(tmp_path: Path) -> None:
    play(seed(9)(a_machine(tmp_path, size=2, tiers=STEPS)), 250, steps=20)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))  # so that each core has its share
def test_a_thousand_shops_do_as_the_model_says(tmp_path: Path, part: int) -> None:
    play(seed(part)(a_machine(tmp_path, size=3)), 250, steps=20)


def _join_without_limit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seats, "_TAKE", seats.taking(Team.state == TeamState.OPEN))
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


def _difference_returned_twice(patch: pytest.MonkeyPatch) -> None:
    once = truth.request_refund

    def twice(session: Session, **wanted: Any) -> Refund:
        refund = once(session, **wanted)
        if wanted["cause_ref"] == DIFFERENCE:
            once(session, **{**wanted, "cause_ref": "again"})
        return refund

    patch.setattr(truth, "request_refund", twice)


def _difference_is_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outcomes, "lower_price", lambda session, **order: None)


def _tier_of_who_only_holds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(teams, "price_for", lambda size: tiers.price_for(Team.held))


def _enough_is_a_failure(patch: pytest.MonkeyPatch) -> None:
    def expire(session: Session, *, team_id: str, now: datetime) -> bool:
        overdue = Team.expires_at <= now
        return teams.end_team(session, team_id, TeamState.FAILED, overdue, fact=TeamFailed, now=now)

    patch.setattr(outcomes, "expire_team", expire)


def _whole_is_taken_and_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(GroupShop, "takes_parts", False)
    patch.setattr(truth, "_return_difference", lambda *told: None)


def _failed_team_is_captured(patch: pytest.MonkeyPatch) -> None:
    def take(session: Session, attempt: PaymentAttempt, cause: str, now: datetime) -> None:
        attempt.call, attempt.call_at = Verb.CAPTURE, now
        session.flush()

    patch.setattr(deciding, "_give_back", take)


def _pledge_counts_as_paid(patch: pytest.MonkeyPatch) -> None:
    def ask(session: Session, *, seat_id: str, now: datetime) -> None:
        seat = seats.seat_now(session, seat_id)
        if seats.turn_seat(session, seat, SeatState.PAID):
            teams.change_team(session, Team.id == seat.team_id, paid=Team.paid + 1)

    patch.setattr(outcomes, "ask_seat", ask)


def _window_ignores_the_rule(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pledges, "needed_for", lambda size: literal(1))


def _pledges_at_the_deadline_are_dropped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pledges, "_ask", lambda *told: False)


_MODE_FAULTS = [
    (_whole_is_taken_and_kept, PayMode.HOLD),
    (_failed_team_is_captured, PayMode.HOLD),
    (_pledge_counts_as_paid, PayMode.JOIN_FIRST),
    (_window_ignores_the_rule, PayMode.JOIN_FIRST),
    (_pledges_at_the_deadline_are_dropped, PayMode.JOIN_FIRST),
]


@pytest.mark.parametrize(
    ("fault", "mode"), _MODE_FAULTS, ids=[name_of(one) for one, _ in _MODE_FAULTS]
)
def test_a_fault_of_a_mode_turns_the_machine_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault, mode: PayMode
) -> None:
    fault(monkeypatch)
    turns_red(a_machine(tmp_path, size=2, tiers=STEPS, mode=mode), examples=60, steps=4)


_LADDER_FAULTS = [
    _difference_returned_twice,
    _difference_is_kept,
    _tier_of_who_only_holds,
    _enough_is_a_failure,
]


@each_fault(_LADDER_FAULTS)
def test_a_fault_of_a_ladder_turns_the_machine_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    fault(monkeypatch)
    turns_red(a_machine(tmp_path, size=2, tiers=STEPS), examples=60, steps=4)


@each_fault(_FAULTS)
def test_a_seeded_fault_turns_the_machine_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    fault(monkeypatch)
    turns_red(a_machine(tmp_path, size=2), examples=60, steps=4)
