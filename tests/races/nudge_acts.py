"""What one process does in a race to have a group reminded."""

from datetime import datetime
from multiprocessing.synchronize import Barrier

from sqlalchemy import update

from data.group_buys.models import Team
from data.group_buys.nudges import may_be_nudged, nudge
from data.kernel.database import Database


def nudge_team(database: Database, barrier: Barrier, team: str, person: str, now: datetime) -> None:
    barrier.wait()
    with database.transaction() as session:
        nudge(session, team_id=team, person_id=person, now=now)


def naive_nudge(
    database: Database, barrier: Barrier, team: str, person: str, now: datetime
) -> str | None:
    """Looks first and writes then, `person` or not."""
    with database.reading() as session:
        may = may_be_nudged(session.get_one(Team, team), now)
    barrier.wait()
    if not may:
        return f"{person} came too late"
    with database.transaction() as session:
        session.execute(update(Team).where(Team.id == team).values(nudges=Team.nudges + 1))
    return None
