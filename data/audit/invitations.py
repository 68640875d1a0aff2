"""I10, I14 for inviting: one level, nobody themselves, and a reward for a sale that stands."""

from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from data.audit.budgets import of_budget
from data.audit.checks import Check, Moment
from data.group_buys.invitation_models import InvitedSeat
from data.group_buys.models import PAYING, Seat, Team, TeamState
from data.group_buys.reward_models import InviteBudget, InviteReward, RewardState
from data.orders import Order, OrderState
from data.payments import Refund
from data.people.models import Person

_OUT = (RewardState.GIVEN, RewardState.OWED)  # the money is with the inviter
_BOUGHT = (
    OrderState.PAID,
    OrderState.WAITING_GROUP,
    OrderState.READY,
    OrderState.SHIPPED,
    OrderState.DELIVERED,
)
_SENT = (OrderState.SHIPPED, OrderState.DELIVERED)


def _beyond_one_level(_: Moment) -> Select[Any]:
    return select(InvitedSeat.seat_id).where(InvitedSeat.level != 1)


def _oneself(_: Moment) -> Select[Any]:
    """Who sits there is who invited, by now at least."""
    sits, invited = aliased(Person), aliased(Person)
    return (
        select(InvitedSeat.seat_id)
        .join(Seat, Seat.id == InvitedSeat.seat_id)
        .join(sits, sits.id == Seat.person_id)
        .join(invited, invited.id == InvitedSeat.inviter_id)
        .where(
            func.coalesce(sits.merged_into, sits.id)
            == func.coalesce(invited.merged_into, invited.id)
        )
    )


def _in_turn(_: Moment) -> Select[Any]:
    """Two in one team who each came by the other."""
    mine, theirs = aliased(Seat), aliased(Seat)
    back = aliased(InvitedSeat)
    return (
        select(InvitedSeat.seat_id)
        .join(mine, mine.id == InvitedSeat.seat_id)
        .join(theirs, theirs.team_id == mine.team_id)
        .join(back, back.seat_id == theirs.id)
        .where(theirs.person_id == InvitedSeat.inviter_id, back.inviter_id == mine.person_id)
    )


def _given_otherwise(_: Moment) -> Select[Any]:
    """Given means: one refund of that very amount, of an order of who invited."""
    is_it = and_(
        Refund.id == InviteReward.refund_id,
        Refund.order_id == InviteReward.order_id,
        Refund.amount_minor == InviteReward.amount_minor,
        Refund.currency == InviteReward.currency,
    )
    return (
        select(InviteReward.seat_id)
        .outerjoin(Refund, is_it)
        .where(InviteReward.state.in_(_OUT), Refund.id.is_(None))
    )


def _not_for_a_sale(_: Moment) -> Select[Any]:
    """Promised or given, and the invited seat has no paid order, or was invited by nobody."""
    return (
        select(InviteReward.seat_id)
        .join(Seat, Seat.id == InviteReward.seat_id)
        .outerjoin(Order, and_(Order.id == Seat.order_id, Order.state.in_(_BOUGHT)))
        .outerjoin(InvitedSeat, InvitedSeat.seat_id == Seat.id)
        .where(InviteReward.state.in_((RewardState.PROMISED, RewardState.GIVEN)))
        .where(or_(Order.id.is_(None), Seat.state.not_in(PAYING), InvitedSeat.seat_id.is_(None)))
    )


def _too_early(_: Moment) -> Select[Any]:
    """Given before the team came together, or before the goods were sent."""
    return (
        select(InviteReward.seat_id)
        .join(Seat, Seat.id == InviteReward.seat_id)
        .join(Team, Team.id == Seat.team_id)
        .join(Order, Order.id == Seat.order_id)
        .where(InviteReward.state == RewardState.GIVEN)
        .where(or_(Team.state != TeamState.SUCCESS, Order.state.not_in(_SENT)))
    )


def _not_given(moment: Moment) -> Select[Any]:
    """Nothing can go back any more, and it is still only promised."""
    return select(InviteReward.seat_id).where(
        InviteReward.state == RewardState.PROMISED, InviteReward.due_at <= moment.settled
    )


CHECKS = (
    Check("I10", "invitation_beyond_one_level", _beyond_one_level),
    Check("I10", "invitation_of_oneself", _oneself),
    Check("I10", "invitations_in_turn", _in_turn),
    *of_budget("invite_rewards", InviteBudget, InviteReward),
    Check("I10", "invite_reward_is_not_its_refund", _given_otherwise),
    Check("I10", "invite_reward_without_a_sale", _not_for_a_sale),
    Check("I10", "invite_reward_too_early", _too_early),
    Check("I10", "invite_reward_not_given", _not_given),
)
