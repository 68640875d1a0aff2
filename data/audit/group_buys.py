"""I2, I3, I5, I8 for teams and seats: nobody is seat N+1, no full team fails, no end is undone."""

from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from data.audit.checks import Check, Moment
from data.group_buys.limits import HOLDS_PER_PERSON
from data.group_buys.models import (
    LIVE,
    PAYING,
    RUNNING,
    Campaign,
    PayMode,
    Seat,
    SeatState,
    Team,
    TeamState,
    TeamStep,
)
from data.orders import Order, OrderLine, OrderState
from data.people.models import Person

_ENDED_BADLY = (TeamState.FAILED, TeamState.CANCELLED)
_UNDER_WAY = (OrderState.READY, OrderState.SHIPPED, OrderState.DELIVERED)


def _seats(of: ColumnElement[bool], states: tuple[SeatState, ...]) -> ColumnElement[int]:
    counted = select(func.count()).select_from(Seat).where(of, Seat.state.in_(states))
    return counted.scalar_subquery()


def _counters_differ(_: Moment) -> Select[Any]:
    mine = Seat.team_id == Team.id
    return select(Team.id).where(
        or_(Team.held != _seats(mine, LIVE), Team.paid != _seats(mine, PAYING))
    )


def _taken_differs(_: Moment) -> Select[Any]:
    """In units: a seat may be for several."""
    units = (
        select(func.coalesce(func.sum(Seat.quantity), 0))
        .where(Seat.campaign_id == Campaign.id, Seat.state.in_(LIVE))
        .scalar_subquery()
    )
    return select(Campaign.id).where(Campaign.taken != units)


def _overfull(_: Moment) -> Select[Any]:
    return select(Team.id).where(or_(Team.held > Team.target, Team.paid > Team.held))


def _full_but_open(_: Moment) -> Select[Any]:
    return select(Team.id).where(Team.state == TeamState.OPEN, Team.paid >= Team.target)


def _decided_wrongly(_: Moment) -> Select[Any]:
    """Success is for enough in time; before the deadline only for as many as can be."""
    is_early = TeamStep.at < Team.expires_at
    too_few = or_(TeamStep.paid < TeamStep.minimum, is_early & (TeamStep.paid < TeamStep.target))
    wrong = or_(
        (TeamStep.state == TeamState.SUCCESS) & too_few,
        (TeamStep.state == TeamState.FAILED) & (TeamStep.paid >= TeamStep.minimum),
        (TeamStep.state == TeamState.CANCELLED) & (TeamStep.paid >= TeamStep.target),
    )
    paid_first = Team.mode != PayMode.JOIN_FIRST  # for the others see pledges.py
    decided = select(TeamStep.team_id).join(Team, Team.id == TeamStep.team_id)
    return decided.where(paid_first, wrong)


def _asks_for_fewer(_: Moment) -> Select[Any]:
    """What a team asked for when it opened is lowered by the shop, and by nobody else."""
    other = or_(Team.minimum != TeamStep.minimum, Team.target != TeamStep.target)
    opened = select(Team.id).join(TeamStep, TeamStep.team_id == Team.id)
    return opened.where(TeamStep.state == TeamState.OPEN, Team.closed_by.is_(None), other)


def _ended_twice(_: Moment) -> Select[Any]:
    return (
        select(TeamStep.team_id)
        .where(TeamStep.state.not_in(RUNNING))
        .group_by(TeamStep.team_id)
        .having(func.count() > 1)
    )


def _not_as_it_ended(_: Moment) -> Select[Any]:
    """The state is not the last step: it was changed behind the table of moves."""
    last = (
        select(TeamStep.state)
        .where(TeamStep.team_id == Team.id)
        .order_by(TeamStep.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(Team.id).where(func.coalesce(last, "") != Team.state)


def _overdue(moment: Moment) -> Select[Any]:
    ends = func.coalesce(Team.pay_until, Team.expires_at)
    return select(Team.id).where(Team.state.in_(RUNNING), ends < moment.settled)


def _leader_gone(_: Moment) -> Select[Any]:
    """Where everybody has left and somebody waits, who is seated next leads."""
    leads = select(Seat.id).where(
        Seat.team_id == Team.id, Seat.person_id == Team.leader_id, Seat.state.in_(LIVE)
    )
    between = and_(Team.held == 0, Team.waiting > 0)
    return select(Team.id).where(Team.state.in_(RUNNING), ~leads.exists(), ~between)


def _seat_twice(_: Moment) -> Select[Any]:
    return (
        select(func.min(Seat.id))
        .where(Seat.state.in_(LIVE))
        .group_by(Seat.team_id, Seat.person_id)
        .having(func.count() > 1)
    )


def _hoarded(_: Moment) -> Select[Any]:
    return (
        select(Seat.person_id)
        .where(Seat.state == SeatState.HELD)
        .group_by(Seat.person_id)
        .having(func.count() > HOLDS_PER_PERSON)
    )


def _kept_after_the_end(moment: Moment) -> Select[Any]:
    """A team that ended without success keeps nobody's seat, and so nobody's money."""
    return (
        select(Seat.id)
        .join(TeamStep, TeamStep.team_id == Seat.team_id)
        .where(TeamStep.state.in_(_ENDED_BADLY), TeamStep.at <= moment.settled)
        .where(Seat.state.in_(LIVE))
    )


def _unsettled(moment: Moment) -> Select[Any]:
    """Who is asked to pay once more holds their place until then."""
    is_over = Seat.held_until <= moment.settled
    return (
        select(Seat.id)
        .join(TeamStep, TeamStep.team_id == Seat.team_id)
        .where(TeamStep.state == TeamState.SUCCESS, TeamStep.at <= moment.settled)
        .where(or_(Seat.state == SeatState.PAID, is_over & (Seat.state == SeatState.HELD)))
    )


def _lapsed(moment: Moment) -> Select[Any]:
    return select(Seat.id).where(
        Seat.state == SeatState.HELD,
        Seat.order_id.is_(None),
        Seat.held_until < moment.settled,
    )


def _goods_before_success(_: Moment) -> Select[Any]:
    return (
        select(Seat.order_id)
        .join(Team, Team.id == Seat.team_id)
        .join(Order, Order.id == Seat.order_id)
        .where(Order.state.in_(_UNDER_WAY), Team.state != TeamState.SUCCESS)
    )


def _another_price(_: Moment) -> Select[Any]:
    """What was ordered is the team's goods at the price it opened with; where people join first,
    at the price that as many pay."""
    price = case((Team.mode == PayMode.JOIN_FIRST, Team.final_price_minor), else_=Team.price_minor)
    return (
        select(Seat.order_id)
        .join(Team, Team.id == Seat.team_id)
        .join(OrderLine, OrderLine.order_id == Seat.order_id)
        .where(
            or_(
                OrderLine.unit_minor != price,
                OrderLine.currency != Team.currency,
                OrderLine.variant_id != Team.variant_id,
                OrderLine.quantity != Seat.quantity,
            )
        )
    )


def _paid_without_money(_: Moment) -> Select[Any]:
    """A place that counts as paid has an order that is."""
    paid = (OrderState.PAID, OrderState.WAITING_GROUP, *_UNDER_WAY)
    behind = select(Order.id).where(Order.id == Seat.order_id, Order.state.in_(paid))
    return select(Seat.id).where(Seat.state.in_(PAYING), ~behind.exists())


def _crossed(_: Moment) -> Select[Any]:
    """Seat, team and order belong to one shop, and the order to the person in the seat, or to who
    that turned out to be (T40 looks after those)."""
    order = aliased(Order)
    return (
        select(Seat.id)
        .join(Team, Team.id == Seat.team_id)
        .join(Person, Person.id == Seat.person_id)
        .outerjoin(order, order.id == Seat.order_id)
        .where(
            or_(
                Seat.merchant_id != Team.merchant_id,
                order.merchant_id != Team.merchant_id,
                Person.merged_into.is_(None) & (order.person_id != Seat.person_id),
            )
        )
    )


CHECKS = (
    Check("I2", "team_counts_are_not_its_seats", _counters_differ),
    Check("I2", "campaign_taken_is_not_its_seats", _taken_differs),
    Check("I2", "team_overfull", _overfull),
    Check("I2", "team_full_but_open", _full_but_open),
    Check("I2", "team_decided_wrongly", _decided_wrongly),
    Check("I2", "team_asks_for_fewer_by_itself", _asks_for_fewer),
    Check("I2", "team_past_its_deadline", _overdue),
    Check("I2", "team_without_its_leader", _leader_gone),
    Check("I2", "person_in_team_twice", _seat_twice),
    Check("I2", "person_hoards_seats", _hoarded),
    Check("I2", "seat_lapsed_but_held", _lapsed),
    Check("I3", "team_ended_twice", _ended_twice),
    Check("I3", "team_state_is_not_its_last_step", _not_as_it_ended),
    Check("I5", "seat_kept_after_the_end", _kept_after_the_end),
    Check("I5", "seat_unsettled_after_success", _unsettled),
    Check("I5", "goods_before_success", _goods_before_success),
    Check("I2", "seat_paid_without_money", _paid_without_money),
    Check("I8", "seat_at_another_price", _another_price),
    Check("T11", "seat_of_another_shop", _crossed),
)
