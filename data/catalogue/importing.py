"""A merchant's feed becomes products and variants, any number of times with the same result.

What a row may do: make a variant, change one, or be refused by number; it never takes another row
down. A row that reads as it did last time changes nothing, so neither a sale since then nor a
merchant's own correction is undone by reading the same file again.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue.index import index_products
from data.catalogue.models import Variant
from data.catalogue.revisions import reserve_revision
from data.catalogue.rows import CatalogueRow, ReadFeed, RowError
from data.catalogue.shelving import Shelves
from data.kernel.ids import new_id
from data.merchants import Merchant

_CHUNK = 500
_HASH_VERSION = 1  # raise it when rows must be read anew although they did not change


@dataclass(slots=True)
class ImportReport:
    """Rows by what became of them; `errors` were refused, `notes` taken but not as written."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)
    notes: list[RowError] = field(default_factory=list)


def import_feed(
    session: Session, *, merchant_id: str, feed: ReadFeed, dry_run: bool, now: datetime
) -> ImportReport:
    """A file that was read: its good rows are imported, all complaints come back by row number."""
    report = import_rows(session, merchant_id=merchant_id, rows=feed.rows, dry_run=dry_run, now=now)
    report.errors = sorted([*feed.errors, *report.errors], key=lambda error: error.row)
    report.notes = sorted([*feed.notes, *report.notes], key=lambda note: note.row)
    return report


def import_rows(
    session: Session,
    *,
    merchant_id: str,
    rows: Sequence[CatalogueRow],
    dry_run: bool,
    now: datetime,
) -> ImportReport:
    """A dry run does all the work and then takes it back: its report is the real one."""
    merchant = session.get_one(Merchant, merchant_id)
    report = ImportReport()
    reserve_revision(session, merchant_id)
    attempt = session.begin_nested()
    shelves = Shelves(session, merchant, run=new_id("imp"), now=now)
    for chunk in _chunks(list(_acceptable(rows, merchant, report))):
        _import_chunk(session, merchant, shelves, chunk, report)
    index_products(session, merchant_id=merchant_id, product_ids=shelves.touched)
    if dry_run:
        attempt.rollback()
    else:
        attempt.commit()
    return report


def _acceptable(
    rows: Sequence[CatalogueRow], merchant: Merchant, report: ImportReport
) -> Iterator[CatalogueRow]:
    """Without rows in a foreign currency and ids that came before; those are reported."""
    first: dict[str, int] = {}
    for row in rows:
        wrong = [
            price.currency
            for price in (row.price, row.sale_price)
            if price and price.currency != merchant.currency
        ]
        if wrong:
            said = {"currency": wrong[0], "expected": merchant.currency}
            report.errors.append(RowError(row.number, "price", "import_wrong_currency", said))
        elif row.external_id in first:
            values = {"id": row.external_id, "first_row": first[row.external_id]}
            report.errors.append(RowError(row.number, "id", "import_duplicate_id", values))
        else:
            first[row.external_id] = row.number
            yield row


def _import_chunk(
    session: Session,
    merchant: Merchant,
    shelves: Shelves,
    rows: Sequence[CatalogueRow],
    report: ImportReport,
) -> None:
    known = _known_variants(session, merchant, rows)
    shelves.fetch_products({row.product_key for row in rows})
    for row in rows:
        variant, digest = known.get(row.external_id), _digest(row)
        if variant is None:
            shelves.add(row, digest)
            report.created += 1
        elif variant.feed_hash != digest:
            shelves.change(variant, row, digest)
            report.updated += 1
        else:
            shelves.pass_by(row)
            report.unchanged += 1
    shelves.settle()


def _known_variants(
    session: Session, merchant: Merchant, rows: Sequence[CatalogueRow]
) -> dict[str, Variant]:
    ids = [row.external_id for row in rows]
    found = session.scalars(
        select(Variant).where(Variant.merchant_id == merchant.id, Variant.external_id.in_(ids))
    )
    return {variant.external_id: variant for variant in found}


def _digest(row: CatalogueRow) -> str:
    """Of all that the row says; where it stands in the file does not matter."""
    said = {**asdict(row), "number": _HASH_VERSION}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=dict).encode()).hexdigest()


def _chunks(rows: Sequence[CatalogueRow]) -> Iterator[Sequence[CatalogueRow]]:
    for start in range(0, len(rows), _CHUNK):
        yield rows[start : start + _CHUNK]
