"""I2, I8 for price ladders: a price is that of those who paid, and the difference is exact."""

from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import ColumnElement

from data.audit.checks import Check, Moment
from data.group_buys.models import PayMode, Seat, Team, TeamState, TeamStep, Underpaid
from data.group_buys.pledges import needed_for
from data.group_buys.tier_models import TeamTier
from data.group_buys.tiers import price_for
from data.orders import Order, OrderLine, OrderState
from data.orders.coupon_models import ChargeKind, OrderCharge

_UNDER_WAY = (OrderState.READY, OrderState.SHIPPED, OrderState.DELIVERED)


def _not_a_ladder(_: Moment) -> Select[Any]:
    """Larger teams pay less, and none is larger than its team can be."""
    lower = TeamTier.__table__.alias("lower")
    worse = select(lower.c.team_id).where(
        lower.c.team_id == TeamTier.team_id,
        lower.c.min_size < TeamTier.min_size,
        lower.c.price_minor <= TeamTier.price_minor,
    )
    return (
        select(Team.id)
        .join(TeamTier, TeamTier.team_id == Team.id)
        .where(
            or_(
                TeamTier.price_minor >= Team.price_minor,
                TeamTier.min_size <= Team.minimum,
                TeamTier.min_size > Team.target,
                worse.exists(),
            )
        )
    )


def _came_to_another(_: Moment) -> Select[Any]:
    """What a team came to is how many had paid when it succeeded, at the price of that many; where
    people join first, how many had joined when they were asked to pay."""
    asked = Team.mode == PayMode.JOIN_FIRST
    decided = case(
        (asked, _at(TeamStep.held, TeamState.PAYING)), else_=_at(TeamStep.paid, TeamState.SUCCESS)
    )
    price = case((Team.final_size.is_(None), 0), else_=price_for(Team.final_size))
    wrong = or_(
        func.coalesce(Team.final_size, 0) != func.coalesce(decided, 0),
        func.coalesce(Team.final_price_minor, 0) != price,
    )
    return select(Team.id).where(wrong)


def _at(count: InstrumentedAttribute[int], state: TeamState) -> ColumnElement[int]:
    step = select(count).where(TeamStep.team_id == Team.id, TeamStep.state == state)
    return step.correlate(Team).scalar_subquery()


def _more_than_it_came_to(_: Moment) -> Select[Any]:
    """Who paid after the decision is none of those whose number made the price."""
    return select(Team.id).where(Team.state == TeamState.SUCCESS, Team.paid > Team.final_size)


def _window_decided_wrongly(_: Moment) -> Select[Any]:
    """Of teams whose people joined first: enough had joined to be asked; then enough paid, or the
    shop's rule was followed, and not before nobody else could pay."""
    paid, needed = TeamStep.paid, needed_for(Team.final_size)
    ships = and_(Team.underpaid == Underpaid.SHIP, paid > 0)
    is_early = and_(TeamStep.at < Team.pay_until, paid < TeamStep.held)
    too_few = or_(TeamStep.held < TeamStep.minimum, Team.pay_until.is_(None))
    wrong = case(
        (TeamStep.state == TeamState.PAYING, too_few),
        (TeamStep.state == TeamState.SUCCESS, or_(is_early, and_(paid < needed, ~ships))),
        (Team.pay_until.is_(None), TeamStep.held >= TeamStep.minimum),
        else_=or_(is_early, paid >= needed, ships),
    )
    ended = TeamStep.state.in_((TeamState.PAYING, TeamState.SUCCESS, TeamState.FAILED))
    steps = select(TeamStep.team_id).join(Team, Team.id == TeamStep.team_id)
    return steps.where(Team.mode == PayMode.JOIN_FIRST, ended, wrong)


def _difference_is_wrong(_: Moment) -> Select[Any]:
    """What came off an order whose goods are owed is what its team's price came down by; less only
    where its goods cost nothing any more."""
    goods = (
        select(func.sum(OrderLine.unit_minor * OrderLine.quantity))
        .where(OrderLine.order_id == Order.id)
        .scalar_subquery()
    )
    came_off = -_charged(ChargeKind.LADDER)
    left = goods + _charged(ChargeKind.DISCOUNT) - came_off
    off = case(
        (Team.mode == PayMode.JOIN_FIRST, 0),  # ordered at that price
        else_=(Team.price_minor - Team.final_price_minor) * Seat.quantity,
    )
    return (
        select(Order.id)
        .join(Seat, Seat.order_id == Order.id)
        .join(Team, Team.id == Seat.team_id)
        .where(Order.state.in_(_UNDER_WAY), Team.final_price_minor.is_not(None))
        .where(or_(came_off > off, (came_off < off) & (left > 0)))
    )


def _charged(kind: ChargeKind) -> ColumnElement[int]:
    total = select(func.coalesce(func.sum(OrderCharge.amount_minor), 0)).where(
        OrderCharge.order_id == Order.id, OrderCharge.kind == kind
    )
    return total.scalar_subquery()


CHECKS = (
    Check("I8", "team_prices_do_not_fall", _not_a_ladder),
    Check("I2", "team_came_to_another_price", _came_to_another),
    Check("I2", "team_has_more_than_it_came_to", _more_than_it_came_to),
    Check("I2", "team_window_decided_wrongly", _window_decided_wrongly),
    Check("I8", "ladder_difference_wrong", _difference_is_wrong),
)
