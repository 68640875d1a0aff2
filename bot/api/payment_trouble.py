"""/api/v1/payments/attention: what of a shop's money waits for a person, as in the console."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from bot.api.access import Known
from bot.api.reads.payment_trouble import (
    DeadJob,
    OddNotice,
    Standstill,
    Trouble,
    Unreturned,
    Warned,
    trouble_of,
)
from bot.api.shapes import MoneyOut
from bot.web.scope import looking
from bot.web.shop import Shop
from data.kernel.money import Money

router = APIRouter(prefix="/payments", tags=["payments"])


class TroubleOut(BaseModel):
    """`reason`: what does not fit, how a job broke, or of what an alarm warns. `shown`: what the
    provider says of it."""

    kind: Literal["payment", "refund", "failed_refund", "notice", "job", "alarm"]
    id: str
    order_id: str | None
    provider: str | None
    reason: str
    amount: MoneyOut | None
    shown: MoneyOut | None
    since: datetime


class AttentionOut(BaseModel):
    """`count` is of all there are, `items` the latest of each kind."""

    count: int
    items: list[TroubleOut]


@router.get("/attention")
def get_attention(client: Known, shop: Shop) -> AttentionOut:
    with looking(shop.database, client.merchant_id) as session:
        trouble = trouble_of(session, merchant_id=client.merchant_id)
    return AttentionOut(count=trouble.count, items=_items(trouble))


def _items(trouble: Trouble) -> list[TroubleOut]:
    return [
        *map(_standstill, trouble.standstills),
        *map(_unreturned, trouble.refunds),
        *map(_notice, trouble.notices),
        *map(_job, trouble.jobs),
        *map(_alarm, trouble.alarms),
    ]


def _standstill(one: Standstill) -> TroubleOut:
    return TroubleOut(
        kind="refund" if one.refund else "payment",
        id=one.subject.id,
        order_id=one.order.id,
        provider=one.payment.provider,
        reason=one.subject.quarantine or "",
        amount=MoneyOut.of(one.subject.amount),
        shown=_money(one.shown.shown if one.shown else None),
        since=one.since,
    )


def _unreturned(one: Unreturned) -> TroubleOut:
    return TroubleOut(
        kind="failed_refund",
        id=one.refund.id,
        order_id=one.order.id,
        provider=one.provider,
        reason="failed",
        amount=MoneyOut.of(one.refund.amount),
        shown=None,
        since=one.refund.updated_at,
    )


def _notice(one: OddNotice) -> TroubleOut:
    return TroubleOut(
        kind="notice",
        id=str(one.notice.id),
        order_id=one.order.id if one.order else None,
        provider=one.notice.provider,
        reason=one.notice.reason,
        amount=_money(one.ours),
        shown=_money(one.claimed),
        since=one.notice.received_at,
    )


def _job(one: DeadJob) -> TroubleOut:
    return TroubleOut(
        kind="job",
        id=str(one.job.id),
        order_id=one.order.id if one.order else None,
        provider=None,
        reason=f"{one.job.kind}: {one.job.error}",
        amount=None,
        shown=None,
        since=one.job.run_at,
    )


def _alarm(one: Warned) -> TroubleOut:
    return TroubleOut(
        kind="alarm",
        id=str(one.alarm.id),
        order_id=one.order.id,
        provider=one.payment.provider,
        reason=one.alarm.what,
        amount=_money(one.alarm.amount),
        shown=None,
        since=one.alarm.raised_at,
    )


def _money(amount: Money | None) -> MoneyOut | None:
    return None if amount is None else MoneyOut.of(amount)
