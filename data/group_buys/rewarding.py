"""What both rewards share: a budget that one conditional UPDATE guards, and money that comes back
from what the person paid themselves. Who gets one, and when, stands in rewards.py for leaders and
in invite_rewards.py for who invited.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from data.group_buys.models import Campaign
from data.group_buys.reward_models import (
    COUNTED,
    Budget,
    InviteBudget,
    InviteReward,
    LeaderReward,
    Reward,
    RewardBudget,
    RewardState,
)
from data.kernel.database import changed
from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.orders import Order, OrderState
from data.payments import Dispute, DisputeState, PaymentAttempt, request_refund
from data.payments.attempts import attempts_of
from data.payments.credit import uses_of
from data.payments.credit_models import UseState

EARNED = (OrderState.READY, OrderState.SHIPPED, OrderState.DELIVERED)
GOING_BACK = (OrderState.REFUND_PENDING, OrderState.REFUNDED)
_B = TypeVar("_B", RewardBudget, InviteBudget)


def keep_budget(
    session: Session,
    kind: type[_B],
    campaign: Campaign,
    *,
    each: Money | None,
    budget: Money | None,
) -> _B | None:
    """What one may get, and all of them. What is spent stays: Invalid below that."""
    known = session.get(kind, campaign.id, populate_existing=True)
    if each is None or budget is None:
        if known is not None:
            known.enabled = False
        return None
    if known is None:
        known = kind(
            campaign_id=campaign.id,
            merchant_id=campaign.merchant_id,
            spent_minor=0,
            currency=campaign.currency,
        )
        session.add(known)
    if budget.minor < known.spent_minor:
        raise Invalid(kind.term)
    known.each_minor, known.budget_minor, known.enabled = each.minor, budget.minor, True
    session.flush()
    return known


def spend(session: Session, budget: Budget) -> bool:
    """One reward more. This UPDATE decides whether the budget has as much left."""
    kind, each = type(budget), budget.each_minor
    won = session.execute(
        update(kind)
        .where(kind.campaign_id == budget.campaign_id, kind.each_minor == each)
        .where(kind.enabled, kind.spent_minor + each <= kind.budget_minor)
        .values(spent_minor=kind.spent_minor + each)
        .execution_options(synchronize_session=False)
    )
    return bool(changed(won))


def unspend(session: Session, kind: type[Budget], campaign_id: str, minor: int) -> None:
    session.execute(
        update(kind)
        .where(kind.campaign_id == campaign_id)
        .values(spent_minor=kind.spent_minor - minor)
        .execution_options(synchronize_session=False)
    )


def turn(session: Session, reward: Reward, to: RewardState, **values: object) -> bool:
    """From the state we last saw it in; False: somebody else was first."""
    kind = type(reward)
    mine = (
        LeaderReward.team_id == reward.team_id
        if isinstance(reward, LeaderReward)
        else (InviteReward.seat_id == reward.seat_id)
    )
    won = session.execute(
        update(kind)
        .where(mine, kind.state == reward.state)
        .values(state=to, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed(won))


def drop(session: Session, reward: Reward, kind: type[Budget]) -> None:
    """It is due no more, or went back with its order: the budget has it again. Once."""
    if reward.state in COUNTED and turn(session, reward, RewardState.GONE):
        unspend(session, kind, reward.campaign_id, reward.amount_minor)


def give_back(
    session: Session,
    reward: Reward,
    kind: type[Budget],
    *,
    order: Order,
    cause_ref: str,
    now: datetime,
) -> Money | None:
    """Out of what they paid for this order, which is locked, and still have with us; None: nothing
    is left of that, and the reward is gone.

    A gift card's money goes back to the card alone, so who paid by card alone gets nothing back.
    """
    attempt, left = _paid_with(attempts_of(session, order.id))
    amount = min(reward.amount_minor, left)
    if attempt is None or amount <= 0:
        drop(session, reward, kind)
        return None
    back = Money(amount, reward.currency)
    refund = request_refund(
        session, attempt_id=attempt.id, amount=back, cause_ref=cause_ref, now=now
    )
    given = {"amount_minor": amount, "order_id": order.id, "refund_id": refund.id, "given_at": now}
    promised = reward.amount_minor
    if not turn(session, reward, RewardState.GIVEN, **given):
        return None
    unspend(session, kind, reward.campaign_id, promised - amount)
    return back


def is_unpaid_again(session: Session, order: Order) -> bool:
    """Was all that it was paid with given back, or promised, or lost at the bank? Whatever became
    of its goods: a shop may give the money back for what it has sent."""
    tries = attempts_of(session, order.id)
    lost = select(func.coalesce(func.sum(Dispute.out_minor), 0)).where(
        Dispute.order_id == order.id, Dispute.state == DisputeState.LOST
    )
    left = sum(one.left.minor for one in tries) - (session.scalar(lost) or 0)
    on_cards = any(use.left.minor for use in uses_of(session, order, UseState.REDEEMED))
    return any(one.captured_minor for one in tries) and left <= 0 and not on_cards


def _paid_with(attempts: Sequence[PaymentAttempt]) -> tuple[PaymentAttempt | None, int]:
    """The payment behind an order, and what may come back of it. The smallest unit stays: an order
    with nothing left in its payment would not be a paid one."""
    left = {one: one.captured_minor - one.promised_minor for one in attempts}
    attempt = max(left, key=lambda one: left[one], default=None)
    return attempt, left[attempt] - 1 if attempt is not None else 0
