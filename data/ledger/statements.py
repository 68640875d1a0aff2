"""One account's movements, as they were written: a statement, whole or a page at a time.

In the order of writing, so that what was shown once stays as it was: an event that is booked late
stands where it was booked, and says when it happened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from data.kernel.errors import Invalid, NotFound
from data.kernel.money import Money
from data.ledger.books import trial_balance
from data.ledger.models import LedgerEntry, Posting

DEFAULT_LIMIT = 50
_Row = tuple[Posting, LedgerEntry]
_Postings = Select[Posting, LedgerEntry]


@dataclass(frozen=True, slots=True)
class Span:
    """Which movements: written from `since` on, before `until`, behind the one numbered
    `after`."""

    since: datetime | None = None
    until: datetime | None = None
    after: int = 0
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class Movement:
    """One posting; `source_ref` names the row that moved the money, `balance` is the account's
    after it."""

    number: int
    kind: str
    source_ref: str
    event_at: datetime
    written_at: datetime
    amount: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """`opening` is the balance before the first of these movements, `closing` after the last.
    `next`: the number to go on after; None at the end."""

    account: str
    opening: Money
    movements: Sequence[Movement]
    closing: Money
    next: int | None


def statement(
    session: Session, *, merchant_id: str, account: str, span: Span | None = None
) -> Statement:
    """`account` as the trial balance calls it. NotFound: nothing was ever booked there; Invalid: it
    would end before it begins."""
    whole = trial_balance(session, merchant_id=merchant_id).get(account)
    if whole is None:
        raise NotFound("account")
    wanted = span or Span()
    if wanted.since and wanted.until and wanted.until < wanted.since:
        raise Invalid("until")
    mine = _postings(merchant_id, account.removesuffix(f"/{whole.currency}"), whole.currency)
    last = wanted.after and session.execute(mine.where(Posting.id == wanted.after)).first()
    found = _in_order(session, mine.where(*_within(wanted, last[1] if last else None)), wanted)
    shown = found[: wanted.limit]
    earlier = _written_before(*shown[0]) if shown else _within(Span(until=wanted.until))
    opening = Money(_sum(session, mine.where(*earlier)), whole.currency)
    movements = _movements(shown, opening)
    closing = movements[-1].balance if movements else opening
    following = movements[-1].number if len(found) > len(shown) else None
    return Statement(account, opening, movements, closing, following)


def _postings(merchant_id: str, account: str, currency: str) -> _Postings:
    return (
        select(Posting, LedgerEntry)
        .join(LedgerEntry, LedgerEntry.id == Posting.entry_id)
        .where(
            Posting.merchant_id == merchant_id,
            Posting.account == account,
            Posting.currency == currency,
        )
    )


def _in_order(session: Session, postings: _Postings, span: Span) -> list[_Row]:
    """One more than is wanted, to see whether there is more."""
    ordered = postings.order_by(LedgerEntry.created_at, Posting.id).limit(span.limit + 1)
    return [(posting, entry) for posting, entry in session.execute(ordered)]


def _within(span: Span, last: LedgerEntry | None = None) -> list[ColumnElement[bool]]:
    written = LedgerEntry.created_at
    bounds: list[ColumnElement[bool]] = []
    if last is not None:
        same = and_(written == last.created_at, Posting.id > span.after)
        bounds.append(or_(written > last.created_at, same))
    if span.since is not None:
        bounds.append(written >= span.since)
    if span.until is not None:
        bounds.append(written < span.until)
    return bounds


def _written_before(posting: Posting, entry: LedgerEntry) -> list[ColumnElement[bool]]:
    written = LedgerEntry.created_at
    same = and_(written == entry.created_at, Posting.id < posting.id)
    return [or_(written < entry.created_at, same)]


def _sum(session: Session, postings: _Postings) -> int:
    total = postings.with_only_columns(
        func.coalesce(func.sum(Posting.amount_minor), 0), maintain_column_froms=True
    )
    return int(session.execute(total).scalar_one())


def _movements(rows: Sequence[_Row], opening: Money) -> list[Movement]:
    sums = accumulate((posting.amount_minor for posting, _ in rows), initial=opening.minor)
    next(sums)
    return [
        Movement(
            posting.id,
            entry.kind,
            entry.source_ref,
            entry.event_at,
            entry.created_at,
            Money(posting.amount_minor, posting.currency),
            Money(balance, posting.currency),
        )
        for (posting, entry), balance in zip(rows, sums, strict=True)
    ]
