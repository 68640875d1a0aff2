"""What a person decides about money that stands still: ask again, look away, try once more."""

import asyncio
from collections.abc import Iterable
from typing import TypeVar

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.responses import Response

from bot.api.reads.orders import find_payment, find_refund
from bot.console.desk import AtDesk, Form
from bot.console.pages import FormProblems, go, read_form
from bot.delivery.gateways import Gateways
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.delivery.jobs import run_again
from data.kernel.errors import Invalid, Refused
from data.kernel.money import Money
from data.payments import (
    JOBS,
    PaymentAttempt,
    Refund,
    dismiss_alarm,
    dismiss_notice,
    note_external_refund,
    release_quarantine,
    send_again,
)
from data.payments import retry_refund as try_once_more

ROOM = "/payments"
router = APIRouter(prefix=ROOM)
_Model = TypeVar("_Model", bound=BaseModel)


class NameForm(BaseModel):
    """Of a payment or a refund."""

    name: str = Field(max_length=32)


class NumberForm(BaseModel):
    """Of a notice or a job."""

    number: int = Field(gt=0, lt=2**63)


class RefundThereForm(NameForm):
    """How much was given back at the provider, and its number there; `name` is the payment's."""

    amount: str = Field(max_length=20)
    reference: str = Field(min_length=1, max_length=128)


@router.post("/ask")
def ask_provider_again(desk: AtDesk, shop: Shop, form: Form) -> Response:
    """What stands still goes on if the provider's word fits now; else it stops again."""
    name = _read(NameForm, form).name
    with looking(shop.database, desk.merchant_id) as session:
        payment = _payment_behind(session, desk.merchant_id, name)
    if not askable(shop, [payment]):
        raise Refused("provider_cannot_be_asked")
    with changing(shop.database, desk.merchant_id) as session:
        release_quarantine(session, name, desk.email, desk.now)
    return go(ROOM, done="provider_asked")


@router.post("/notices/dismiss")
def dismiss_payment_notice(desk: AtDesk, shop: Shop, form: Form) -> Response:
    number = _read(NumberForm, form).number
    with changing(shop.database, desk.merchant_id) as session:
        dismiss_notice(
            session, merchant_id=desk.merchant_id, notice_id=number, by=desk.email, now=desk.now
        )
    return go(ROOM, done="notice_dismissed")


@router.post("/alarms/dismiss")
def dismiss_payment_alarm(desk: AtDesk, shop: Shop, form: Form) -> Response:
    number = _read(NumberForm, form).number
    with changing(shop.database, desk.merchant_id) as session:
        dismiss_alarm(
            session, merchant_id=desk.merchant_id, alarm_id=number, by=desk.email, now=desk.now
        )
    return go(ROOM, done="alarm_dismissed")


@router.post("/refunds/there")
def note_refund_there(desk: AtDesk, shop: Shop, form: Form) -> Response:
    """Of a provider that does not tell how much somebody gave back there."""
    told = _read(RefundThereForm, form)
    with changing(shop.database, desk.merchant_id) as session:
        paid = find_payment(session, merchant_id=desk.merchant_id, payment_id=told.name)
        note_external_refund(
            session,
            attempt_id=paid.id,
            amount=Money.of(told.amount, paid.currency),
            reference=told.reference,
            now=desk.now,
        )
    return go(ROOM, done="refund_noted")


@router.post("/refunds/again")
def send_refund_again(desk: AtDesk, shop: Shop, form: Form) -> Response:
    """The balance there was filled up, or a dispute is over: the same refund, under its key."""
    name = _read(NameForm, form).name
    with changing(shop.database, desk.merchant_id) as session:
        refund = find_refund(session, merchant_id=desk.merchant_id, refund_id=name)
        send_again(session, refund_id=refund.id, now=desk.now)
    return go(ROOM, done="refund_sent_again")


@router.post("/refunds/retry")
def retry_refund(desk: AtDesk, shop: Shop, form: Form) -> Response:
    """Sent twice, one more try: a refund that failed is followed by one other at most."""
    name = _read(NameForm, form).name
    with changing(shop.database, desk.merchant_id) as session:
        refund = find_refund(session, merchant_id=desk.merchant_id, refund_id=name)
        try_once_more(session, refund_id=refund.id, now=desk.now)
    return go(ROOM, done="refund_retried")


@router.post("/jobs/again")
def run_payment_job(desk: AtDesk, shop: Shop, form: Form) -> Response:
    number = _read(NumberForm, form).number
    with changing(shop.database, desk.merchant_id) as session:
        run_again(
            session, merchant_id=desk.merchant_id, job_id=number, kinds=JOBS.keys(), now=desk.now
        )
    return go(ROOM, done="job_again")


def askable(shop: OpenShop, payments: Iterable[PaymentAttempt]) -> frozenset[str]:
    """Those whose provider answers questions, and whose account there we can open."""
    return asyncio.run(_askable(shop.gateways, list(payments)))


async def _askable(gateways: Gateways, payments: list[PaymentAttempt]) -> frozenset[str]:
    ways = {(paid.provider, paid.account_id) for paid in payments}
    found = {way: await gateways.of(*way) for way in ways}
    answering = {way for way, gateway in found.items() if gateway and gateway.flags.can_query}
    return frozenset(paid.id for paid in payments if (paid.provider, paid.account_id) in answering)


def _payment_behind(session: Session, merchant_id: str, name: str) -> PaymentAttempt:
    refund = session.get(Refund, name)
    if refund is not None:
        name = find_refund(session, merchant_id=merchant_id, refund_id=name).attempt_id
    return find_payment(session, merchant_id=merchant_id, payment_id=name)


def _read(model: type[_Model], form: FormData) -> _Model:
    try:
        return read_form(model, form)
    except FormProblems as problems:
        raise Invalid(min(problems.fields)) from problems
