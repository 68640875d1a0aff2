"""Who invited somebody gets something back when that order can go back no more: from what they
paid themselves, and only while the campaign's budget lasts (I10, I14).

Promised when the invited seat is paid, never for joining; given when the team came together, the
order was sent and the time to return it is over. Until then a refund frees the budget. What takes
the sale back later reverses it all the same: what the inviter has is owed, stays counted, and is
their next reward in this campaign instead of more money.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner, NewJob, enqueue
from data.delivery.models import Job
from data.group_buys.facts import InviterRewarded, SeatLost
from data.group_buys.invitation_models import InvitedSeat
from data.group_buys.invitations import forget_own
from data.group_buys.models import PAYING, Seat, Team, TeamState
from data.group_buys.queries import seat_of_order
from data.group_buys.reward_models import COUNTED, InviteBudget, InviteReward, RewardState
from data.group_buys.rewarding import (
    EARNED,
    GOING_BACK,
    drop,
    give_back,
    is_unpaid_again,
    spend,
    turn,
    unspend,
)
from data.kernel.facts import Fact, announce
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders import (
    Order,
    OrderDelivered,
    OrderFact,
    OrderKind,
    OrderPaid,
    OrderRefunded,
    OrderShipped,
    OrderState,
    Return,
    ReturnReceived,
    ReturnState,
    exchange_of,
    lock_order,
)
from data.orders.return_terms import return_window
from data.payments import RefundRequested
from data.people.merged import been

GIVE = "invite_reward"  # the job kind; args: seat_id
_SENT = (OrderState.SHIPPED, OrderState.DELIVERED)
_UNDECIDED = (ReturnState.REQUESTED, ReturnState.APPROVED)
_LOOK_AGAIN = timedelta(days=1)  # at goods that are on their way, either way


def invite_budget_of(session: Session, campaign_id: str) -> InviteBudget | None:
    """What the campaign may give for inviting; None where it gives nothing."""
    return session.get(InviteBudget, campaign_id, populate_existing=True)


def invite_reward_of(session: Session, seat_id: str) -> InviteReward | None:
    """What was promised or given for this seat, if it counts."""
    reward = session.get(InviteReward, seat_id, populate_existing=True)
    return reward if reward is not None and reward.state in COUNTED else None


def listen(session: Session, fact: Fact, now: datetime) -> None:
    """Rewards for inviting hear of seats and of orders."""
    if isinstance(fact, SeatLost):
        _reverse(session, fact.seat_id)
    elif isinstance(fact, OrderPaid):
        _promise(session, fact, now)
    elif isinstance(fact, OrderShipped | OrderDelivered):
        _look_later(session, fact, now)
    elif isinstance(fact, RefundRequested | OrderRefunded):
        _order_goes_back(session, fact)
    elif isinstance(fact, ReturnReceived):
        _goods_came_back(session, fact)


def _promise(session: Session, fact: OrderPaid, now: datetime) -> None:
    """As much as the budget has left; for a seat whose money counted."""
    seat = _seat_of(session, fact)
    noted = session.get(InvitedSeat, seat.id) if seat is not None else None
    if seat is None or noted is None or not noted.rewarded or seat.state not in PAYING:
        return
    budget = invite_budget_of(session, seat.campaign_id)
    if session.get(InviteReward, seat.id) is not None or budget is None:
        return
    if not spend(session, budget):
        return
    session.add(
        InviteReward(
            seat_id=seat.id,
            merchant_id=seat.merchant_id,
            campaign_id=seat.campaign_id,
            inviter_id=noted.inviter_id,
            amount_minor=budget.each_minor,
            currency=budget.currency,
            state=RewardState.PROMISED,
            promised_at=now,
        )
    )
    session.flush()


def _seat_of(session: Session, fact: OrderFact) -> Seat | None:
    if session.get_one(Order, fact.order_id).kind != OrderKind.GROUP:
        return None
    return seat_of_order(session, order_id=fact.order_id)


def _reverse(session: Session, seat_id: str) -> None:
    """The sale came to nothing. What is out already is owed, and counts on."""
    reward = invite_reward_of(session, seat_id)
    if reward is None:
        return
    if reward.state == RewardState.PROMISED:
        drop(session, reward, InviteBudget)
    elif reward.state == RewardState.GIVEN:
        turn(session, reward, RewardState.OWED)


def _order_goes_back(session: Session, fact: OrderFact) -> None:
    """All of it. What the inviter got out of their own payment is part of what goes back to them:
    they have it no longer."""
    order, seat = session.get_one(Order, fact.order_id), _seat_of(session, fact)
    if order.state in GOING_BACK:
        _drop_given_out_of(session, order)
    elif seat is None or not is_unpaid_again(session, order):
        return
    if seat is not None:
        _reverse(session, seat.id)


def _drop_given_out_of(session: Session, order: Order) -> None:
    given = select(InviteReward.seat_id).where(InviteReward.order_id == order.id)
    for seat_id in session.scalars(given.order_by(InviteReward.seat_id)).all():
        reward = invite_reward_of(session, seat_id)
        if reward is not None:
            drop(session, reward, InviteBudget)


def _goods_came_back(session: Session, fact: ReturnReceived) -> None:
    """And no others go out instead."""
    seat = _seat_of(session, fact)
    if seat is not None and exchange_of(session, session.get_one(Return, fact.return_id)) is None:
        _reverse(session, seat.id)


def _look_later(session: Session, fact: OrderFact, now: datetime) -> None:
    seat = _seat_of(session, fact)
    reward = invite_reward_of(session, seat.id) if seat is not None else None
    if reward is not None and reward.state == RewardState.PROMISED:
        merchant = session.get_one(Merchant, fact.merchant_id)
        _look_at(session, reward, now + return_window(merchant), now)


def _look_at(session: Session, reward: InviteReward, at: datetime, now: datetime) -> None:
    turn(session, reward, RewardState.PROMISED, due_at=at)
    job = NewJob(
        lane=f"{GIVE}:{reward.seat_id}",
        kind=GIVE,
        key=f"{GIVE}:{reward.seat_id}:{at.isoformat()}",
        run_at=at,
        args={"seat_id": reward.seat_id},
        merchant_id=reward.merchant_id,
    )
    enqueue(session, job, now=now)


def give_invite_reward(session: Session, *, seat_id: str, now: datetime) -> bool:
    """Once nothing of the order can go back any more. False: it is given, gone, or not due."""
    orders = _locked(session, seat_id)
    reward = invite_reward_of(session, seat_id)
    if reward is None or reward.state != RewardState.PROMISED:
        return False
    bought, own = orders
    at = _kept_from(session, bought, now)
    if at is not None and at > now:
        _look_at(session, reward, at, now)
        return False
    if at is None or own is None or own.state not in EARNED or not _is_whole(session, seat_id):
        drop(session, reward, InviteBudget)
        return False
    if _set_off(session, reward):
        return True
    cause = f"{GIVE}:{seat_id}"
    back = give_back(session, reward, InviteBudget, order=own, cause_ref=cause, now=now)
    if back is not None:
        _tell(session, reward, own, back, now)
    return back is not None


def _locked(session: Session, seat_id: str) -> tuple[Order | None, Order | None]:
    """The order that was paid by invitation and the inviter's own, locked in one fixed order and
    before anything of the reward is: orders come first."""
    seat = session.get_one(Seat, seat_id, populate_existing=True)
    reward = session.get_one(InviteReward, seat_id)
    own = session.scalar(
        select(Seat.order_id)
        .where(Seat.team_id == seat.team_id)
        .where(Seat.person_id.in_(been(session, reward.inviter_id)))
        .where(Seat.order_id.is_not(None), Seat.state.in_(PAYING))
        .order_by(Seat.created_at.desc())
        .limit(1)
    )
    ids = sorted(one for one in {seat.order_id, own} if one is not None)
    locked = {one: lock_order(session, order_id=one) for one in ids}
    return locked.get(seat.order_id or ""), locked.get(own or "")


def _is_whole(session: Session, seat_id: str) -> bool:
    """The team came together, and the invitation stands."""
    seat = session.get_one(Seat, seat_id)
    succeeded = session.get_one(Team, seat.team_id).state == TeamState.SUCCESS
    noted = session.get(InvitedSeat, seat_id, populate_existing=True)
    return succeeded and seat.state in PAYING and noted is not None


def _kept_from(session: Session, order: Order | None, now: datetime) -> datetime | None:
    """From when on the buyer has these goods, or others instead, for good; None: they sent some
    back, or their money goes back. Later than `now` while it may still come to that."""
    if order is None or order.state in GOING_BACK or is_unpaid_again(session, order):
        return None
    if order.state not in _SENT:
        return now + _LOOK_AGAIN
    at = order.updated_at + return_window(session.get_one(Merchant, order.merchant_id))
    for asked in session.scalars(select(Return).where(Return.order_id == order.id)).all():
        settled = _settled_from(session, asked, now)
        if settled is None:
            return None
        at = max(at, settled)
    return at


def _settled_from(session: Session, asked: Return, now: datetime) -> datetime | None:
    """The same of one return: refused, or other goods came instead, which may come back too."""
    if asked.state == ReturnState.REFUSED:
        return now
    instead = exchange_of(session, asked)
    if asked.state == ReturnState.EXCHANGED and instead is not None and instead.order_id:
        return _kept_from(session, session.get_one(Order, instead.order_id), now)
    is_open = asked.state in _UNDECIDED or (asked.state == ReturnState.RECEIVED and instead)
    return now + _LOOK_AGAIN if is_open else None


def _set_off(session: Session, reward: InviteReward) -> bool:
    """What they still owe of an earlier one is this one: no more money goes out."""
    owed = session.scalar(
        select(InviteReward)
        .where(InviteReward.campaign_id == reward.campaign_id)
        .where(InviteReward.inviter_id == reward.inviter_id)
        .where(InviteReward.state == RewardState.OWED)
        .order_by(InviteReward.given_at, InviteReward.seat_id)
        .limit(1)
    )
    if owed is None:
        return False
    given = {
        "amount_minor": owed.amount_minor,
        "order_id": owed.order_id,
        "refund_id": owed.refund_id,
        "given_at": owed.given_at,
    }
    promised = reward.amount_minor
    if not turn(session, owed, RewardState.GONE, refund_id=None, order_id=None):
        return False
    if turn(session, reward, RewardState.GIVEN, **given):
        unspend(session, InviteBudget, reward.campaign_id, promised)
    return True


def _tell(
    session: Session, reward: InviteReward, order: Order, amount: Money, now: datetime
) -> None:
    """To the inviter; whose order it was for is not theirs to know."""
    given = InviterRewarded(
        merchant_id=order.merchant_id,
        team_id=session.get_one(Seat, reward.seat_id).team_id,
        chat_id=None,
        person_id=order.person_id,
        reward=reward.seat_id,
        amount=amount,
    )
    announce(session, given, now=now)


def forget_self_invitations(session: Session, *, person_id: str) -> None:
    """Two turned out to be one: nobody is rewarded for inviting themselves."""
    for seat_id in forget_own(session, person_id=person_id):
        _reverse(session, seat_id)


def _run_give(session: Session, job: Job, now: datetime) -> None:
    give_invite_reward(session, seat_id=job.args["seat_id"], now=now)


JOBS: Mapping[str, JobRunner] = {GIVE: _run_give}
