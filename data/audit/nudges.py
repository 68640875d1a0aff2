"""I12 for teams: nobody is reminded of one more often, or sooner again, than is allowed."""

from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from data.audit.checks import Check, Moment
from data.group_buys.models import Team
from data.group_buys.nudge_models import TeamNudge
from data.group_buys.nudges import MOST


def _too_often(_: Moment) -> Select[Any]:
    """By the team's own count, by the rows, or because the two differ."""
    times = select(func.count()).select_from(TeamNudge).where(TeamNudge.team_id == Team.id)
    rows = times.scalar_subquery()
    return select(Team.id).where(or_(Team.nudges > MOST, rows > MOST, Team.nudges != rows))


def _too_soon(_: Moment) -> Select[Any]:
    earlier = aliased(TeamNudge)
    before = and_(earlier.team_id == TeamNudge.team_id, earlier.number < TeamNudge.number)
    return (
        select(TeamNudge.team_id)
        .join(earlier, before)
        .where(or_(TeamNudge.at < earlier.next_at, TeamNudge.at <= earlier.at))
    )


CHECKS = (
    Check("I12", "team_nudged_too_often", _too_often),
    Check("I12", "team_nudged_too_soon", _too_soon),
)
