"""What becomes of a payment at the SIMULATED bank: its fee, disputes, refunds that a person of the
shop makes there, and what the bank tells of all that. It calls nobody about any of it.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.kernel.ids import new_id
from data.kernel.money import Money
from data.payments.gateway import (
    DisputeStatus,
    ProviderDispute,
    ProviderFee,
    ProviderRefund,
    RefundStatus,
    Standing,
)
from data.payments.sandbox_bank import look, look_refund
from data.payments.sandbox_models import SandboxEntry, SandboxRefund

_FEE, _DISPUTE = "fee", "dispute"


def give_back_there(session: Session, *, key: str, amount: Money, now: datetime) -> SandboxRefund:
    """Somebody of the shop presses the bank's own button."""
    given = SandboxRefund(
        key=new_id("hnd"),
        payment_key=key,
        provider_ref=new_id("sbr"),
        amount_minor=amount.minor,
        currency=amount.currency,
        status=RefundStatus.SUCCEEDED,
        created_at=now,
    )
    session.add(given)
    session.flush()
    return given


def keep_fee(session: Session, *, key: str, amount: Money, now: datetime) -> None:
    _enter(session, key, _FEE, amount, "", now)


def dispute(session: Session, *, key: str, amount: Money, now: datetime) -> str:
    """The payer objects; gives the dispute's number."""
    return _enter(session, key, _DISPUTE, amount, DisputeStatus.OPEN, now)


def decide(session: Session, number: str, status: DisputeStatus) -> None:
    session.get_one(SandboxEntry, number, populate_existing=True).status = status
    session.flush()


def tell(session: Session, key: str, *, now: datetime) -> Standing | None:
    """None: the bank has no such payment."""
    if look(session, key, now=now) is None:
        return None
    given = select(SandboxRefund.key).where(SandboxRefund.payment_key == key)
    names = session.scalars(given.order_by(SandboxRefund.created_at, SandboxRefund.key)).all()
    refunds = [look_refund(session, name, now=now) for name in names]
    mine = select(SandboxEntry).where(SandboxEntry.payment_key == key).order_by(SandboxEntry.key)
    entries = list(session.scalars(mine.execution_options(populate_existing=True)))
    return Standing(
        refunds=tuple(_refund(refund) for refund in refunds if refund is not None),
        fees=tuple(ProviderFee(one.amount, one.key) for one in entries if one.what == _FEE),
        disputes=tuple(_dispute(one) for one in entries if one.what == _DISPUTE),
    )


def _enter(session: Session, key: str, what: str, amount: Money, status: str, now: datetime) -> str:
    entry = SandboxEntry(
        key=new_id("sbe"),
        payment_key=key,
        what=what,
        amount_minor=amount.minor,
        currency=amount.currency,
        status=status,
        created_at=now,
    )
    session.add(entry)
    session.flush()
    return entry.key


def _refund(row: SandboxRefund) -> ProviderRefund:
    return ProviderRefund(RefundStatus(row.status), row.amount, row.provider_ref, row.key)


def _dispute(row: SandboxEntry) -> ProviderDispute:
    return ProviderDispute(DisputeStatus(row.status), row.amount, row.key)
