"""I14 for rewards of every kind: what counts as spent is what they come to, within the budget."""

from typing import Any

from sqlalchemy import Select, func, select

from data.audit.checks import Check, Moment
from data.group_buys.reward_models import COUNTED, Budget, Reward


def of_budget(prefix: str, budget: type[Budget], reward: type[Reward]) -> tuple[Check, ...]:
    """`prefix`: of the names of these rules."""

    def spent_differs(_: Moment) -> Select[Any]:
        counted = (
            select(func.coalesce(func.sum(reward.amount_minor), 0))
            .where(reward.campaign_id == budget.campaign_id)
            .where(reward.state.in_(COUNTED))
            .scalar_subquery()
        )
        return select(budget.campaign_id).where(budget.spent_minor != counted)

    def over_budget(_: Moment) -> Select[Any]:
        return select(budget.campaign_id).where(budget.spent_minor > budget.budget_minor)

    return (
        Check("I14", f"{prefix}_are_not_their_budget", spent_differs),
        Check("I14", f"{prefix}_over_budget", over_budget),
    )
