"""What of a shop's money waits for a person: contradictions, refunds that failed, dead jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, func, literal, select
from sqlalchemy.orm import Session, aliased

from data.delivery.models import Job
from data.kernel.money import Money
from data.orders import Order
from data.orders.states import lane_of
from data.payments import (
    JOBS,
    Dispute,
    NoticeState,
    PaymentAlarm,
    PaymentAttempt,
    PaymentNotice,
    QuarantineDeed,
    QuarantineMove,
    Refund,
    RefundState,
)
from data.payments.alarms import TOLD

MOST = 50  # of each kind; a shop with more has one cause for all of them
_DECIDED = 20  # who decided what, the latest
_LANE = lane_of("")  # what stands before an order's id there


@dataclass(frozen=True, slots=True)
class Standstill:
    """`payment` and, where its refund is meant, `refund`. `shown`: what the provider said."""

    payment: PaymentAttempt
    refund: Refund | None
    shown: QuarantineMove | None
    order: Order

    @property
    def subject(self) -> PaymentAttempt | Refund:
        return self.refund or self.payment

    @property
    def since(self) -> datetime:
        return self.shown.at if self.shown else self.subject.updated_at


@dataclass(frozen=True, slots=True)
class OddNotice:
    """`order` and `ours`: of the payment or the refund that it speaks of, where there is one."""

    notice: PaymentNotice
    order: Order | None
    ours: Money | None

    @property
    def claimed(self) -> Money | None:
        minor, currency = self.notice.claimed_minor, self.notice.claimed_currency
        return None if minor is None or currency is None else Money(minor, currency)


@dataclass(frozen=True, slots=True)
class Unreturned:
    """A refund that failed for good: the buyer waits for money that was promised."""

    refund: Refund
    provider: str
    order: Order


@dataclass(frozen=True, slots=True)
class DeadJob:
    job: Job
    order: Order | None


@dataclass(frozen=True, slots=True)
class Warned:
    """What became of a payment. `dispute` and `refund`: what it is about, where it is one;
    `is_told`: it is enough to know of it."""

    alarm: PaymentAlarm
    payment: PaymentAttempt
    order: Order
    dispute: Dispute | None
    refund: Refund | None

    @property
    def is_told(self) -> bool:
        return self.alarm.what in TOLD


@dataclass(frozen=True, slots=True)
class Trouble:
    """The latest of each kind; `count` is of all there are."""

    count: int
    standstills: Sequence[Standstill]
    notices: Sequence[OddNotice]
    refunds: Sequence[Unreturned]
    jobs: Sequence[DeadJob]
    alarms: Sequence[Warned]
    decided: Sequence[tuple[QuarantineMove, Order | None]]


def count_trouble(session: Session, *, merchant_id: str) -> int:
    queries = (_payments, _refunds, _notices, _unreturned, _dead, _alarms)
    return sum(
        session.scalar(select(func.count()).select_from(query(merchant_id).subquery())) or 0
        for query in queries
    )


def trouble_of(session: Session, *, merchant_id: str) -> Trouble:
    return Trouble(
        count=count_trouble(session, merchant_id=merchant_id),
        standstills=_standstills(session, merchant_id),
        notices=_odd_notices(session, merchant_id),
        refunds=[
            Unreturned(refund, paid.provider, order)
            for refund, paid, order in _with_payment(session, _unreturned(merchant_id))
        ],
        jobs=_dead_jobs(session, merchant_id),
        alarms=_warnings(session, merchant_id),
        decided=_decisions(session, merchant_id),
    )


def _payments(merchant_id: str) -> Select[PaymentAttempt]:
    return select(PaymentAttempt).where(
        PaymentAttempt.merchant_id == merchant_id, PaymentAttempt.quarantine.is_not(None)
    )


def _refunds(merchant_id: str) -> Select[Refund]:
    return select(Refund).where(Refund.merchant_id == merchant_id, Refund.quarantine.is_not(None))


def _notices(merchant_id: str) -> Select[PaymentNotice]:
    return select(PaymentNotice).where(
        PaymentNotice.merchant_id == merchant_id, PaymentNotice.state == NoticeState.QUARANTINED
    )


def _unreturned(merchant_id: str) -> Select[Refund]:
    """Failed, and not tried again since."""
    again = aliased(Refund)
    retried = select(again.id).where(again.merchant_id == merchant_id, again.retry_of == Refund.id)
    failed = (Refund.merchant_id == merchant_id, Refund.state == RefundState.FAILED)
    return select(Refund).where(*failed, Refund.quarantine.is_(None), ~retried.exists())


def _dead(merchant_id: str) -> Select[Job]:
    kinds = Job.kind.in_(sorted(JOBS))
    return select(Job).where(Job.merchant_id == merchant_id, Job.state == "dead", kinds)


def _alarms(merchant_id: str) -> Select[PaymentAlarm]:
    return select(PaymentAlarm).where(
        PaymentAlarm.merchant_id == merchant_id, PaymentAlarm.closed_at.is_(None)
    )


def _warnings(session: Session, merchant_id: str) -> list[Warned]:
    disputed = and_(
        Dispute.attempt_id == PaymentAlarm.attempt_id, Dispute.provider_ref == PaymentAlarm.about
    )
    query = (
        _alarms(merchant_id)
        .join(PaymentAttempt, PaymentAttempt.id == PaymentAlarm.attempt_id)
        .join(Order, Order.id == PaymentAlarm.order_id)
        .outerjoin(Dispute, disputed)
        .outerjoin(Refund, Refund.id == PaymentAlarm.about)
        .add_columns(PaymentAttempt, Order, Dispute, Refund)
    )
    latest = query.order_by(PaymentAlarm.id.desc()).limit(MOST)
    return [Warned(*row) for row in session.execute(latest)]


def _standstills(session: Session, merchant_id: str) -> list[Standstill]:
    query = _payments(merchant_id).join(Order, Order.id == PaymentAttempt.order_id)
    latest = query.add_columns(Order).order_by(PaymentAttempt.updated_at.desc()).limit(MOST)
    payments = session.execute(latest).all()
    refunds = _with_payment(session, _refunds(merchant_id))
    shown = _shown(session, {paid.id for paid, _ in payments} | {one.id for one, *_ in refunds})
    return [
        *(Standstill(paid, None, shown.get(paid.id), order) for paid, order in payments),
        *(Standstill(paid, one, shown.get(one.id), order) for one, paid, order in refunds),
    ]


def _with_payment(
    session: Session, refunds: Select[Refund]
) -> Sequence[tuple[Refund, PaymentAttempt, Order]]:
    query = (
        refunds.join(PaymentAttempt, PaymentAttempt.id == Refund.attempt_id)
        .join(Order, Order.id == Refund.order_id)
        .add_columns(PaymentAttempt, Order)
    )
    latest = query.order_by(Refund.updated_at.desc(), Refund.id).limit(MOST)
    return session.execute(latest).all()


def _shown(session: Session, subject_ids: set[str]) -> dict[str, QuarantineMove]:
    """What set each of them aside, the last time."""
    aside = QuarantineMove.deed == QuarantineDeed.SET_ASIDE
    query = select(QuarantineMove).where(QuarantineMove.subject_id.in_(subject_ids), aside)
    return {move.subject_id: move for move in session.scalars(query.order_by(QuarantineMove.id))}


def _odd_notices(session: Session, merchant_id: str) -> list[OddNotice]:
    paid = and_(
        PaymentAttempt.merchant_id == merchant_id,
        PaymentAttempt.idempotency_key == PaymentNotice.our_ref,
    )
    returned = and_(
        Refund.merchant_id == merchant_id, Refund.idempotency_key == PaymentNotice.our_ref
    )
    whose = func.coalesce(PaymentAttempt.order_id, Refund.order_id)
    query = (
        _notices(merchant_id)
        .outerjoin(PaymentAttempt, paid)
        .outerjoin(Refund, returned)
        .outerjoin(Order, Order.id == whose)
        .add_columns(PaymentAttempt, Refund, Order)
    )
    rows = session.execute(query.order_by(PaymentNotice.id.desc()).limit(MOST))
    return [
        OddNotice(notice, order, meant.amount if (meant := attempt or refund) else None)
        for notice, attempt, refund, order in rows
    ]


def _dead_jobs(session: Session, merchant_id: str) -> list[DeadJob]:
    query = _dead(merchant_id).outerjoin(Order, Job.lane == literal(_LANE) + Order.id)
    latest = query.add_columns(Order).order_by(Job.id.desc()).limit(MOST)
    return [DeadJob(job, order) for job, order in session.execute(latest)]


def _decisions(session: Session, merchant_id: str) -> Sequence[tuple[QuarantineMove, Order | None]]:
    query = (
        select(QuarantineMove, Order)
        .outerjoin(Order, Order.id == QuarantineMove.order_id)
        .where(QuarantineMove.merchant_id == merchant_id)
        .where(QuarantineMove.deed != QuarantineDeed.SET_ASIDE)
        .order_by(QuarantineMove.id.desc())
        .limit(_DECIDED)
    )
    return session.execute(query).all()
