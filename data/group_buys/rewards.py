"""A leader gets something back when their team succeeds: once, from their own payment, and only
while the campaign's budget lasts (I14).

Promised when the team opens, so that nobody is told of a reward that is spent by the time it is
due; given when the leader's order is ready, which is after its money was taken. A team that fails,
or an order that goes back, frees the budget again.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner, enqueue_once
from data.delivery.models import Job
from data.group_buys.facts import (
    RewardGiven,
    SeatLost,
    TeamCancelled,
    TeamFailed,
    TeamOpened,
)
from data.group_buys.models import Seat, Team, TeamState
from data.group_buys.queries import seat_of_order
from data.group_buys.reward_models import COUNTED, LeaderReward, RewardBudget, RewardState
from data.group_buys.rewarding import EARNED, GOING_BACK, drop, give_back, spend
from data.group_buys.teams import team_now
from data.kernel.facts import Fact, announce
from data.kernel.money import Money
from data.orders import Order, OrderFact, OrderReady, OrderRefunded, lock_order
from data.payments import RefundRequested

GIVE = "leader_reward"  # the job kind; args: team_id


def budget_of(session: Session, campaign_id: str) -> RewardBudget | None:
    """What the campaign may give its leaders; None where it gives them nothing."""
    return session.get(RewardBudget, campaign_id, populate_existing=True)


def reward_of(session: Session, team_id: str) -> LeaderReward | None:
    """What this team's leader was promised or given, if it still stands."""
    reward = session.get(LeaderReward, team_id, populate_existing=True)
    return reward if reward is not None and reward.state in COUNTED else None


def listen(session: Session, fact: Fact, now: datetime) -> None:
    """Rewards hear of teams, seats and orders."""
    if isinstance(fact, TeamOpened):
        _promise(session, fact.team_id, now)
    elif isinstance(fact, TeamFailed | TeamCancelled):
        _drop(session, fact.team_id)
    elif isinstance(fact, SeatLost):
        _leader_may_be_gone(session, fact)
    elif isinstance(fact, OrderReady):
        _give_later(session, fact, now)
    elif isinstance(fact, RefundRequested | OrderRefunded):
        _order_goes_back(session, fact)


def _promise(session: Session, team_id: str, now: datetime) -> None:
    """As much as the budget has left."""
    team = team_now(session, team_id)
    budget = budget_of(session, team.campaign_id)
    if budget is None or not spend(session, budget):
        return
    session.add(
        LeaderReward(
            team_id=team.id,
            merchant_id=team.merchant_id,
            campaign_id=team.campaign_id,
            amount_minor=budget.each_minor,
            currency=budget.currency,
            state=RewardState.PROMISED,
            promised_at=now,
        )
    )
    session.flush()


def _drop(session: Session, team_id: str) -> None:
    reward = reward_of(session, team_id)
    if reward is not None:
        drop(session, reward, RewardBudget)


def _leader_may_be_gone(session: Session, lost: SeatLost) -> None:
    """Who led when the team succeeded has gone back on it. What is given hangs on the order that it
    came from: of two who became one the other's place may be the one that is lost."""
    team = team_now(session, lost.team_id)
    if team.state != TeamState.SUCCESS or team.leader_id != lost.person_id:
        return
    reward = reward_of(session, team.id)
    if reward is not None and reward.state == RewardState.PROMISED:
        drop(session, reward, RewardBudget)


def _order_goes_back(session: Session, fact: OrderFact) -> None:
    """All of it: a reward is itself a refund of some."""
    if session.get_one(Order, fact.order_id).state not in GOING_BACK:
        return
    given = select(LeaderReward.team_id).where(LeaderReward.order_id == fact.order_id)
    for team_id in session.scalars(given).all():
        _drop(session, team_id)


def _give_later(session: Session, fact: OrderReady, now: datetime) -> None:
    seat = seat_of_order(session, order_id=fact.order_id)
    if seat is None or reward_of(session, seat.team_id) is None:
        return
    if session.get_one(Team, seat.team_id).leader_id != seat.person_id:
        return
    args = {"team_id": seat.team_id}
    enqueue_once(session, GIVE, args, merchant_id=seat.merchant_id, now=now)


def give_reward(session: Session, *, team_id: str, now: datetime) -> bool:
    """Out of what the leader paid. False: it is given, or not due."""
    order = _order_of_leader(session, team_id)
    reward = reward_of(session, team_id)
    if reward is None or reward.state != RewardState.PROMISED:
        return False
    if order is None or order.state not in EARNED:
        return False  # not ready yet, or on its way back: `listen` hears of either
    cause = f"{GIVE}:{team_id}"
    given = give_back(session, reward, RewardBudget, order=order, cause_ref=cause, now=now)
    if given is not None:
        _tell(session, team_id, order, given, now)
    return given is not None


def _order_of_leader(session: Session, team_id: str) -> Order | None:
    """Locked, before anything of the reward is: orders come first."""
    team = team_now(session, team_id)
    order_id = session.scalar(
        select(Seat.order_id)
        .where(Seat.team_id == team.id, Seat.person_id == team.leader_id)
        .where(Seat.order_id.is_not(None))
        .order_by(Seat.created_at.desc())
        .limit(1)
    )
    return lock_order(session, order_id=order_id) if order_id is not None else None


def _tell(session: Session, team_id: str, order: Order, amount: Money, now: datetime) -> None:
    given = RewardGiven(
        merchant_id=order.merchant_id,
        team_id=team_id,
        chat_id=None,
        person_id=order.person_id,
        order_id=order.id,
        amount=amount,
    )
    announce(session, given, now=now)


def _run_give(session: Session, job: Job, now: datetime) -> None:
    give_reward(session, team_id=job.args["team_id"], now=now)


JOBS: Mapping[str, JobRunner] = {GIVE: _run_give}
