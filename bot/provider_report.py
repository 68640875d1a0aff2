"""The third of a day's three ways: what the providers show, beside our attempts and the books.

`tuanzi audit --ask-providers DAYS` asks about every payment and refund of that time that is
settled here. Differences are told, never mended: a person decides. What somebody began at the
provider, a refund or a dispute, contradicts nothing: it is recorded as a look back would, and told.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.delivery.side_by_side import by_account
from data.payments import (
    AttemptState,
    PaymentAlarm,
    PaymentAttempt,
    Refund,
    RefundState,
    apply_standing,
)
from data.payments.gateway import (
    Gateway,
    NewRefund,
    PaymentRef,
    PaymentStatus,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderUnreachable,
    RefundStatus,
    Standing,
)
from data.payments.references import payment_ref

_BATCH = 500
_TAKEN = (AttemptState.CAPTURED,)
_NOT_TAKEN = (AttemptState.VOIDED, AttemptState.FAILED)


@dataclass(frozen=True, slots=True)
class Difference:
    """`what` is a code: captured_here_only, captured_there_only, amount, refunded_here_only,
    refund_amount, no_answer (nobody could be asked); or an `Alarm` that was raised just now."""

    what: str
    provider: str
    subject_id: str
    ours: str
    theirs: str


async def compare(tuanzi: Tuanzi, *, since: datetime) -> tuple[int, list[Difference]]:
    """How many were asked about, and what does not fit."""
    asked, found = 0, []
    for settled in _settled(tuanzi, since):
        mine = by_account(settled)
        for number, differences in await asyncio.gather(*(_at(tuanzi, one) for one in mine)):
            asked += number
            found += differences
    return asked, found


@dataclass(frozen=True, slots=True)
class _Settled:
    """A payment that is settled here, with what was given back of it."""

    attempt: PaymentAttempt
    refunds: list[Refund]

    @property
    def provider(self) -> str:
        return self.attempt.provider

    @property
    def account_id(self) -> str | None:
        return self.attempt.account_id


async def _at(tuanzi: Tuanzi, settled: list[_Settled]) -> tuple[int, list[Difference]]:
    """The same of one account's payments."""
    asked, found = 0, list[Difference]()
    gateway = await tuanzi.gateways.of(settled[0].provider, settled[0].account_id)
    if gateway is None or not gateway.flags.can_query:
        return asked, found
    for one in settled:
        asked += 1 + len(one.refunds)
        found += await _of_payment(gateway, one.attempt)
        for refund in one.refunds:
            found += await _of_refund(gateway, one.attempt, refund)
        if one.attempt.state in _TAKEN:
            found += await _aftermath(tuanzi, gateway, one.attempt)
    return asked, found


def _settled(tuanzi: Tuanzi, since: datetime) -> Iterator[list[_Settled]]:
    """Oldest first, so many at a time; nothing is open while a provider is asked."""
    last = ""
    while True:
        with tuanzi.database.reading() as session:
            batch = _page(session, since, last)
            settled = [_Settled(attempt, _refunds_of(session, attempt)) for attempt in batch]
        yield settled
        if len(batch) < _BATCH:
            return
        last = batch[-1].id


def _page(session: Session, since: datetime, last: str) -> list[PaymentAttempt]:
    settled = select(PaymentAttempt).where(
        PaymentAttempt.state.in_((*_TAKEN, *_NOT_TAKEN)),
        PaymentAttempt.updated_at >= since,
        PaymentAttempt.calls > 0,  # else the provider has never heard of it
        PaymentAttempt.id > last,
    )
    return list(session.scalars(settled.order_by(PaymentAttempt.id).limit(_BATCH)))


def _refunds_of(session: Session, attempt: PaymentAttempt) -> list[Refund]:
    """Those that went through the provider's API: what was given back by hand has a name of its own
    there."""
    given = select(Refund).filter_by(attempt_id=attempt.id, state=RefundState.SUCCEEDED)
    return list(session.scalars(given.where(Refund.calls > 0).order_by(Refund.id)))


async def _of_payment(gateway: Gateway, attempt: PaymentAttempt) -> list[Difference]:
    ref = PaymentRef(
        attempt.idempotency_key, attempt.provider_ref, attempt.amount, let_go=_let_go(attempt)
    )
    try:
        shown = await gateway.query(ref)
    except (ProviderUnreachable, ProviderRefused) as silence:
        return [_difference("no_answer", attempt, attempt.id, attempt.state, str(silence))]
    is_taken = attempt.state in _TAKEN
    if is_taken and not _is_captured(shown):
        told = shown.status if shown else "-"
        return [_difference("captured_here_only", attempt, attempt.id, attempt.state, told)]
    if shown is None or not _is_captured(shown):
        return []
    if not is_taken:
        return [
            _difference("captured_there_only", attempt, attempt.id, attempt.state, shown.status)
        ]
    if shown.amount != attempt.captured:
        ours, theirs = str(attempt.captured), str(shown.amount)
        return [_difference("amount", attempt, attempt.id, ours, theirs)]
    return []


async def _of_refund(gateway: Gateway, attempt: PaymentAttempt, refund: Refund) -> list[Difference]:
    payment = PaymentRef(attempt.idempotency_key, attempt.provider_ref, attempt.amount)
    wanted = NewRefund(refund.idempotency_key, refund.amount, payment, refund.provider_ref)
    try:
        shown = await gateway.query_refund(wanted)
    except (ProviderUnreachable, ProviderRefused) as silence:
        return [_difference("no_answer", attempt, refund.id, refund.state, str(silence))]
    if not _is_given(shown):
        told = shown.status if shown else "-"
        return [_difference("refunded_here_only", attempt, refund.id, refund.state, told)]
    if shown is not None and shown.amount != refund.amount:
        ours, theirs = str(refund.amount), str(shown.amount)
        return [_difference("refund_amount", attempt, refund.id, ours, theirs)]
    return []


async def _aftermath(tuanzi: Tuanzi, gateway: Gateway, attempt: PaymentAttempt) -> list[Difference]:
    try:
        shown = await gateway.look_back(payment_ref(attempt), ())
    except (ProviderUnreachable, ProviderRefused) as silence:
        return [_difference("no_answer", attempt, attempt.id, attempt.state, str(silence))]
    if shown is None:
        return []
    raised = await asyncio.to_thread(_record, tuanzi, attempt, shown)
    return [
        _difference(one.what, attempt, one.attempt_id, "-", str(one.amount or "-"))
        for one in raised
    ]


def _record(tuanzi: Tuanzi, attempt: PaymentAttempt, shown: Standing) -> list[PaymentAlarm]:
    """The alarms that were not there before."""
    mine = select(PaymentAlarm).filter_by(attempt_id=attempt.id).order_by(PaymentAlarm.id)
    with tuanzi.database.transaction() as session:
        before = set(session.scalars(mine.with_only_columns(PaymentAlarm.id)))
        apply_standing(session, attempt_id=attempt.id, shown=shown, now=tuanzi.clock.now())
        raised = [alarm for alarm in session.scalars(mine) if alarm.id not in before]
        session.flush()
        session.expunge_all()
    return raised


def _let_go(attempt: PaymentAttempt) -> bool:
    """Looked at and never taken, whatever its payer has agreed to since."""
    return attempt.state in _NOT_TAKEN


def _is_captured(shown: ProviderPayment | None) -> bool:
    return shown is not None and shown.status is PaymentStatus.CAPTURED


def _is_given(shown: ProviderRefund | None) -> bool:
    return shown is not None and shown.status is RefundStatus.SUCCEEDED


def _difference(
    what: str, attempt: PaymentAttempt, subject_id: str, ours: str, theirs: str
) -> Difference:
    return Difference(what, attempt.provider, subject_id, str(ours), str(theirs))
