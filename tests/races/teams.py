"""What is asked of a team once a race for it is over."""

from sqlalchemy import func, select

from data.group_buys import TeamState
from data.group_buys.models import TeamStep
from data.payments import PaymentAttempt
from tests.data.group_buys.shop import GroupShop


def decisions(shop: GroupShop, team_id: str) -> int:
    """How often it moved on from being open."""
    with shop.database.reading() as session:
        decided = TeamStep.team_id == team_id, TeamStep.state != TeamState.OPEN
        return session.scalar(select(func.count()).select_from(TeamStep).where(*decided)) or 0


def captured(shop: GroupShop) -> list[int]:
    """What was taken, a figure a payment, the smallest first."""
    with shop.database.reading() as session:
        taken = select(PaymentAttempt.captured_minor).where(PaymentAttempt.captured_minor > 0)
        return sorted(session.scalars(taken))
