"""Presents that several pay for, by page, with what they are."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.api.paging import Page, Where, newest_first
from data.pools import Pool, PoolView, pool_view
from data.pools.models import RUNNING


@dataclass(frozen=True, slots=True)
class PoolRow:
    view: PoolView
    order_id: str | None

    @property
    def can_be_cancelled(self) -> bool:
        return self.view.state in RUNNING


def list_pools(
    session: Session, *, merchant_id: str, state: str | None, where: Where
) -> Page[Pool]:
    query = select(Pool).where(Pool.merchant_id == merchant_id)
    if state:
        query = query.where(Pool.state == state)
    return newest_first(session, query, at=Pool.opened_at, key=Pool.id, where=where)


def view_pool(session: Session, pool: Pool, *, now: datetime) -> PoolRow:
    return PoolRow(pool_view(session, pool, now=now), pool.order_id)
