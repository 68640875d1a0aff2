"""Posting to the books and reading them back.

Accounts: cash_in_transit:{provider}, customer_hold, revenue, refund_payable, psp_fee,
gift_card_liability (what cards are still worth), gift_cards_granted (what was given away),
disputed (what a bank has taken until it is decided), dispute_lost.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from data.kernel.database import table_of
from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.kernel.once import insert_once
from data.kernel.prepared import Prepared
from data.ledger.models import LedgerEntry, Posting

CUSTOMER_HOLD = "customer_hold"
REVENUE = "revenue"
REFUND_PAYABLE = "refund_payable"
PSP_FEE = "psp_fee"
DISPUTED = "disputed"
DISPUTE_LOST = "dispute_lost"
GIFT_CARD_LIABILITY = "gift_card_liability"
GIFT_CARDS_GRANTED = "gift_cards_granted"
_LEG = ("entry_id", "merchant_id", "account", "amount_minor", "currency")
_POST_LEGS = Prepared(insert(table_of(Posting)), _LEG)


def cash_in_transit(provider: str) -> str:
    """Money at a provider that has not reached the bank: an asset, so it runs below zero."""
    return f"cash_in_transit:{provider}"


@dataclass(frozen=True, slots=True)
class Leg:
    account: str
    money: Money


def transfer(source: str, target: str, money: Money) -> tuple[Leg, Leg]:
    """The two legs of money that moves from one account to another."""
    return Leg(source, -money), Leg(target, money)


def post(  # noqa: PLR0913  # an entry is these six things, and each has a name
    session: Session,
    *,
    merchant_id: str,
    kind: str,
    source_ref: str,
    legs: Sequence[Leg],
    event_at: datetime,
    now: datetime,
) -> bool:
    """Write one entry, once. False: this event is in the books already, and nothing changed."""
    _refuse_unbalanced(legs)
    entry_id = insert_once(
        session,
        LedgerEntry,
        merchant_id=merchant_id,
        kind=kind,
        source_ref=source_ref,
        event_at=event_at,
        created_at=now,
    )
    if entry_id is None:
        return False
    cells = [_cells(leg) for leg in legs]
    _POST_LEGS.run_each(session, cells, entry_id=entry_id, merchant_id=merchant_id)
    return True


def was_posted(session: Session, *, merchant_id: str, kind: str, source_ref: str) -> bool:
    found = session.scalar(
        select(LedgerEntry.id).where(
            LedgerEntry.merchant_id == merchant_id,
            LedgerEntry.kind == kind,
            LedgerEntry.source_ref == source_ref,
        )
    )
    return found is not None


def trial_balance(session: Session, *, merchant_id: str) -> dict[str, Money]:
    """Every account's balance. An account in two currencies shows as `account/CUR` each."""
    rows = session.execute(
        select(Posting.account, Posting.currency, func.sum(Posting.amount_minor))
        .where(Posting.merchant_id == merchant_id)
        .group_by(Posting.account, Posting.currency)
        .order_by(Posting.account, Posting.currency)
    ).all()
    return _named([(account, Money(int(total), currency)) for account, currency, total in rows])


def unbalanced_entries(session: Session, *, merchant_id: str | None = None) -> list[int]:
    """Entries whose legs do not sum to zero in some currency, or that have none: never any."""
    sums = (
        select(LedgerEntry.id)
        .outerjoin(Posting, Posting.entry_id == LedgerEntry.id)
        .group_by(LedgerEntry.id, Posting.currency)
        .having(func.coalesce(func.sum(Posting.amount_minor), 1) != 0)
    )
    if merchant_id is not None:
        sums = sums.where(LedgerEntry.merchant_id == merchant_id)
    return sorted(set(session.scalars(sums)))


def _cells(leg: Leg) -> dict[str, Any]:
    money = leg.money
    return {"account": leg.account, "amount_minor": money.minor, "currency": money.currency}


def _refuse_unbalanced(legs: Iterable[Leg]) -> None:
    sums: dict[str, int] = defaultdict(int)
    for leg in legs:
        sums[leg.money.currency] += leg.money.minor
    if not sums or any(sums.values()):
        raise Invalid("legs_unbalanced")


def _named(rows: Sequence[tuple[str, Money]]) -> dict[str, Money]:
    accounts = [account for account, _ in rows]
    return {
        account if accounts.count(account) == 1 else f"{account}/{balance.currency}": balance
        for account, balance in rows
    }
