"""Pages of a list: the newest first, from a cursor on. A cursor is opaque to whoever holds it."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from sqlalchemy import Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from data.kernel.errors import Invalid

_Row = TypeVar("_Row")
MOST = 200

After = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=MOST)]
DEFAULT_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[_Row]):
    """`next` is the cursor of the page after this one; None at the end."""

    items: Sequence[_Row]
    next: str | None


@dataclass(frozen=True, slots=True)
class Where:
    """Which page, as asked for."""

    after: str | None = None
    limit: int = DEFAULT_LIMIT


def newest_first(
    session: Session,
    query: Select[_Row],
    *,
    at: InstrumentedAttribute[datetime],
    key: InstrumentedAttribute[str],
    where: Where,
) -> Page[_Row]:
    """A page in order of time, ids breaking ties: nothing is skipped when rows arrive between."""
    if where.after is not None:
        moment, last = _read(where.after)
        query = query.where(or_(at < moment, and_(at == moment, key < last)))
    rows = session.scalars(query.order_by(at.desc(), key.desc()).limit(where.limit + 1)).all()
    if len(rows) <= where.limit:
        return Page(rows, None)
    shown = rows[: where.limit]
    return Page(shown, _write(getattr(shown[-1], at.key), getattr(shown[-1], key.key)))


def _write(moment: datetime, last: str) -> str:
    return base64.urlsafe_b64encode(f"{moment.isoformat()} {last}".encode()).decode()


def _read(cursor: str) -> tuple[datetime, str]:
    try:
        moment, _, last = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        at = datetime.fromisoformat(moment)
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise Invalid("after") from error
    if at.tzinfo is None or not last:
        raise Invalid("after")
    return at, last
