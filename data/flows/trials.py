"""Trials of flow versions by their own stories: kept as they came out, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.flows.trial_models import FlowOverride, FlowTrial


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which stories tried which version, and what they said."""

    sha: str
    stories: str
    passed: int
    failures: list[dict[str, Any]]


def keep_trial(
    session: Session, *, merchant_id: str, outcome: Outcome, by: str, now: datetime
) -> FlowTrial:
    trial = FlowTrial(
        merchant_id=merchant_id,
        sha=outcome.sha,
        stories=outcome.stories,
        passed=outcome.passed,
        failures=outcome.failures,
        by=by,
        at=now,
    )
    session.add(trial)
    session.flush()
    return trial


def newest_trial(session: Session, *, merchant_id: str, sha: str, stories: str) -> FlowTrial | None:
    """What these very stories said of this very version, if they were asked."""
    return session.scalar(
        select(FlowTrial)
        .where(
            FlowTrial.merchant_id == merchant_id,
            FlowTrial.sha == sha,
            FlowTrial.stories == stories,
        )
        .order_by(FlowTrial.id.desc())
        .limit(1)
    )


def override(
    session: Session, *, trial: FlowTrial, reason: str, by: str, now: datetime
) -> FlowOverride:
    """Somebody takes it upon themselves."""
    taken = FlowOverride(
        merchant_id=trial.merchant_id,
        trial_id=trial.id,
        sha=trial.sha,
        reason=reason,
        by=by,
        at=now,
    )
    session.add(taken)
    session.flush()
    return taken


def overrides(session: Session, *, merchant_id: str, limit: int = 50) -> Sequence[FlowOverride]:
    """The newest first."""
    return session.scalars(
        select(FlowOverride)
        .where(FlowOverride.merchant_id == merchant_id)
        .order_by(FlowOverride.id.desc())
        .limit(limit)
    ).all()
