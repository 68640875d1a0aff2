"""A leader gets something back when their team succeeds: once, from their own payment, and only
while the campaign's budget lasts (I14).

Promised when the team opens, so that nobody is told of a reward that is spent by the time it is
due; given when the leader's order is ready, which is after its money was taken. A team that fails,
or an order that goes back, frees the budget again.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner, NewJob, enqueue
from data.delivery.models import Job
from data.group_buys.facts import (
    RewardGiven,
    SeatLost,
    TeamCancelled,
    TeamFailed,
    TeamOpened,
)
from data.group_buys.models import Campaign, Seat, Team, TeamState
from data.group_buys.queries import seat_of_order
from data.group_buys.reward_models import COUNTED, LeaderReward, RewardBudget, RewardState
from data.group_buys.teams import team_now
from data.kernel.database import changed
from data.kernel.errors import Invalid
from data.kernel.facts import Fact, announce
from data.kernel.money import Money
from data.orders import Order, OrderFact, OrderReady, OrderRefunded, OrderState, lock_order
from data.payments import PaymentAttempt, RefundRequested, request_refund
from data.payments.attempts import attempts_of

GIVE = "leader_reward"  # the job kind; args: team_id
_EARNED = (OrderState.READY, OrderState.SHIPPED, OrderState.DELIVERED)
_GOING_BACK = (OrderState.REFUND_PENDING, OrderState.REFUNDED)


def set_budget(
    session: Session, campaign: Campaign, *, each: Money | None, budget: Money | None
) -> None:
    """What one leader and all of them may get. What is spent stays: Invalid below that."""
    known = session.get(RewardBudget, campaign.id, populate_existing=True)
    if each is None or budget is None:
        if known is not None:
            known.enabled = False
        return
    if known is None:
        known = RewardBudget(
            campaign_id=campaign.id,
            merchant_id=campaign.merchant_id,
            spent_minor=0,
            currency=campaign.currency,
        )
        session.add(known)
    if budget.minor < known.spent_minor:
        raise Invalid("reward_budget")
    known.each_minor, known.budget_minor, known.enabled = each.minor, budget.minor, True
    session.flush()


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
    """One conditional UPDATE decides whether the budget has as much left."""
    team = team_now(session, team_id)
    budget = budget_of(session, team.campaign_id)
    if budget is None or not _spend(session, budget):
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


def _spend(session: Session, budget: RewardBudget) -> bool:
    each = budget.each_minor
    won = session.execute(
        update(RewardBudget)
        .where(RewardBudget.campaign_id == budget.campaign_id, RewardBudget.each_minor == each)
        .where(RewardBudget.enabled, RewardBudget.spent_minor + each <= RewardBudget.budget_minor)
        .values(spent_minor=RewardBudget.spent_minor + each)
        .execution_options(synchronize_session=False)
    )
    return bool(changed(won))


def _unspend(session: Session, campaign_id: str, minor: int) -> None:
    session.execute(
        update(RewardBudget)
        .where(RewardBudget.campaign_id == campaign_id)
        .values(spent_minor=RewardBudget.spent_minor - minor)
        .execution_options(synchronize_session=False)
    )


def _drop(session: Session, team_id: str) -> None:
    """It is due no more, or went back with its order: the budget has it again. Once."""
    reward = reward_of(session, team_id)
    if reward is not None and _turn(session, reward, RewardState.GONE):
        _unspend(session, reward.campaign_id, reward.amount_minor)


def _turn(session: Session, reward: LeaderReward, to: RewardState, **values: object) -> bool:
    """From the state we last saw it in; False: somebody else was first."""
    won = session.execute(
        update(LeaderReward)
        .where(LeaderReward.team_id == reward.team_id, LeaderReward.state == reward.state)
        .values(state=to, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed(won))


def _leader_may_be_gone(session: Session, lost: SeatLost) -> None:
    """Who led when the team succeeded has gone back on it."""
    team = team_now(session, lost.team_id)
    if team.state == TeamState.SUCCESS and team.leader_id == lost.person_id:
        _drop(session, team.id)


def _order_goes_back(session: Session, fact: OrderFact) -> None:
    """All of it: a reward is itself a refund of some."""
    if session.get_one(Order, fact.order_id).state not in _GOING_BACK:
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
    job = NewJob(
        lane=f"{GIVE}:{seat.team_id}",
        kind=GIVE,
        key=f"{GIVE}:{seat.team_id}",
        run_at=now,
        args={"team_id": seat.team_id},
        merchant_id=seat.merchant_id,
    )
    enqueue(session, job, now=now)


def give_reward(session: Session, *, team_id: str, now: datetime) -> bool:
    """Out of what the leader paid and still has with us. False: it is given, or not due.

    A gift card's money goes back to the card alone, so who paid by card alone gets nothing back.
    """
    order = _order_of_leader(session, team_id)
    reward = reward_of(session, team_id)
    if reward is None or reward.state != RewardState.PROMISED:
        return False
    if order is None or order.state not in _EARNED:
        return False  # not ready yet, or on its way back: `listen` hears of either
    attempt, left = _paid_with(session, order)
    amount = min(reward.amount_minor, left)
    if attempt is None or amount <= 0:
        _drop(session, team_id)
        return False
    refund = request_refund(
        session,
        attempt_id=attempt.id,
        amount=Money(amount, reward.currency),
        cause_ref=f"{GIVE}:{team_id}",
        now=now,
    )
    given = {"amount_minor": amount, "order_id": order.id, "refund_id": refund.id, "given_at": now}
    promised = reward.amount_minor
    if _turn(session, reward, RewardState.GIVEN, **given):
        _unspend(session, reward.campaign_id, promised - amount)
        _tell(session, team_id, order, Money(amount, reward.currency), now)
    return True


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


def _paid_with(session: Session, order: Order) -> tuple[PaymentAttempt | None, int]:
    """The payment behind an order, and what may come back of it. The smallest unit stays: an order
    with nothing left in its payment would not be a paid one."""
    left = {one: one.captured_minor - one.promised_minor for one in attempts_of(session, order.id)}
    attempt = max(left, key=lambda one: left[one], default=None)
    return attempt, left[attempt] - 1 if attempt is not None else 0


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
