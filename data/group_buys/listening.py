"""What group-buys hear, and the jobs they run: seats first, then what follows from them."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner
from data.group_buys import aside, invite_rewards, moved, outcomes, rewards, shipping, turns
from data.kernel.facts import Fact


def listen(session: Session, fact: Fact, now: datetime) -> None:
    """Rewards ask who led before shipping finds somebody else to lead."""
    outcomes.listen(session, fact, now)
    rewards.listen(session, fact, now)
    invite_rewards.listen(session, fact, now)
    shipping.listen(session, fact, now)
    turns.listen(session, fact, now)
    moved.listen(session, fact, now)


JOBS: Mapping[str, JobRunner] = {
    **outcomes.JOBS,
    **aside.JOBS,
    **rewards.JOBS,
    **invite_rewards.JOBS,
    **shipping.JOBS,
    **turns.JOBS,
}
