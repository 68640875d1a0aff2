"""I1, I10, I14 for what a campaign promises: its goods, and its leaders' rewards."""

from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select

from data.audit.budgets import of_budget
from data.audit.checks import Check, Moment
from data.catalogue import Hold, HoldState
from data.group_buys.models import Campaign, Seat, Team, TeamState, TeamStep
from data.group_buys.reward_models import COUNTED, LeaderReward, RewardBudget, RewardState
from data.orders import Order, OrderState
from data.payments import Refund

_ENDED_BADLY = (TeamState.FAILED, TeamState.CANCELLED)
_EARNED = (OrderState.READY, OrderState.SHIPPED, OrderState.DELIVERED)


def _aside_differs(_: Moment) -> Select[Any]:
    """What is set aside and what is in seats is all of the campaign's stock."""
    held = func.coalesce(func.sum(Hold.quantity), 0)
    aside = (
        select(held)
        .where(Hold.owner_ref == Campaign.id, Hold.state == HoldState.HELD)
        .scalar_subquery()
    )
    due = case(
        (Campaign.set_aside & Campaign.aside_returned_at.is_(None), Campaign.stock_limit),
        else_=Campaign.taken,
    )
    return select(Campaign.id).where(aside + Campaign.taken != due)


def _given_otherwise(_: Moment) -> Select[Any]:
    """Given means: one refund of that very amount, of the order of who led the team."""
    is_it = and_(
        Refund.id == LeaderReward.refund_id,
        Refund.order_id == LeaderReward.order_id,
        Refund.amount_minor == LeaderReward.amount_minor,
        Refund.currency == LeaderReward.currency,
    )
    return (
        select(LeaderReward.team_id)
        .outerjoin(Refund, is_it)
        .where(LeaderReward.state == RewardState.GIVEN, Refund.id.is_(None))
    )


def _not_for_a_sale(moment: Moment) -> Select[Any]:
    """Counted, though the team came to nothing or the order is not (any more) a paid one."""
    ended = (
        select(TeamStep.id)
        .where(TeamStep.team_id == LeaderReward.team_id, TeamStep.at <= moment.settled)
        .where(TeamStep.state.in_(_ENDED_BADLY))
    )
    return (
        select(LeaderReward.team_id)
        .outerjoin(Order, Order.id == LeaderReward.order_id)
        .where(LeaderReward.state.in_(COUNTED))
        .where(or_(ended.exists(), Order.state.not_in(_EARNED)))
    )


def _not_given(moment: Moment) -> Select[Any]:
    """The leader's order is ready, and the reward is still only promised."""
    return (
        select(LeaderReward.team_id)
        .join(Team, Team.id == LeaderReward.team_id)
        .join(Seat, and_(Seat.team_id == Team.id, Seat.person_id == Team.leader_id))
        .join(Order, Order.id == Seat.order_id)
        .where(LeaderReward.state == RewardState.PROMISED, Team.state == TeamState.SUCCESS)
        .where(Order.state.in_(_EARNED), Order.updated_at <= moment.settled)
    )


CHECKS = (
    Check("I1", "set_aside_is_not_what_is_left", _aside_differs),
    *of_budget("rewards", RewardBudget, LeaderReward),
    Check("I10", "reward_is_not_its_refund", _given_otherwise),
    Check("I10", "reward_without_a_sale", _not_for_a_sale),
    Check("I10", "reward_not_given", _not_given),
)
