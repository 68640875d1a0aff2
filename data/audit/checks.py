"""What a check is, and running some of them. A check selects the rows that break its rule.

Some rules hold only once work under way is done: money on its way back, jobs not yet run. Those
look only at rows older than `grace`; with grace zero they hold for a shop that is at rest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam
from sqlalchemy.orm import Session

from data.kernel.prepared import Prepared
from data.orders.address import ADDRESS_KEPT

_PATIENCE = timedelta(days=1)
_SHOWN = 20  # ids a violation names; one broken rule may touch every row of a table


@dataclass(frozen=True, slots=True)
class Moment:
    """When we look. What happened up to `settled` must have had all its consequences; what waits
    for a person since `yesterday` has waited for too long; where only such things went as ended
    by `forgotten` nobody needs to know any more."""

    now: BindParameter[datetime]
    settled: BindParameter[datetime]
    yesterday: BindParameter[datetime]
    forgotten: BindParameter[datetime]


Query = Callable[[Moment], Select[Any]]


@dataclass(frozen=True, slots=True)
class Check:
    """`invariant` is its number in docs/architecture.md, `what` a code; `rows` selects an id."""

    invariant: str
    what: str
    rows: Query


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule and the first of the rows that break it."""

    invariant: str
    what: str
    ids: tuple[str, ...]


def run(
    session: Session,
    *,
    now: datetime,
    grace: timedelta,
    checks: Sequence[Check],
) -> list[Violation]:
    settled = now - grace
    moment = {
        "now": now,
        "settled": settled,
        "yesterday": now - _PATIENCE,
        "forgotten": settled - ADDRESS_KEPT,
    }
    found = [_broken(session, check, moment) for check in checks]
    return [violation for violation in found if violation is not None]


@cache
def _statement(check: Check) -> Prepared:
    """Written once, for any moment: to put so many together anew takes longer than to ask them."""
    moment = Moment(*(bindparam(field.name) for field in fields(Moment)))
    return Prepared(check.rows(moment).limit(_SHOWN))


def _broken(session: Session, check: Check, moment: Mapping[str, datetime]) -> Violation | None:
    rows = _statement(check).rows(session, **moment)
    if not rows:
        return None
    ids = tuple(dict.fromkeys(str(row[0]) for row in rows))
    return Violation(check.invariant, check.what, ids)
