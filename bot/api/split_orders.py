"""/api/v1/split-orders: what groups order together, in sums, and on which terms the shop lets them;
what one person put in is an order of theirs."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from bot.api.access import Client, Known
from bot.api.paging import DEFAULT_LIMIT, After, Limit, Where
from bot.api.reads import split_orders as reads
from bot.api.shapes import Listed, MoneyOut, listed
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.kernel.money import Money
from data.kernel.storable import storable
from data.merchants import Merchant
from data.split_orders import (
    SplitEnd,
    SplitOrder,
    SplitState,
    SplitTerms,
    cancel_split_by_shop,
    change_split_terms,
    split_of,
    split_terms_of,
)
from data.split_orders.service import LONGEST_WORD

router = APIRouter(prefix="/split-orders", tags=["split-orders"])


class SumShape(BaseModel):
    """Minor units of the shop's currency; nothing is an amount too."""

    amount_minor: int = Field(ge=0, le=2**53)
    currency: str = Field(pattern="^[A-Z]{3}$")

    @classmethod
    def of(cls, money: Money) -> "SumShape":
        return cls(amount_minor=money.minor, currency=money.currency)

    def money(self) -> Money:
        return Money(self.amount_minor, self.currency)


class TermsShape(BaseModel):
    """What all goods of one must come to, what its one delivery costs, and from which sum on that
    is free; null: never. For those opened from then on."""

    minimum: SumShape
    fee: SumShape
    free_from: SumShape | None = None

    @classmethod
    def of(cls, terms: SplitTerms) -> "TermsShape":
        free_from = terms.free_from
        return cls(
            minimum=SumShape.of(terms.minimum),
            fee=SumShape.of(terms.fee),
            free_from=SumShape.of(free_from) if free_from else None,
        )

    def terms(self) -> SplitTerms:
        free_from = self.free_from.money() if self.free_from else None
        return SplitTerms(self.minimum.money(), self.fee.money(), free_from)


class SplitOrderOut(BaseModel):
    """`paid` is what the goods of those `people` cost who have paid, `missing` what it lacks of the
    `minimum`; `paying` are about to. `customer_id` began it: the parcel is theirs. `orders` are the
    parts that are in it. `why` it came to nothing; `said`: what the shop told its customers."""

    id: str
    customer_id: str
    state: SplitState
    paid: MoneyOut
    missing: MoneyOut
    minimum: MoneyOut
    fee: MoneyOut
    free_from: MoneyOut | None
    people: int
    paying: int
    orders: list[str]
    opened_at: datetime
    deadline: datetime
    why: SplitEnd | None
    said: str | None


class Reason(BaseModel):
    """Told to everybody who is in it."""

    reason: str = Field(min_length=1, max_length=LONGEST_WORD)


@router.get("/terms")
def get_terms(client: Known, shop: Shop) -> TermsShape | None:
    """Null: it is not offered."""
    with looking(shop.database, client.merchant_id) as session:
        terms = split_terms_of(session.get_one(Merchant, client.merchant_id))
        return TermsShape.of(terms) if terms else None


@router.put("/terms")
def set_terms(body: TermsShape, client: Known, shop: Shop) -> TermsShape:
    _change(body.terms(), client, shop)
    return body


@router.delete("/terms", status_code=204)
def remove_terms(client: Known, shop: Shop) -> None:
    """Not offered any more; those that are open go on."""
    _change(None, client, shop)


def _change(terms: SplitTerms | None, client: Client, shop: Shop) -> None:
    with changing(shop.database, client.merchant_id) as session:
        change_split_terms(
            session,
            merchant_id=client.merchant_id,
            terms=terms,
            by=client.name,
            now=client.now,
        )


@router.get("")
def list_split_orders(
    client: Known,
    shop: Shop,
    state: Annotated[SplitState | None, Query()] = None,
    after: After = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Listed[SplitOrderOut]:
    with looking(shop.database, client.merchant_id) as session:
        page = reads.list_split_orders(
            session, merchant_id=client.merchant_id, state=state, where=Where(after, limit)
        )
        return listed(page, lambda split: _shown(session, split, client))


@router.get("/{split_id}")
def get_split_order(split_id: str, client: Known, shop: Shop) -> SplitOrderOut:
    with looking(shop.database, client.merchant_id) as session:
        split = split_of(session, merchant_id=client.merchant_id, split_id=split_id)
        return _shown(session, split, client)


@router.post("/{split_id}/cancel")
def cancel_split_order(split_id: str, body: Reason, client: Known, shop: Shop) -> SplitOrderOut:
    """While it is open: everybody's money goes back, once."""
    with changing(shop.database, client.merchant_id) as session:
        cancel_split_by_shop(
            session,
            merchant_id=client.merchant_id,
            split_id=split_id,
            by=client.name,
            said=storable(body.reason),
            now=client.now,
        )
        split = split_of(session, merchant_id=client.merchant_id, split_id=split_id)
        return _shown(session, split, client)


def _shown(session: Session, split: SplitOrder, client: Client) -> SplitOrderOut:
    view = reads.view_split_order(session, split, now=client.now).view
    return SplitOrderOut(
        id=view.id,
        customer_id=view.organiser_id,
        state=view.state,
        paid=MoneyOut.of(view.goods),
        missing=MoneyOut.of(view.missing),
        minimum=MoneyOut.of(view.minimum),
        fee=MoneyOut.of(view.fee),
        free_from=MoneyOut.of(view.free_from) if view.free_from else None,
        people=view.people,
        paying=view.paying,
        orders=[row.order.id for row in reads.parts_in(session, split) if row.is_in],
        opened_at=split.opened_at,
        deadline=view.deadline,
        why=SplitEnd(view.why) if view.why else None,
        said=view.said,
    )
