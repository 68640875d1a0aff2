"""/api/v1/pools: presents that several pay for, in sums; for whom they are is their organiser's
secret, and what each gives is theirs."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from bot.api.access import Client, Known
from bot.api.paging import DEFAULT_LIMIT, After, Limit, Where
from bot.api.reads import pools as reads
from bot.api.shapes import Listed, MoneyOut, listed
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.merchants import Merchant
from data.pools import (
    EndRule,
    Pool,
    PoolOffer,
    PoolState,
    cancel_pool,
    pool_of,
    pool_offer,
    set_pool_offer,
)

router = APIRouter(prefix="/pools", tags=["pools"])


class PoolOut(BaseModel):
    """`raised` is paid, `promised` about to be, `missing` neither; `people` have paid. `shares`:
    into how many equal ones it is divided, null for any amounts; `cap`: what one person gives at
    most. `order_id` is the order of the present, once it is placed."""

    id: str
    product_id: str
    variant_id: str
    title: dict[str, str]
    state: PoolState
    raised: MoneyOut
    promised: MoneyOut
    missing: MoneyOut
    target: MoneyOut
    people: int
    shares: int | None
    cap: MoneyOut | None
    end_rule: EndRule
    opened_at: datetime
    deadline: datetime
    order_id: str | None


class OfferShape(BaseModel):
    """Whether people may begin one, and for how many days it collects at most. Those that collect
    already go on."""

    open: bool = True
    longest_days: int = Field(ge=1, le=14)

    @classmethod
    def of(cls, offer: PoolOffer) -> "OfferShape":
        return cls(open=offer.is_open, longest_days=offer.longest.days)

    def offer(self) -> PoolOffer:
        return PoolOffer(self.open, timedelta(days=self.longest_days))


@router.get("/offer")
def get_offer(client: Known, shop: Shop) -> OfferShape:
    with looking(shop.database, client.merchant_id) as session:
        return OfferShape.of(pool_offer(session.get_one(Merchant, client.merchant_id)))


@router.put("/offer")
def set_offer(body: OfferShape, client: Known, shop: Shop) -> OfferShape:
    with changing(shop.database, client.merchant_id) as session:
        set_pool_offer(session.get_one(Merchant, client.merchant_id), body.offer())
    return body


@router.get("")
def list_pools(
    client: Known,
    shop: Shop,
    state: Annotated[PoolState | None, Query()] = None,
    after: After = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Listed[PoolOut]:
    with looking(shop.database, client.merchant_id) as session:
        page = reads.list_pools(
            session, merchant_id=client.merchant_id, state=state, where=Where(after, limit)
        )
        return listed(page, lambda pool: _shown(session, pool, client))


@router.get("/{pool_id}")
def get_pool(pool_id: str, client: Known, shop: Shop) -> PoolOut:
    with looking(shop.database, client.merchant_id) as session:
        pool = pool_of(session, merchant_id=client.merchant_id, pool_id=pool_id)
        return _shown(session, pool, client)


@router.post("/{pool_id}/cancel")
def cancel_pooled_gift(pool_id: str, client: Known, shop: Shop) -> PoolOut:
    """Before the present is ordered: everybody's money goes back, once."""
    with changing(shop.database, client.merchant_id) as session:
        cancel_pool(
            session,
            merchant_id=client.merchant_id,
            pool_id=pool_id,
            organiser_id=None,
            now=client.now,
        )
        pool = pool_of(session, merchant_id=client.merchant_id, pool_id=pool_id)
        return _shown(session, pool, client)


def _shown(session: Session, pool: Pool, client: Client) -> PoolOut:
    view = reads.view_pool(session, pool, now=client.now).view
    return PoolOut(
        id=view.id,
        product_id=view.product_id,
        variant_id=view.variant_id,
        title=view.title,
        state=view.state,
        raised=MoneyOut.of(view.raised),
        promised=MoneyOut.of(view.promised),
        missing=MoneyOut.of(view.missing),
        target=MoneyOut.of(view.target),
        people=view.people,
        shares=pool.shares,
        cap=MoneyOut.of(view.cap) if view.cap else None,
        end_rule=view.end_rule,
        opened_at=pool.opened_at,
        deadline=view.deadline,
        order_id=pool.order_id,
    )
